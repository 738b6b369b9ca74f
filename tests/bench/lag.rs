//! How long entries wait to be sealed while 300 edits a second are made, as a consumer of the feed sees it, and how long the
//! edits take meanwhile, compared with times in which nothing is sealed.

use crate::app::Kind;
use crate::measure::Samples;
use crate::paths::{self, RequestNumber};
use crate::place::{By, Place};
use crate::wire::{Connection, Request};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::Value as Json;
use std::cell::Cell;
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

const PER_SECOND: u64 = 300;
const WRITERS: u64 = 16;
/// What a sealer holds on PostgreSQL while it works.
const SEALERS_LOCK: i64 = i64::from_be_bytes(*b"casetrle");

/// The 99th percentile in milliseconds of what entries wait and of what edits take, and of edits while nothing is sealed.
/// Which of the two comes first changes from round to round.
pub async fn rates(place: &Place, round: usize, time: Duration, samples: &mut Samples) {
    let is_sealed_first = round.is_multiple_of(2);
    if !is_sealed_first {
        unsealed(place, time, samples).await;
    }
    sealed(place, time, samples).await;
    if is_sealed_first {
        unsealed(place, time, samples).await;
    }
}

/// On PostgreSQL alone: nothing else keeps the sealer from working.
async fn unsealed(place: &Place, time: Duration, samples: &mut Samples) {
    if place.app.kind != Kind::Postgres {
        return;
    }
    let other = crate::controls::connect(place).await;
    let hold = format!("BEGIN; SELECT pg_advisory_xact_lock({SEALERS_LOCK})");
    other.batch_execute(&hold).await.expect("the lock of the sealer");
    samples.add("writers unsealed", percentile(edits(place, time).await));
    other.batch_execute("COMMIT").await.expect("a commit");
    place.until_sealed().await;
}

async fn sealed(place: &Place, time: Duration, samples: &mut Samples) {
    let is_over = Cell::new(false);
    let written = async {
        let taken = edits(place, time).await;
        is_over.set(true);
        taken
    };
    let (taken, waited) = futures_util::join!(written, waits(place, &is_over));
    samples.add("writers sealed", percentile(taken));
    samples.add("lag", percentile(waited));
    place.until_sealed().await;
}

/// What each edit takes from the instant at which it is due, in milliseconds: one that waits for those before it counts as late.
async fn edits(place: &Place, time: Duration) -> Vec<f64> {
    let (path, headers) = (paths::edits(), place.headers(By::Manager).await);
    let (began, all) = (Instant::now() + Duration::from_millis(100), PER_SECOND * time.as_millis() as u64 / 1_000);
    let writers = (0..WRITERS).map(async |worker| {
        let mut connection = Connection::open(place.process.address(), headers.clone()).await;
        let mut taken = Vec::new();
        for (number, due) in (worker..all).step_by(WRITERS as usize).enumerate() {
            let due = began + Duration::from_secs(due) / PER_SECOND as u32;
            sleep_until(due.into()).await;
            let request = (path.request)(place, RequestNumber { worker, workers: WRITERS, number: number as u64 });
            let response = connection.send(&request).await;
            path.assert_accepted(&request, response.status, &response.body);
            taken.push(due.elapsed().as_secs_f64() * 1_000.0);
        }
        taken
    });
    join_all(writers).await.concat()
}

/// The time from each entry to its arrival at a consumer that waits for it, in milliseconds: until none has come for five seconds
/// after the last edit.
async fn waits(place: &Place, is_over: &Cell<bool>) -> Vec<f64> {
    let mut connection = Connection::open(place.process.address(), place.headers(By::Administrator).await).await;
    let mut after = last_sequence(place).await;
    let mut waited = Vec::new();
    loop {
        let was_over = is_over.get();
        let request = Request::get(format!("/api/v1/ledger/entries?after={after}&limit=1000&wait_seconds=5"));
        let response = connection.send(&request).await;
        let (now, list): (DateTime<Utc>, Json) = (Utc::now(), serde_json::from_slice(&response.body).expect("JSON"));
        assert_eq!(response.status, 200, "{list}");
        after = list["last_sequence"].as_i64().expect("a number");
        waited.extend(list["items"].as_array().expect("items").iter().map(|item| {
            let occurred_at = item["entry"]["occurred_at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
            (now - occurred_at.expect("an instant")).num_milliseconds() as f64
        }));
        if was_over && list["has_more"] == false && list["items"].as_array().is_some_and(Vec::is_empty) {
            return waited;
        }
    }
}

async fn last_sequence(place: &Place) -> i64 {
    entity::ledger::progress(&place.app.outside).await.expect("the ledger").last_sequence
}

/// The 99th percentile.
fn percentile(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() * 99 / 100).copied().expect("figures")
}
