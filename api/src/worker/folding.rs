//! Reports in the audit log how many attempts and readings were only counted, once the time of their counter is over.

use crate::state::App;
use entity::attempt;
use entity::audit::{AuditTx, Context};
use entity::cause::with_sources;
use sea_orm::DbErr;
use std::time::Duration;

const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// Runs until the process ends. What it doesn't report is reported by another replica, or after the next start.
pub async fn run(app: App) {
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        match report_folded(&app).await {
            Ok(0) => {}
            Ok(deleted) => tracing::debug!(deleted, "deleted counters of attempts and readings"),
            Err(error) => tracing::warn!(cause = with_sources(&error), "attempts that were only counted could not be reported"),
        }
    }
}

/// Writes the entries and deletes the counters whose time is over; returns the number of counters. An entry and the deletion of
/// its counter are one transaction, so that each number is reported once.
pub async fn report_folded(app: &App) -> Result<u64, DbErr> {
    let mut deleted = 0;
    while attempt::is_any_over(app.readers(), app.now()).await? {
        let context = Context::job(app.new_id());
        let tx = AuditTx::begin(app.db(), context.clone()).await?;
        let some = attempt::report_counted(&tx, &context).await?;
        tx.commit().await?;
        deleted += some;
        if some < attempt::REPORTED_AT_ONCE {
            break;
        }
    }
    Ok(deleted)
}
