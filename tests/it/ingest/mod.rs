//! Reports of external systems: recorded completely or not at all, with the caller as actor, and nothing else changes.

mod credit_resets;
mod cron_runs;
mod others;

use crate::app::{Client, TestApp};
use entity::user::Role;

/// A service account with the scope `ingest`, authenticated with its API key.
pub async fn warehouse(app: &TestApp) -> Client<'_> {
    let body = serde_json::json!({
        "username": "warehouse", "email": "warehouse@example.org", "first_name": "Data", "last_name": "Warehouse",
        "role": "service", "scopes": ["ingest"],
    });
    let user = app.as_admin().await.post("users", body).await.expect(201);
    app.with_token(user["api_key"].as_str().expect("a key"))
}

pub async fn member(app: &TestApp, number: usize) -> String {
    app.user(&format!("member{number}"), Role::Member, None).await.id.to_string()
}
