//! The kill-postgres drill: kill -9 of PostgreSQL under load; meanwhile the service responds with 503, and then recovers by
//! itself.

use crate::Plan;
use crate::app::{Process, Settings, TestApp, send};
use crate::oracle::Oracle;
use crate::server::Server;
use entity::clock::Clock;
use futures_util::future::{join, join_all};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::cell::Cell;
use std::time::{Duration, Instant};

const WRITERS: usize = 8;

/// How soon after PostgreSQL is back a write has to succeed.
const RECOVERY: Duration = Duration::from_secs(5);

pub async fn run(plan: Plan) {
    // For the sabotage, a server that delays writing its log to disk; the service itself requires the opposite.
    let server = Server::start(if plan.is_sabotaged { "-c wal_writer_delay=10s -c wal_writer_flush_after=1GB" } else { "" });
    let url = server.url();
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let app = TestApp::start_at(&url, settings).await;
    if plan.is_sabotaged {
        commit_carelessly(&app).await;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let oracle = Oracle::default();
    let process = Process::start(&app).await;
    let kills = plan.rounds(50, 3);
    let (mut slowest, mut refused) = (Duration::ZERO, 0);
    for _ in 0..kills {
        let by = app.as_member().await;
        let is_over = Cell::new(false);
        let writers = join_all((0..WRITERS).map(|_| oracle.write(&process, by.token(), || is_over.get())));
        let (count, moment) = (rng.random_range(4..20), Duration::from_millis(rng.random_range(0..50)));
        let end = async {
            oracle.created(count).await;
            tokio::time::sleep(moment).await;
            server.kill();
            let before = oracle.answered(503);
            tokio::time::sleep(Duration::from_millis(700)).await;
            refused += usize::from(oracle.answered(503) > before);
            is_over.set(true);
        };
        join(writers, end).await;
        server.start_again();
        slowest = slowest.max(recovery(&process, by.token()).await);
    }
    println!("{kills} kills, {refused} of them seen as 503, slowest recovery {slowest:?}");
    oracle.demand(&app).await;
    assert_eq!(refused, kills, "no 503 while PostgreSQL was down");
    assert_eq!(oracle.answered(0), 0, "requests without a response");
    assert!(slowest <= RECOVERY, "the service recovered after {slowest:?}");
    app.finish().await;
}

/// How long the service needs until it writes again.
async fn recovery(process: &Process, token: &str) -> Duration {
    let began = Instant::now();
    let body = json!({"employee_first_name": "Ada", "employee_last_name": "Byron"}).to_string();
    loop {
        let answer = send(process.post("cases").bearer_auth(token).body(body.clone())).await;
        // A connection that was idle too long yields no response.
        if answer.is_some_and(|answer| answer.status == 201) || began.elapsed() > RECOVERY * 4 {
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Each transaction that writes an entry is acknowledged before it is on disk.
#[expect(clippy::disallowed_methods, reason = "this deliberately damages the database")]
async fn commit_carelessly(app: &TestApp) {
    let statements = [
        "CREATE FUNCTION careless() RETURNS trigger LANGUAGE plpgsql
           AS $$ BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN NULL; END $$",
        "CREATE TRIGGER careless AFTER INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION careless()",
    ];
    for statement in statements {
        app.outside.execute_unprepared(statement).await.expect("a trigger");
    }
}
