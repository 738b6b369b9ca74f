//! Whether the service can do its work: found out at most once a second, however often it is asked.

use crate::state::App;
use crate::storage::DATABASE;
use entity::audit::AuditTx;
use migration::{Standing, standing};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long what was found out holds.
const HOLDS: Duration = Duration::from_secs(1);
/// With less free space on the volume of an SQLite file, a write may find none: it needs a few pages of the file and of its WAL.
const ROOM_MIN: u64 = 64 << 10;

/// What was found out last. Requests that come while it is being found out wait for the same answer.
#[derive(Default)]
pub struct Readiness {
    last: Mutex<Option<Finding>>,
}

struct Finding {
    begun_at: Instant,
    /// Or why the service can't do its work, for the log.
    outcome: Result<(), String>,
}

/// Whether it can. The check goes on to its end even if the client that asked is gone.
pub async fn is_ready(app: &App) -> bool {
    let app = app.clone();
    let check = tokio::spawn(async move {
        let mut last = app.readiness().last.lock().await;
        if let Some(finding) = last.as_ref().filter(|finding| finding.begun_at.elapsed() < HOLDS) {
            return finding.outcome.is_ok();
        }
        let begun_at = Instant::now();
        let patience = app.db().patience();
        let outcome = timeout(patience, find_out(&app)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(format!("the database did not answer within {} ms", patience.as_millis())));
        if let Err(cause) = &outcome {
            tracing::warn!(%cause, "readiness check failed");
        }
        let is_ready = outcome.is_ok();
        *last = Some(Finding { begun_at, outcome });
        is_ready
    });
    check.await.unwrap_or(false)
}

async fn find_out(app: &App) -> Result<(), String> {
    if let Some((_, free)) = app.space().free().find(|(volume, free)| *volume == DATABASE && *free < ROOM_MIN) {
        return Err(format!("the volume of the database has {free} bytes left"));
    }
    match standing(app.readers()).await.map_err(|error| error.to_string())? {
        Standing::Current | Standing::Newer => AuditTx::probe(app.db()).await.map_err(|error| error.to_string()),
        Standing::Behind(missing) => Err(format!("the schema lacks {missing} migrations of this version")),
        Standing::TooNew(migration) => {
            Err(format!("the schema is a newer version's, which this one cannot use (since {migration})"))
        }
    }
}
