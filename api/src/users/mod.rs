//! People over HTTP, a file per verb.

mod create;
mod deactivate;
mod delete;
mod edit;
mod get;
mod list;
mod new_user;
mod password_reset;
mod reactivate;
mod role;
mod target;
mod view;

pub use list::UserSort;
pub use new_user::NewUser;
pub use view::{UserDetail, UserSummary};

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_users)
        .service(create::create_user)
        .service(get::get_user)
        .service(edit::edit_user)
        .service(delete::delete_user)
        .service(role::change_user_role)
        .service(deactivate::deactivate_user)
        .service(reactivate::reactivate_user)
        .service(password_reset::reset_user_password);
}
