//! Login and logout, and the caller's own account, one file per verb.

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

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(login::login)
        .service(refresh::refresh_session)
        .service(logout::logout)
        .service(me::get_own_account)
        .service(edit_me::edit_own_account)
        .service(password::change_own_password);
}

/// The routes at the root, where clients that verify tokens look for them.
pub fn configure_root(routes: &mut impl Routes) {
    routes.service(jwks::get_signing_keys);
}
