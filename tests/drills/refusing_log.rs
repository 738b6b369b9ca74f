//! The refusing-log drill: while the audit log accepts no entries, nothing is changed and every response is 503; then the same
//! process recovers by itself.

use crate::Plan;
use crate::app::{Kind, Process, Settings, TestApp, send};
use crate::crowd::{address, gives};
use crate::race::disarm;
use entity::clock::Clock;
use entity::{audit_entry, case};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::json;
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
const RECOVERY: Duration = Duration::from_secs(5);
/// How long `/readyz` may take to report that nothing can be written.
const REPORT_MAX: Duration = Duration::from_secs(2);

pub async fn on(kind: Kind, plan: Plan) {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let app = TestApp::start_with(kind, settings).await.expect("PostgreSQL is installed");
    let process = Process::start(&app).await;
    let member = app.as_member().await;
    let rounds = plan.rounds(20, 2);
    let (mut refused, mut slowest, mut latest_report) = (0, Duration::ZERO, Duration::ZERO);
    for round in 0..rounds {
        let is_renamed = round % 2 == 1;
        // What it reports is at most a second old: begun with a result from before the fault, each round shows how late it is.
        until_ready_is(&process, 200).await;
        if plan.is_sabotaged {
            for table in ["cases", "audit_entries", "audit_pending"] {
                disarm(&app, table).await;
            }
            swallow_entries(&app).await;
        } else if is_renamed {
            app.lose("audit_entries").await;
        } else {
            app.refuse_entries().await;
        }
        if !plan.is_sabotaged {
            latest_report = latest_report.max(until_ready_is(&process, 503).await);
        }
        refused += refusals(&app, &process, member.token()).await;
        if is_renamed {
            app.find_again("audit_entries").await;
        } else {
            app.accept_entries().await;
        }
        slowest = slowest.max(recovery(&app, &process, member.token()).await);
    }
    println!("{kind:?}: {rounds} rounds, {refused} writes refused, slowest recovery {slowest:?}");
    println!("{kind:?}: /readyz reported it after {latest_report:?} at the latest");
    assert!(latest_report <= REPORT_MAX, "/readyz reported it after {latest_report:?}");
    assert!(slowest <= RECOVERY, "the service recovered after {slowest:?}");
    app.finish().await;
}

fn a_case() -> String {
    json!({"employee_first_name": "Ada", "employee_last_name": "Byron"}).to_string()
}

/// Sends concurrent writes; each gets 503, and nothing is stored afterwards.
async fn refusals(app: &TestApp, process: &Process, by: &str) -> usize {
    let before = case::Entity::find().count(&app.outside).await.expect("cases");
    let writes = (0..CLIENTS).map(|_| send(process.post("cases").bearer_auth(by).body(a_case())));
    let statuses: Vec<u16> =
        join_all(writes).await.iter().map(|answer| answer.as_ref().map_or(0, |a| a.status.as_u16())).collect();
    let after = case::Entity::find().count(&app.outside).await.expect("cases");
    assert_eq!(after, before, "something was changed without its entry");
    assert!(statuses.iter().all(|status| *status == 503), "not every response is 503: {statuses:?}");
    statuses.len()
}

/// The time until `/readyz` has this status.
async fn until_ready_is(process: &Process, status: u16) -> Duration {
    let began = Instant::now();
    while !gives(address(process), "/readyz", status).await.expect("a response") {
        assert!(began.elapsed() < RECOVERY * 4, "/readyz does not become {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

async fn recovery(app: &TestApp, process: &Process, by: &str) -> Duration {
    let began = Instant::now();
    let before = audit_entry::Entity::find().count(&app.outside).await.expect("entries");
    while send(process.post("cases").bearer_auth(by).body(a_case())).await.expect("a response").status != 201 {
        assert!(began.elapsed() < RECOVERY * 4, "the service does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(audit_entry::Entity::find().count(&app.outside).await.expect("entries") > before, "the change has no entry");
    began.elapsed()
}

/// Each entry is deleted as soon as it is written, without an error.
#[expect(clippy::disallowed_methods, reason = "this deliberately damages the database")]
async fn swallow_entries(app: &TestApp) {
    let statements: &[&str] = match app.kind {
        Kind::Sqlite => {
            &["CREATE TRIGGER swallow AFTER INSERT ON audit_entries BEGIN DELETE FROM audit_entries WHERE id = NEW.id; END"]
        }
        // As its owner: the service may not delete entries.
        Kind::Postgres => &[
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
               AS $$ BEGIN DELETE FROM audit_entries WHERE id = NEW.id; RETURN NULL; END $$",
            "CREATE TRIGGER swallow AFTER INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION swallow()",
        ],
    };
    for statement in statements {
        app.outside.execute_unprepared(statement).await.expect("damaging the database");
    }
}
