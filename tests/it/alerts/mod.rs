//! Alerts: who is notified of what, and what recipients do with alerts.

mod dismiss;
mod list;
mod notifications;

use crate::app::{Client, TestApp};
use entity::user;
use serde_json::Value as Json;

/// A caller's alerts, newest first.
pub async fn alerts(by: &Client<'_>) -> Vec<Json> {
    by.get("alerts").await.expect(200)["data"].as_array().unwrap().clone()
}

/// The kinds of a user's alerts, newest first.
pub async fn kinds(app: &TestApp, user: &user::Model) -> Vec<String> {
    alerts(&app.as_user(user).await).await.iter().map(|alert| alert["kind"].as_str().unwrap().to_owned()).collect()
}
