//! HTTP operations on members' credits: the allowance per quarter, and the reset for all active members.

mod get;
mod list;
mod reset;
mod set;
mod target;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_credit_allowances)
        .service(get::get_credit_allowance)
        .service(set::set_credit_allowance)
        .service(reset::reset_credits);
}
