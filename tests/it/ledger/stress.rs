//! Many writers and two sealers at the same time, and sealers that are killed.

use super::{a_run, ids, ids_of, sealed};
use crate::app::copies::literal;
use crate::app::{Kind, TestApp};
use entity::ledger;
use futures_util::future::join_all;
use futures_util::join;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

const WRITERS: usize = 32;

/// For how many seconds they write: 2.5, or what `CASETRAIL_STRESS_SECONDS` says.
fn lasts() -> Duration {
    let seconds = std::env::var("CASETRAIL_STRESS_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(2.5))
}

async fn pause(ms_max: u64) {
    sleep(Duration::from_millis(rand::random_range(0..=ms_max))).await;
}

/// Writes one to three entries in a transaction, again and again, and rolls every fourth transaction back. Returns the committed
/// entries in the order in which they were committed.
async fn write(app: &TestApp, until: Instant) -> Vec<Uuid> {
    let (mut committed, mut turn) = (Vec::new(), 0);
    while Instant::now() < until {
        let tx = app.write().await;
        let written = tx.record_many(vec![a_run(); turn % 3 + 1]).await.unwrap();
        if app.kind == Kind::Postgres {
            // Others commit meanwhile what has a larger id.
            pause(20).await;
        }
        if turn % 4 == 3 {
            drop(tx);
        } else {
            tx.commit().await.unwrap();
            committed.extend(written);
        }
        turn += 1;
        pause(20).await;
    }
    committed
}

/// Seals batch after batch, and returns the number of entries.
async fn seal(app: &TestApp, until: Instant) -> u64 {
    let mut entries = 0;
    while Instant::now() < until {
        entries += ledger::seal(app.app.db(), usize::MAX).await.unwrap().entries;
        sleep(Duration::from_millis(5)).await;
    }
    entries
}

/// The same, by a sealer that may be killed at any point, as often as it is; how many entries it knows to have sealed.
async fn seal_and_be_killed(app: &TestApp, until: Instant) -> u64 {
    let mut entries = 0;
    while Instant::now() < until {
        let lives = Duration::from_micros(rand::random_range(100..8_000));
        if let Ok(Ok(batch)) = timeout(lives, ledger::seal(app.app.db(), 50)).await {
            entries += batch.entries;
        }
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
        sleep(Duration::from_millis(20)).await;
    }
    followed
}

/// Control: reads what has a larger id than the last one, as those did who followed the log before it was sealed.
async fn follow_by_id(app: &TestApp, until: Instant) -> Vec<Uuid> {
    let mut followed: Vec<Uuid> = Vec::new();
    while Instant::now() < until {
        let last = literal(app.kind, &followed.last().copied().unwrap_or_default().to_string());
        followed.extend(ids_of(&app.outside, &format!("SELECT id FROM audit_entries WHERE id > {last} ORDER BY id")).await);
        sleep(Duration::from_millis(20)).await;
    }
    followed
}

on_each_database! {
    async fn entries_of_many_writers_are_each_sealed_once_by_two_sealers(app) {
        let until = Instant::now() + lasts();
        let writers = join_all((0..WRITERS).map(|_| write(app, until)));
        let sealers = async { join!(seal(app, until), seal(app, until), seal_and_be_killed(app, until)) };
        let followers = async { join!(follow(app, until), follow_by_id(app, until)) };
        let (written, (one, other, killed), (followed, by_id)) = join!(writers, sealers, followers);
        let meanwhile = one + other + killed;
        let rest = app.seal().await;

        let (all, sequence) = (ids(app).await, sealed(app).await);
        assert!(written.iter().all(|entries| !entries.is_empty()) && meanwhile > 0, "{meanwhile} were sealed meanwhile");
        assert_eq!(written.iter().map(Vec::len).sum::<usize>(), all.len(), "what was rolled back is not there");
        let progress = ledger::progress(&app.outside).await.unwrap();
        let last = i64::try_from(all.len()).unwrap();
        assert_eq!((progress.pending, progress.last_sequence), (0, last), "one leaf for each entry, without gaps");
        // What was committed by one that was killed before it knew is counted by none.
        assert!(meanwhile + rest <= u64::try_from(all.len()).unwrap());
        assert_eq!(followed[..], sequence[..followed.len()], "no entry is put before one that was read");
        if app.kind == Kind::Postgres {
            let last = by_id.last().expect("an entry");
            assert!(by_id.len() < all.iter().filter(|id| *id <= last).count(), "who follows the ids misses some");
        }
        let places: HashMap<Uuid, usize> = sequence.iter().copied().zip(0..).collect();
        assert!(all.iter().all(|id| places.contains_key(id)), "each entry has a leaf");
        for entries in &written {
            assert!(entries.is_sorted_by_key(|id| places[id]), "what was committed later is sealed later");
        }
    }
}
