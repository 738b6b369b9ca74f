//! HTTP operations on members' credits: the allowance per quarter, and the reset for all active members.

mod get;
mod list;
mod reset;
mod set;
mod target;
mod view;

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(list::list_credit_allowances)
        .service(get::get_credit_allowance)
        .service(set::set_credit_allowance)
        .service(reset::reset_credits);
}
