//! What a front end needs to know before anyone has signed in.

use crate::demo::{self, NamedAccount};
use crate::http::{Answer, NoParameters, Query};
use crate::state::App;
use crate::wire::fields::shown::{FullName, ShownPassword, ShownTimeZone, ShownUsername};
use crate::wire::{PublicProblems, Result};
use actix_web::get;
use entity::setting;
use entity::user::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// An account of the demo that anyone may sign in with
#[derive(Serialize, ToSchema)]
pub struct DemoAccount {
    #[schema(value_type = ShownUsername)]
    username: String,
    role: Role,
    /// First and last name
    #[schema(value_type = FullName)]
    display_name: String,
    /// The well-known password of the account
    #[schema(value_type = ShownPassword)]
    password: String,
}

/// Information about the service
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "version": "0.1.0", "time_zone": "America/Chicago",
    "demo_accounts": [
        {"username": "manager", "role": "manager", "display_name": "Mia Chen", "password": "manager-demo-pass"}
    ]
}))]
pub struct ServiceDetail {
    /// The version of the service, and of its contract
    #[schema(max_length = 64)]
    version: &'static str,
    /// The time zone of the settings, in which days begin and end
    #[schema(value_type = ShownTimeZone)]
    time_zone: String,
    /// The accounts of the demo that can be signed in to with the password that the demo gave them, by username. Empty in
    /// production, and in every database that is not the demo's
    #[schema(max_items = 16)]
    demo_accounts: Vec<DemoAccount>,
}

/// Get information about the service
///
/// What a front end shows before anyone has signed in: the version, the time zone of all civil days, and in a demo database the
/// accounts to try it with. An account of the demo that was deactivated, or whose password was changed, is not listed.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "Information about the service", body = ServiceDetail), PublicProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("the response contains nothing about people or cases, except the well-known demo accounts"))),
)]
#[get("/service")]
pub async fn get_service(app: App, _: Query<NoParameters>) -> Result<Answer<ServiceDetail>> {
    let time_zone = setting::current(app.readers()).await?.time_zone;
    let demo_accounts = if app.shows_demo() { demo_accounts(&app).await? } else { Vec::new() };
    Ok(Answer::plain(ServiceDetail { version: env!("CARGO_PKG_VERSION"), time_zone, demo_accounts }))
}

async fn demo_accounts(app: &App) -> Result<Vec<DemoAccount>> {
    let mut usable = Vec::new();
    for NamedAccount { user, password_hash } in demo::named_accounts(app.readers()).await? {
        let password = demo::password_of(&user.username);
        if app.demo_passwords().matches(app.passwords(), password.clone(), password_hash).await? {
            let display_name = user.full_name();
            usable.push(DemoAccount { username: user.username, role: user.role, display_name, password });
        }
    }
    Ok(usable)
}
