//! The jobs: what each does, when it runs, and what a run leaves behind.

mod health;
mod holds;
mod mail_servers;
mod mails;
mod releases;
mod replicas;
mod rollups;
pub mod run;
mod schedule;

use crate::app::TestApp;
use serde_json::json;

/// Places a case on hold, of which its member is notified by email.
async fn hold(app: &TestApp) {
    let case = app.a_case().accepted().create().await;
    app.as_manager().await.post(&case.url("hold"), json!({"reason": "waiting for pay stub"})).await.expect(200);
}
