//! The ledger: the sequence of committed entries.

mod feed;
mod history;
mod nets;
mod sealing;
mod stress;

use crate::app::TestApp;
use entity::audit::Event;
use entity::job::JobRun;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use uuid::Uuid;

const ALL: &str = "SELECT id FROM audit_entries ORDER BY id";

/// What an entry that means little says.
fn a_run() -> Event {
    Event::cron_job_executed("check_expired_holds", &JobRun::scheduled(0, 0, None, 1))
}

/// The ids that a query returns in its column `id`.
async fn ids_of(db: &DatabaseConnection, sql: &str) -> Vec<Uuid> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "id").unwrap()).collect()
}

/// The sealed entries in the order of their sequences.
async fn sealed(app: &TestApp) -> Vec<Uuid> {
    ids_of(&app.outside, "SELECT entry_id AS id FROM ledger_leaves ORDER BY sequence").await
}

/// All entries in the order of their ids.
async fn ids(app: &TestApp) -> Vec<Uuid> {
    ids_of(&app.outside, ALL).await
}

async fn write_entries(app: &TestApp, count: usize) {
    let tx = app.write().await;
    for _ in 0..count {
        tx.record(a_run()).await.unwrap();
    }
    tx.commit().await.unwrap();
}
