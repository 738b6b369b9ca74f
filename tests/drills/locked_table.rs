//! The locked-table drill: another session holds a lock while 500 clients write; each gets a prompt error, and is served again
//! once the lock is released.

use crate::Plan;
use crate::app::{Kind, Process, Settings, TestApp};
use crate::crowd::{address, percentile};
use crate::kill_service::signal;
use entity::clock::Clock;
use futures_util::future::join_all;
use reqwest::Client;
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

const CLIENTS: usize = 500;
/// A wait ends after 1.5 s; the rest is for the machine that runs the drill.
const ANSWER_MAX: Duration = Duration::from_secs(3);
const RECOVERY_MAX: Duration = Duration::from_secs(5);

pub async fn run(plan: Plan) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::start_with(kind, Settings { clock: Clock::system(), ..Settings::default() }).await;
        let app = app.expect("PostgreSQL is installed");
        let process = Process::start(&app).await;
        let token = app.as_member().await.token().to_owned();
        let clients: Vec<Client> = (0..CLIENTS).map(client).collect();
        let (mut answers, mut slowest) = (BTreeMap::new(), Duration::ZERO);
        let rounds = plan.rounds(10, 2);
        for round in 0..rounds {
            // A few callers must get their response as promptly as many.
            let clients = if round % 2 == 0 { &clients[..] } else { &clients[..20] };
            let lock = lock(&app).await;
            let writes = join_all(clients.iter().map(|client| write(client, &process, &token)));
            let stopped = async {
                if plan.is_sabotaged {
                    signal(process.pid(), "STOP");
                    tokio::time::sleep(ANSWER_MAX * 2).await;
                    signal(process.pid(), "CONT");
                }
            };
            let (writes, ()) = tokio::join!(writes, stopped);
            for (status, _) in &writes {
                *answers.entry(*status).or_insert(0) += 1;
            }
            let mut waits: Vec<Duration> = writes.into_iter().map(|(_, wait)| wait).collect();
            slowest = slowest.max(percentile(&mut waits, 99));
            lock.rollback().await.expect("releasing the lock");
            recover(&clients[0], &process, &token).await;
        }
        println!("{kind:?}: {rounds} locks, responses by status {answers:?}, p99 of a wait {slowest:?}");
        assert!(slowest <= ANSWER_MAX, "callers waited too long: {slowest:?}");
        assert!(answers.keys().all(|status| *status == 503), "unexpected responses: {answers:?}");
        drop(process);
        app.finish().await;
    }
}

/// A client with one of eight addresses, like the clients of many hosts.
fn client(number: usize) -> Client {
    let from = Ipv4Addr::new(127, 0, 0, 2 + u8::try_from(number % 8).expect("a small number"));
    Client::builder().no_proxy().local_address(Some(from.into())).build().expect("a client")
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

async fn recover(client: &Client, process: &Process, token: &str) {
    let began = Instant::now();
    while write(client, process, token).await.0 != 201 {
        assert!(began.elapsed() < RECOVERY_MAX, "the service does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
