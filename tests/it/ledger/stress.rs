//! Many writers and two sealers at the same time.

use super::{a_run, ids, ids_of, sealed};
use crate::app::TestApp;
use entity::ledger;
use futures_util::future::join_all;
use futures_util::join;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use uuid::Uuid;

const LASTS: Duration = Duration::from_millis(2_500);
const WRITERS: usize = 8;

/// Writes one to three entries in a transaction, again and again, and rolls every fourth transaction back. Returns the committed
/// entries in the order in which they were committed.
async fn write(app: &TestApp, until: Instant) -> Vec<Uuid> {
    let (mut committed, mut turn) = (Vec::new(), 0);
    while Instant::now() < until {
        let tx = app.write().await;
        let written = tx.record_many(vec![a_run(); turn % 3 + 1]).await.unwrap();
        if turn % 4 == 3 {
            drop(tx);
        } else {
            tx.commit().await.unwrap();
            committed.extend(written);
        }
        turn += 1;
    }
    committed
}

/// Seals batch after batch, and returns the number of entries.
async fn seal(app: &TestApp, until: Instant) -> u64 {
    let mut entries = 0;
    while Instant::now() < until {
        entries += ledger::seal(app.app.db(), usize::MAX).await.unwrap().entries;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    entries
}

/// Reads what was sealed since the last time, as those do who follow the log, and returns all of it.
async fn follow(app: &TestApp, until: Instant) -> Vec<Uuid> {
    let mut followed = Vec::new();
    while Instant::now() < until {
        let after = followed.len();
        let sql = format!("SELECT entry_id AS id FROM ledger_leaves WHERE sequence > {after} ORDER BY sequence");
        followed.extend(ids_of(&app.outside, &sql).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    followed
}

on_each_database! {
    async fn entries_of_many_writers_are_each_sealed_once_by_two_sealers(app) {
        let until = Instant::now() + LASTS;
        let writers = join_all((0..WRITERS).map(|_| write(app, until)));
        let (written, one, other, followed) = join!(writers, seal(app, until), seal(app, until), follow(app, until));
        let meanwhile = one + other;
        let rest = app.seal().await;

        let (all, sequence) = (ids(app).await, sealed(app).await);
        assert!(written.iter().all(|entries| !entries.is_empty()) && meanwhile > 0, "{meanwhile} were sealed meanwhile");
        assert_eq!(written.iter().map(Vec::len).sum::<usize>(), all.len(), "what was rolled back is not there");
        let progress = ledger::progress(&app.outside).await.unwrap();
        let last = i64::try_from(all.len()).unwrap();
        assert_eq!((progress.pending, progress.last_sequence), (0, last), "one leaf for each entry, without gaps");
        assert_eq!(meanwhile + rest, u64::try_from(all.len()).unwrap());
        assert_eq!(followed[..], sequence[..followed.len()], "no entry is put before one that was read");
        let places: HashMap<Uuid, usize> = sequence.iter().copied().zip(0..).collect();
        assert!(all.iter().all(|id| places.contains_key(id)), "each entry has a leaf");
        for entries in &written {
            assert!(entries.is_sorted_by_key(|id| places[id]), "what was committed later is sealed later");
        }
    }
}
