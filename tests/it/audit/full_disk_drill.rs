//! A drill: the disk is filled repeatedly under load, and nothing that was acknowledged is lost.
//!
//! `cargo test --workspace --test it -- --ignored --nocapture drill_full_disk` runs it on both databases; `CASETRAIL_TEST_SEED`
//! and `CASETRAIL_TEST_ROUNDS` repeat or prolong it. With `--features tests/sabotage` the pool of writers is deliberately broken,
//! and the drill on SQLite must fail.

use crate::app::{Process, Server, Settings, TestApp, Volume};
use entity::clock::Clock;
use entity::{audit_entry, case};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

const CALLERS: usize = 8;
/// How soon the same process must accept writes again once there is space.
const RECOVERY_MAX: Duration = Duration::from_secs(10);

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The responses that callers received.
#[derive(Default)]
struct Oracle {
    /// Ids of cases whose creation was acknowledged.
    created: Mutex<Vec<String>>,
    answers: Mutex<BTreeMap<u16, usize>>,
    over: AtomicBool,
}

impl Oracle {
    /// Creates cases, makes requests that must be refused, and reads back, as fast as responses arrive.
    async fn call(&self, process: &Process, token: &str) {
        while !self.over.load(Ordering::Relaxed) {
            let body = json!({"employee_first_name": "Ada", "employee_last_name": "Byron"});
            let created = ask(process, Method::POST, "cases", token, Some(body)).await;
            self.count(created.as_ref()).await;
            let Some((201, created)) = created else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let id = created["id"].as_str().expect("an id").to_owned();
            self.created.lock().await.push(id.clone());
            // Refused after a read inside of a transaction, which is how a broken connection was detected.
            let refused = ask(process, Method::POST, &format!("cases/{id}/resubmit"), token, Some(json!({}))).await;
            self.count(refused.as_ref()).await;
            let read = ask(process, Method::GET, &format!("cases/{id}"), token, None).await;
            assert!(!matches!(read, Some((404, _))), "case {id} was acknowledged and is not there");
        }
    }

    async fn count(&self, answer: Option<&(u16, Json)>) {
        *self.answers.lock().await.entry(answer.map_or(0, |(status, _)| *status)).or_default() += 1;
    }
}

async fn ask(process: &Process, method: Method, path: &str, token: &str, body: Option<Json>) -> Option<(u16, Json)> {
    let mut request = process.request(method, path).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.ok()?;
    Some((answer.status().as_u16(), answer.json().await.unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a drill of some minutes, run by its own command"]
async fn drill_full_disk_on_sqlite() {
    let Some(volume) = Volume::mount(24) else { return };
    let app = TestApp::start_on(&volume, 0).await;
    drill(&app, &volume, || true).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a drill of some minutes, run by its own command"]
async fn drill_full_disk_on_postgresql() {
    let Some(volume) = Volume::mount(224) else { return };
    let Some(server) = Server::start(&volume) else { return };
    let app = TestApp::start_at(&server.url(), Settings { clock: Clock::system(), ..Settings::default() }).await;
    drill(&app, &volume, || server.ensure_running()).await;
    app.finish().await;
}

/// `up` restarts the database if a full disk stopped it.
async fn drill(app: &TestApp, volume: &Volume, up: impl Fn() -> bool) {
    let (seed, rounds) = (number("CASETRAIL_TEST_SEED", rand::random()), number("CASETRAIL_TEST_ROUNDS", 12));
    println!("seed {seed}, {rounds} rounds");
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let token = app.as_member().await.token().to_owned();
    let mut process = Process::start(app).await;
    let oracle = Oracle::default();
    let mut slowest = Duration::ZERO;
    let filling = async {
        for round in 0..rounds {
            tokio::time::sleep(Duration::from_millis(dice.random_range(200..1_000))).await;
            volume.fill();
            tokio::time::sleep(Duration::from_millis(dice.random_range(200..1_500))).await;
            volume.free();
            let (freed_at, acknowledged) = (Instant::now(), oracle.created.lock().await.len());
            assert!(up(), "the database comes back");
            while oracle.created.lock().await.len() == acknowledged {
                assert!(freed_at.elapsed() < RECOVERY_MAX, "round {round}: there is room again, and nothing is taken");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            slowest = slowest.max(freed_at.elapsed());
        }
        oracle.over.store(true, Ordering::Relaxed);
    };
    let calling = futures_util::future::join_all((0..CALLERS).map(|_| oracle.call(&process, &token)));
    tokio::join!(filling, calling);
    assert!(process.is_running(), "it is the same process");
    // Only committed changes survive this.
    process.kill();
    let created = oracle.created.into_inner();
    let cases: HashSet<String> =
        case::Entity::find().all(&app.outside).await.unwrap().iter().map(|row| row.id.to_string()).collect();
    let entries = audit_entry::Entity::find().all(&app.outside).await.unwrap();
    let told: HashSet<&str> =
        entries.iter().filter(|entry| entry.action_type == "case_created").map(|entry| entry.object_id.as_str()).collect();
    let lost = created.iter().filter(|id| !cases.contains(*id)).count();
    let untold = cases.iter().filter(|id| !told.contains(id.as_str())).count();
    println!(
        "{} acknowledged, {lost} lost, {untold} without an entry; answers {:?}; room again to first write {slowest:?}",
        created.len(),
        oracle.answers.into_inner(),
    );
    assert_eq!((lost, untold), (0, 0));
}
