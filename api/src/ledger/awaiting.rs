//! Waits for entries to be sealed: a request that waits takes no place among those being processed, and no connection.

use crate::http::request::work::Work;
use crate::state::App;
use crate::wire::Result;
use entity::ledger::feed::{self, FeedPage};
use std::future::pending;
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

/// How often the database is read while a request waits: another replica may have sealed.
const READ_EVERY: Duration = Duration::from_secs(1);

/// The sealed entries after a sequence, at most `limit` and 1 MiB. If there is none, waits for one, until the time is over or the
/// service stops.
pub async fn entries(app: &App, work: Option<&Work>, after: i64, limit: u64, wait: Duration) -> Result<FeedPage> {
    let until = Instant::now() + wait;
    let mut sealed = app.last_sequence();
    let found = loop {
        // Before the database is read, or what is sealed in between would be noticed late.
        sealed.mark_unchanged();
        let found = feed::after(app.readers(), after, limit).await?;
        if !found.entries.is_empty() || Instant::now() >= until || app.stopping().is_cancelled() {
            break found;
        }
        if let Some(work) = work {
            work.rest();
        }
        tokio::select! {
            () = sleep_until(until.min(Instant::now() + READ_EVERY)) => {}
            () = sealed_beyond(&mut sealed, after) => {}
            () = app.stopping().cancelled() => {}
        }
    };
    if let Some(work) = work {
        work.resume()?;
    }
    Ok(found)
}

/// Until this process seals another entry after a sequence.
async fn sealed_beyond(sealed: &mut Receiver<i64>, after: i64) {
    while sealed.changed().await.is_ok() {
        if *sealed.borrow_and_update() > after {
            return;
        }
    }
    // The sealer has ended.
    pending().await
}
