//! Users: one file per verb, as in the service.

mod api_keys;
mod create;
mod deactivate;
mod delete;
mod edit;
mod get;
mod list;
mod password_reset;
mod role;
mod sessions;

use entity::user;

/// The path of an operation on a user; of the user resource if it is empty.
pub fn url(user: &user::Model, operation: &str) -> String {
    if operation.is_empty() { format!("users/{}", user.id) } else { format!("users/{}/{operation}", user.id) }
}
