//! The stop drill: stopping under load, as an orchestrator does, makes no request fail, neither for clients that leave when
//! readiness reports it, nor for those that stay until connections are no longer accepted.

use crate::Plan;
use crate::app::{Kind, Process, Settings, TestApp};
use crate::kill_service::signal;
use entity::clock::Clock;
use futures_util::future::{join_all, join3};
use reqwest::Method;
use serde_json::json;
use std::cell::Cell;
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
/// The default drain time, which the other tests and drills don't wait for.
const DRAIN: Duration = Duration::from_secs(5);

pub async fn on(kind: Kind, plan: Plan) {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let app = TestApp::start_with(kind, settings).await.expect("PostgreSQL is installed");
    let stops = plan.rounds(50, 2);
    let (mut requests, mut failures, mut slowest) = (0, Vec::new(), Duration::ZERO);
    for round in 0..stops {
        let by = app.as_member().await;
        let drain = if plan.is_sabotaged { Duration::ZERO } else { DRAIN };
        let settings = [("CASETRAIL_SCHEDULER", "off"), ("CASETRAIL_DRAIN_SECONDS", &drain.as_secs().to_string())];
        let process = Process::start_with(&app, &settings).await;
        let stopping = Stopping::default();
        let clients = join_all((0..CLIENTS).map(|number| ask(&process, by.token(), number, &stopping)));
        let balancer = async {
            while ready(&process).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            stopping.is_leaving.set(round % 2 == 0);
        };
        let stop = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            signal(process.pid(), "TERM");
            stopping.signalled_at.set(Some(Instant::now()));
            Instant::now()
        };
        let (answers, (), signalled_at) = join3(clients, balancer, stop).await;
        for (answered, failed) in answers {
            requests += answered + failed.len();
            failures.extend(failed);
        }
        process.ended(Duration::from_secs(20)).await;
        slowest = slowest.max(signalled_at.elapsed());
    }
    println!("{kind:?}: {stops} stops, {requests} requests, {} failed, slowest exit {slowest:?}", failures.len());
    assert!(failures.is_empty(), "requests failed at a stop: {failures:?}");
    assert!(slowest <= Duration::from_secs(15), "the process took {slowest:?} to end");
    app.finish().await;
}

async fn ready(process: &Process) -> bool {
    let answer = process.request(Method::GET, "../../readyz").send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// What the clients of a stop know.
#[derive(Default)]
struct Stopping {
    signalled_at: Cell<Option<Instant>>,
    /// Whether the clients were told to use another replica.
    is_leaving: Cell<bool>,
}

impl Stopping {
    /// Whether the drain time is over, after which connections are no longer accepted.
    fn is_drained(&self) -> bool {
        self.signalled_at.get().is_some_and(|at| at.elapsed() + Duration::from_millis(200) >= DRAIN)
    }
}

/// Repeatedly sends requests on one connection, every second client writes; returns how many were answered, and
/// why others failed.
async fn ask(process: &Process, token: &str, number: usize, stopping: &Stopping) -> (usize, Vec<String>) {
    let (mut answered, mut failed) = (0, Vec::new());
    let new = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
    while !stopping.is_leaving.get() {
        let request = match number % 2 {
            0 => process.request(Method::GET, "auth/me"),
            _ => process.request(Method::POST, "cases").json(&new),
        };
        match request.bearer_auth(token).send().await {
            Ok(answer) if answer.status().is_success() => answered += 1,
            // This client stayed to the end.
            Err(error) if error.is_connect() && stopping.is_drained() => break,
            Ok(answer) => failed.push(answer.text().await.unwrap_or_else(|error| error.to_string())),
            Err(error) => failed.push(format!("{error:?}")),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (answered, failed)
}
