//! The locked-table drill: another session holds a lock while 500 clients write; each gets a prompt error, and is served again
//! once the lock is released. Meanwhile the service is live, and takes hardly more memory.

use crate::Plan;
use crate::app::{Kind, Process, Settings, TestApp};
use crate::crowd::{address, is_live, on_its_own, percentile};
use entity::clock::Clock;
use futures_util::future::join_all;
use reqwest::Client;
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const CLIENTS: usize = 500;
/// A few callers must get their response as promptly as many.
const FEW: usize = 20;
/// An unoptimised build takes longer for what it does while nothing waits: above all for hundreds of responses at once.
const SLOWNESS: u32 = if cfg!(debug_assertions) { 4 } else { 1 };
/// A wait ends after 1.25 s; the rest is for what else a request needs, beside 499 others.
const ANSWER_MAX: Duration = Duration::from_millis(1_500);
const RECOVERY_MAX: Duration = Duration::from_secs(2);
/// The 99th percentile of `/livez`.
const LIVEZ_MAX: Duration = Duration::from_millis(50);
/// The maximum growth of the process's memory, in KiB.
const GROWTH_MAX: u64 = 64 * 1024;

pub async fn on(kind: Kind, plan: Plan) {
    let app = TestApp::start_with(kind, Settings { clock: Clock::system(), ..Settings::default() }).await;
    let app = app.expect("PostgreSQL is installed");
    let process = Process::start(&app).await;
    let token = app.as_member().await.token().to_owned();
    let clients: Vec<Client> = (0..CLIENTS).map(client).collect();
    // Once before measuring, so that each client is connected.
    join_all(clients.iter().map(|client| write(client, &process, &token))).await;
    let (mut answers, mut slowest, mut recovery) = (BTreeMap::new(), Duration::ZERO, Duration::ZERO);
    let (rounds, memory) = (plan.rounds(10, 2), process.memory("VmRSS"));
    let probe = Probe::start(&process);
    for round in 0..rounds {
        let clients = if round % 2 == 0 { &clients[..] } else { &clients[..FEW] };
        let lock = lock(&app).await;
        let writes = join_all(clients.iter().map(|client| write(client, &process, &token))).await;
        for (status, _) in &writes {
            *answers.entry(*status).or_insert(0) += 1;
        }
        let mut waits: Vec<Duration> = writes.into_iter().map(|(_, wait)| wait).collect();
        slowest = slowest.max(percentile(&mut waits, 99));
        assert!(slowest <= ANSWER_MAX * SLOWNESS.min(2), "callers waited too long: {slowest:?}");
        lock.rollback().await.expect("releasing the lock");
        recovery = recovery.max(recover(&clients[..FEW], &process, &token).await);
    }
    let (livez, growth) = (probe.stop(), process.memory("VmHWM").saturating_sub(memory));
    println!(
        "{kind:?}: {rounds} locks, responses by status {answers:?}, p99 of a wait {slowest:?}, slowest recovery {recovery:?}"
    );
    println!("{kind:?}: p99 of /livez {livez:?}, at most {} MiB more in memory", growth / 1024);
    assert!(recovery <= RECOVERY_MAX * SLOWNESS, "the service recovered after {recovery:?}");
    assert!(livez <= LIVEZ_MAX * SLOWNESS, "/livez took {livez:?}");
    assert!(growth <= GROWTH_MAX, "grew by {} MiB in memory", growth / 1024);
    assert!(answers.keys().all(|status| *status == 503), "unexpected responses: {answers:?}");
    drop(process);
    app.finish().await;
}

/// A client with one of eight addresses, like the clients of many hosts.
fn client(number: usize) -> Client {
    let from = Ipv4Addr::new(127, 0, 0, 2 + u8::try_from(number % 8).expect("a small number"));
    crate::app::http().local_address(Some(from.into())).build().expect("a client")
}

/// Locks what a write needs, as a migration or a backup might.
#[expect(clippy::disallowed_methods, reason = "a lock outside the service")]
async fn lock(app: &TestApp) -> DatabaseTransaction {
    let transaction = app.outside.begin().await.expect("a transaction");
    let statement = match app.kind {
        // Nothing changes, and no other session may write.
        Kind::Sqlite => "UPDATE cases SET version = version WHERE 0",
        Kind::Postgres => "LOCK TABLE cases IN ACCESS EXCLUSIVE MODE",
    };
    transaction.execute_unprepared(statement).await.expect("a lock");
    transaction
}

/// The status, 0 for none, and the elapsed time.
async fn write(client: &Client, process: &Process, token: &str) -> (u16, Duration) {
    let began = Instant::now();
    let body = json!({"employee_first_name": "Ada", "employee_last_name": "Byron"});
    let sent = client.post(format!("http://{}/api/v1/cases", address(process))).bearer_auth(token).json(&body).send().await;
    (sent.map_or(0, |answer| answer.status().as_u16()), began.elapsed())
}

/// How long it takes until each of these clients is served again.
async fn recover(clients: &[Client], process: &Process, token: &str) -> Duration {
    let began = Instant::now();
    join_all(clients.iter().map(async |client| {
        while write(client, process, token).await.0 != 201 {
            assert!(began.elapsed() < RECOVERY_MAX * 10, "the service does not recover");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }))
    .await;
    began.elapsed()
}

/// Requests `/livez` in a thread of its own, as a probe does.
struct Probe {
    is_over: Arc<AtomicBool>,
    waits: JoinHandle<Vec<Duration>>,
}

impl Probe {
    fn start(process: &Process) -> Self {
        let (is_over, address) = (Arc::<AtomicBool>::default(), address(process).to_owned());
        let asking = {
            let is_over = Arc::clone(&is_over);
            async move {
                let mut waits = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    assert!(is_live(&address).await.is_ok_and(|is_live| is_live), "the service is not live");
                    waits.push(began.elapsed());
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                waits
            }
        };
        Self { is_over, waits: std::thread::spawn(move || on_its_own(asking)) }
    }

    /// The 99th percentile of its waits.
    fn stop(self) -> Duration {
        self.is_over.store(true, Ordering::Relaxed);
        percentile(&mut self.waits.join().expect("a probe"), 99)
    }
}
