//! A disk that is full again and again under load: whatever was acknowledged stays, and the same process works again by itself.

use crate::Plan;
use crate::app::{Kind, Server, Settings, TestApp, Volume};
use crate::oracle::Oracle;
use entity::clock::Clock;
use futures_util::future::{join, join_all};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::Cell;
use std::time::{Duration, Instant};

const WRITERS: usize = 8;
/// How soon a write has to succeed once there is room.
const RECOVERY: Duration = Duration::from_secs(10);
/// In MiB: more than all rounds write.
const SQLITE_SIZE: u32 = 768;
const POSTGRES_SIZE: u32 = 1_536;

pub async fn on(kind: Kind, plan: Plan) {
    match kind {
        Kind::Sqlite => on_sqlite(plan).await,
        Kind::Postgres => on_postgres(plan).await,
    }
}

async fn on_sqlite(plan: Plan) {
    let volume = Volume::mount(SQLITE_SIZE).expect("a user who may mount a tmpfs");
    let app = TestApp::start_on(&volume, 0).await;
    fill_again_and_again(&app, &volume, plan, || true).await;
    app.finish().await;
}

async fn on_postgres(plan: Plan) {
    let volume = Volume::mount(POSTGRES_SIZE).expect("a user who may mount a tmpfs");
    let server = Server::start(&volume).expect("PostgreSQL is installed");
    let app = TestApp::start_at(&server.url(), Settings { clock: Clock::system(), ..Settings::default() }).await;
    fill_again_and_again(&app, &volume, plan, || server.ensure_running()).await;
    app.finish().await;
}

/// `bring_back` starts the database again where a full disk stopped it.
async fn fill_again_and_again(app: &TestApp, volume: &Volume, plan: Plan, bring_back: impl Fn() -> bool) {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let oracle = Oracle::default();
    let by = app.as_member().await;
    let fault = if app.kind == Kind::Sqlite { "open-savepoints" } else { "early-acknowledgement" };
    let mut process = plan.start_with_fault(app, fault).await;
    let rounds = plan.rounds(50, 3);
    let (mut slowest, mut full) = (Duration::ZERO, 0);
    let is_over = Cell::new(false);
    let writers = join_all((0..WRITERS).map(|_| oracle.write(&process, by.token(), || is_over.get())));
    let filling = async {
        for _ in 0..rounds {
            oracle.created(rng.random_range(4..40)).await;
            let refused = oracle.answered(503);
            volume.fill();
            tokio::time::sleep(Duration::from_millis(rng.random_range(200..1_000))).await;
            full += usize::from(oracle.answered(503) > refused);
            volume.free();
            let freed_at = Instant::now();
            assert!(bring_back(), "the database does not come back");
            oracle.created(1).await;
            slowest = slowest.max(freed_at.elapsed());
        }
        is_over.set(true);
    };
    join(writers, filling).await;
    println!("{:?}: the disk was full {rounds} times, {full} of them seen as 503, slowest recovery {slowest:?}", app.kind);
    assert!(process.is_running(), "it is not the same process any more");
    // Only what is committed outlives it.
    process.kill();
    oracle.demand(app).await;
    assert_eq!(oracle.answered(0), 0, "requests without an answer");
    assert!(full > 0, "the disk was never full");
    assert!(slowest <= RECOVERY, "the service recovered after {slowest:?}");
}
