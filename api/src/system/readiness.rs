//! Whether the service is ready: checked at most once a second, however often it is requested.

use crate::state::App;
use crate::storage::DATABASE;
use entity::audit::AuditTx;
use entity::cause::with_sources;
use entity::ledger::{self, Progress};
use migration::{Standing, standing};
use std::time::Duration;
use tokio::time::timeout;

/// With less free space on the volume of an SQLite file, a write may fail: it needs a few pages of the file and of its WAL.
const ROOM_MIN: u64 = 64 << 10;

/// The progress of the sealer decides nothing, so it may not delay the result either.
const PROGRESS_WITHIN: Duration = Duration::from_millis(200);

/// `None` if it is not ready, otherwise how far the sealer has come, if that could be read. The check runs to its end even if the
/// client has disconnected.
pub async fn check(app: &App) -> Option<Option<Progress>> {
    let app = app.clone();
    let check = tokio::spawn(async move { app.readiness().find(examine(&app)).await });
    check.await.ok().and_then(Result::ok)
}

async fn examine(app: &App) -> Result<Option<Progress>, String> {
    let patience = app.db().patience();
    let outcome = timeout(patience, find_out(app)).await;
    let outcome = outcome.unwrap_or_else(|_| Err(format!("the database did not respond within {} ms", patience.as_millis())));
    outcome.inspect_err(|cause| tracing::warn!(%cause, "readiness check failed"))?;
    let progress = timeout(PROGRESS_WITHIN, ledger::progress(app.readers())).await;
    Ok(progress.ok().and_then(Result::ok))
}

async fn find_out(app: &App) -> Result<(), String> {
    if let Some((_, free)) = app.space().free().find(|(volume, free)| *volume == DATABASE && *free < ROOM_MIN) {
        return Err(format!("the volume of the database has {free} bytes left"));
    }
    match standing(app.readers()).await.map_err(|error| with_sources(&error))? {
        Standing::Current | Standing::Newer => AuditTx::probe(app.db()).await.map_err(|error| with_sources(&error)),
        Standing::Behind(missing) => Err(format!("the schema lacks {missing} migrations of this version")),
        Standing::TooNew(migration) => {
            Err(format!("the schema belongs to a newer version and this one cannot use it (since {migration})"))
        }
    }
}
