//! Whether the service is ready: checked at most once a second, however often it is requested.

use crate::state::App;
use crate::storage::DATABASE;
use entity::audit::AuditTx;
use migration::{Standing, standing};
use tokio::time::timeout;

/// With less free space on the volume of an SQLite file, a write may fail: it needs a few pages of the file and of its WAL.
const ROOM_MIN: u64 = 64 << 10;

/// Whether it is ready. The check runs to its end even if the client has disconnected.
pub async fn is_ready(app: &App) -> bool {
    let app = app.clone();
    let check = tokio::spawn(async move {
        let checked = app.readiness().find(async {
            let patience = app.db().patience();
            let outcome = timeout(patience, find_out(&app)).await;
            let outcome =
                outcome.unwrap_or_else(|_| Err(format!("the database did not respond within {} ms", patience.as_millis())));
            outcome.inspect_err(|cause| tracing::warn!(%cause, "readiness check failed"))
        });
        checked.await.is_ok()
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
            Err(format!("the schema belongs to a newer version and this one cannot use it (since {migration})"))
        }
    }
}
