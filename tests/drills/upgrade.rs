//! A rolling upgrade of two replicas under load: a newer version migrates, then each replica is replaced, and no request fails.

use crate::Plan;
use crate::app::{Kind, Process, Settings, TestApp};
use crate::kill_service::signal;
use crate::oracle::Oracle;
use entity::clock::Clock;
use futures_util::future::{Either, join, join_all, select};
use reqwest::Method;
use sea_orm::ConnectionTrait;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

const WRITERS: usize = 8;
const SETTINGS: [(&str, &str); 2] = [("CASETRAIL_SCHEDULER", "off"), ("CASETRAIL_DRAIN_SECONDS", "2")];
/// How often the load balancer asks each replica whether it is ready.
const PROBE: Duration = Duration::from_millis(100);

/// A replica and what its last probe said.
struct Replica {
    process: Process,
    is_ready: Cell<bool>,
}

/// A load balancer in front of the replicas: requests go to those that are ready, in turn.
#[derive(Default)]
struct Balancer {
    replicas: RefCell<Vec<Rc<Replica>>>,
    turn: Cell<usize>,
    /// How often none was ready.
    unserved: Cell<usize>,
}

impl Balancer {
    async fn start_replica(&self, app: &TestApp) {
        let process = Process::start_with(app, &SETTINGS).await;
        let replica = Rc::new(Replica { process, is_ready: Cell::new(false) });
        self.replicas.borrow_mut().push(Rc::clone(&replica));
        let ready = async {
            while !replica.is_ready.get() {
                tokio::time::sleep(PROBE).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ready).await.expect("a replica that gets ready");
    }

    /// Stops the one that was started first, as an orchestrator does, and waits for its end.
    async fn stop_replica(&self) {
        let first = self.replicas.borrow().first().map(Rc::clone).expect("a replica");
        signal(first.process.pid(), "TERM");
        while first.is_ready.get() {
            tokio::time::sleep(PROBE / 10).await;
        }
        self.replicas.borrow_mut().remove(0);
        // Requests and a probe may still be using it.
        let mut replica = first;
        let last = loop {
            match Rc::try_unwrap(replica) {
                Ok(last) => break last,
                Err(shared) => replica = shared,
            }
            tokio::time::sleep(PROBE / 10).await;
        };
        last.process.ended(Duration::from_secs(20)).await;
    }

    async fn probe(&self, is_over: &Cell<bool>) {
        while !is_over.get() {
            let replicas = self.replicas.borrow().clone();
            for replica in replicas {
                let answer = replica.process.request(Method::GET, "../../readyz").send().await;
                replica.is_ready.set(answer.is_ok_and(|answer| answer.status() == 200));
            }
            tokio::time::sleep(PROBE).await;
        }
    }

    fn next(&self) -> Option<Rc<Replica>> {
        let ready: Vec<Rc<Replica>> =
            self.replicas.borrow().iter().filter(|replica| replica.is_ready.get()).map(Rc::clone).collect();
        self.turn.set(self.turn.get() + 1);
        ready.get(self.turn.get() % ready.len().max(1)).map(Rc::clone)
    }

    async fn write(&self, oracle: &Oracle, token: &str, is_over: &Cell<bool>) {
        while !is_over.get() {
            match self.next() {
                Some(replica) => drop(oracle.write_once(&replica.process, token).await),
                None => {
                    self.unserved.set(self.unserved.get() + 1);
                    tokio::time::sleep(PROBE).await;
                }
            }
        }
    }
}

pub async fn run(plan: Plan) {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let app = TestApp::start_with(Kind::Postgres, settings).await.expect("PostgreSQL is installed");
    let (balancer, oracle, by) = (Balancer::default(), Oracle::default(), app.as_member().await);
    let is_over = Cell::new(false);
    let upgrades = plan.rounds(20, 1);
    join(balancer.probe(&is_over), async {
        balancer.start_replica(&app).await;
        balancer.start_replica(&app).await;
        let upgrading = async {
            for _ in 0..upgrades {
                migrate(&app, plan.is_sabotaged).await;
                let load = async {
                    oracle.created(20).await;
                    // Longer than a replica remembers what its last probe found.
                    tokio::time::sleep(Duration::from_millis(1_500)).await;
                };
                if matches!(select(pin!(load), pin!(failing(&balancer, &oracle))).await, Either::Right(_)) {
                    break;
                }
                for _ in 0..2 {
                    balancer.start_replica(&app).await;
                    balancer.stop_replica().await;
                }
                go_back(&app).await;
            }
            is_over.set(true);
        };
        let writers = join_all((0..WRITERS).map(|_| balancer.write(&oracle, by.token(), &is_over)));
        join(upgrading, writers).await;
    })
    .await;
    let failed = failed(&balancer, &oracle);
    println!("{upgrades} upgrades of two replicas, {failed} requests failed");
    assert_eq!(failed, 0, "requests failed during an upgrade");
    balancer.replicas.borrow_mut().clear();
    oracle.demand(&app).await;
    app.finish().await;
}

/// Waits until a request has failed.
async fn failing(balancer: &Balancer, oracle: &Oracle) {
    while failed(balancer, oracle) == 0 {
        tokio::time::sleep(PROBE).await;
    }
}

fn failed(balancer: &Balancer, oracle: &Oracle) -> usize {
    balancer.unserved.get() + [0, 500, 503, 504].map(|status| oracle.answered(status)).iter().sum::<usize>()
}

/// What the newer version's `casetrail migrate` does: a column, and the migration's name.
async fn migrate(app: &TestApp, is_incompatible: bool) {
    let suffix = if is_incompatible { "_incompatible" } else { "" };
    change(app, "ALTER TABLE cases ADD COLUMN of_a_newer_version text").await;
    change(app, &format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000998_newer{suffix}', 0)"))
        .await;
}

async fn go_back(app: &TestApp) {
    change(app, "DELETE FROM seaql_migrations WHERE version > 'm2099'").await;
    change(app, "ALTER TABLE cases DROP COLUMN of_a_newer_version").await;
}

#[expect(clippy::disallowed_methods, reason = "the schema is another version's")]
async fn change(app: &TestApp, statement: &str) {
    app.outside.execute_unprepared(statement).await.expect("a change of the schema");
}
