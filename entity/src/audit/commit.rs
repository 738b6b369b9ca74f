//! Finds out what became of a COMMIT whose reply was lost with its connection.
//!
//! The error alone does not show it: the server may never have received the COMMIT, may be processing it, or may have completed
//! it. So another connection queries for what the transaction would have left behind.

use crate::db::Readers;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Time between two queries.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether some work has begun to commit. From then on it must not be abandoned: no one could know what was changed.
#[derive(Clone, Debug, Default)]
pub struct CommitWatch(Arc<AtomicBool>);

tokio::task_local! {
    static WATCH: CommitWatch;
}

impl CommitWatch {
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        WATCH.scope(self, work).await
    }

    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// A COMMIT is about to be sent.
    pub(super) fn begin() {
        // There may be no watcher.
        let _ = WATCH.try_with(|watch| watch.0.store(true, Ordering::Relaxed));
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Committed,
    RolledBack,
    Unknown,
}

/// What a transaction can be recognised by afterwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Traces {
    /// Whether it sent any write.
    pub wrote: bool,
    /// One of its entries.
    pub entry: Option<WrittenEntry>,
}

/// An entry, and PostgreSQL's id of the transaction that wrote it.
#[derive(Clone, Debug)]
pub(super) struct WrittenEntry {
    pub id: Uuid,
    pub txid: Option<String>,
}

/// Queries until the result is known or time is up. A transaction that wrote nothing counts as committed.
pub(super) async fn fate(readers: &Readers, traces: &Traces, patience: Duration) -> Fate {
    let Some(entry) = &traces.entry else {
        return if traces.wrote { Fate::Unknown } else { Fate::Committed };
    };
    let asking = async {
        loop {
            // An error here means that the database isn't back yet.
            if let Ok(Some(fate)) = find_fate(readers, entry).await {
                return fate;
            }
            sleep(PAUSE).await;
        }
    };
    timeout(patience, asking).await.unwrap_or(Fate::Unknown)
}

/// `None` while the server is still processing the transaction.
async fn find_fate(readers: &Readers, entry: &WrittenEntry) -> Result<Option<Fate>, DbErr> {
    let backend = readers.backend();
    let question = match (backend, &entry.txid) {
        // A missing entry proves nothing while its transaction is in progress.
        (DbBackend::Postgres, Some(txid)) => Statement::from_sql_and_values(
            backend,
            "SELECT EXISTS (SELECT 1 FROM audit_entries WHERE id = $1) AS is_there,
               pg_xact_status(CAST($2 AS text)::xid8) = 'aborted' AS is_undone",
            [entry.id.into(), txid.as_str().into()],
        ),
        // SQLite's writer ends with its connection: an entry that isn't there will not appear later.
        _ => Statement::from_sql_and_values(
            backend,
            "SELECT EXISTS (SELECT 1 FROM audit_entries WHERE id = $1) AS is_there, TRUE AS is_undone",
            [entry.id.into()],
        ),
    };
    let Some(answer) = readers.query_one_raw(question).await? else { return Ok(None) };
    let is_undone = answer.try_get::<Option<bool>>("", "is_undone")?.unwrap_or(false);
    Ok(match (answer.try_get("", "is_there")?, is_undone) {
        (true, _) => Some(Fate::Committed),
        (false, true) => Some(Fate::RolledBack),
        (false, false) => None,
    })
}
