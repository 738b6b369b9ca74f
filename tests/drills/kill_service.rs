//! The kill-service drill: kill -9 of the service under load, repeatedly on the same database.

use crate::Plan;
use crate::app::{Kind, Settings, TestApp};
use crate::oracle::Oracle;
use entity::clock::Clock;
use futures_util::future::{join, join_all};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

const WRITERS: usize = 8;
/// How long the service may take after a kill until it responds; an unoptimised build takes longer.
const START_MAX: Duration = Duration::from_secs(if cfg!(debug_assertions) { 4 } else { 2 });

pub async fn on(kind: Kind, plan: Plan) {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let app = TestApp::start_with(kind, settings).await.expect("PostgreSQL is installed");
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let oracle = Oracle::default();
    let kills = plan.rounds(200, 3);
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        let began = Instant::now();
        let process = plan.start_with_fault(&app, "early-acknowledgement").await;
        slowest = slowest.max(began.elapsed());
        let by = app.as_member().await;
        let writers = join_all((0..WRITERS).map(|_| oracle.write(&process, by.token(), || false)));
        let (count, moment) = (rng.random_range(4..20), Duration::from_millis(rng.random_range(0..50)));
        let end = async {
            oracle.created(count).await;
            tokio::time::sleep(moment).await;
            signal(process.pid(), "KILL");
        };
        join(writers, end).await;
    }
    println!("{kind:?}: {kills} kills, slowest start {slowest:?}");
    oracle.demand(&app).await;
    assert!(slowest < START_MAX, "a start after a kill took {slowest:?}");
    app.finish().await;
}

/// Sends a signal to a process, as the operating system does.
pub fn signal(pid: u32, name: &str) {
    let status = std::process::Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status().expect("a shell");
    assert!(status.success());
}
