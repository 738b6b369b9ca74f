//! Signing in and out, and one's own account, a file per verb.

mod account;
mod edit_me;
mod jwks;
mod login;
mod logout;
mod me;
mod password;
mod permission;
mod refresh;
mod refresh_token;
mod token_pair;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(login::login)
        .service(refresh::refresh_session)
        .service(logout::logout)
        .service(me::get_own_account)
        .service(edit_me::edit_own_account)
        .service(password::change_own_password);
}

/// What stands at the root, where those who verify tokens look for it.
pub fn configure_root(config: &mut ServiceConfig<'_>) {
    config.service(jwks::get_signing_keys);
}
