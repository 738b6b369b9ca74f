//! User accounts over HTTP, one file per verb.

mod create;
mod create_key;
mod deactivate;
mod delete;
mod edit;
mod end_session;
mod end_sessions;
mod get;
mod key_view;
mod list;
mod list_keys;
mod list_sessions;
mod new_user;
mod password_reset;
mod reactivate;
mod revoke_key;
mod role;
mod session_view;
mod target;
mod view;

pub use list::UserSort;
pub use new_user::NewUser;
pub use view::UserSummary;

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(list::list_users)
        .service(create::create_user)
        .service(get::get_user)
        .service(edit::edit_user)
        .service(delete::delete_user)
        .service(role::change_user_role)
        .service(deactivate::deactivate_user)
        .service(reactivate::reactivate_user)
        .service(password_reset::reset_user_password)
        .service(list_keys::list_user_api_keys)
        .service(create_key::create_user_api_key)
        .service(revoke_key::revoke_user_api_key)
        .service(list_sessions::list_user_sessions)
        .service(end_sessions::end_user_sessions)
        .service(end_session::end_user_session);
}
