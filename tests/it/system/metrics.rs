//! Each figure changes only through what it counts; and reading the figures costs the same however long the audit log is.
#![expect(clippy::disallowed_methods, reason = "these tests break the database")]

use crate::app::{Exposition, Kind, TestApp};
use chrono::TimeDelta;
use entity::audit::{Action, AuditTx, Context, Event};
use entity::db::Limits;
use entity::job::JobRun;
use entity::registry;
use entity::user::Role;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use uuid::Uuid;

const ENTRIES: &str = "casetrail_audit_entries_total";
const FAILURES: &str = "casetrail_audit_write_failures_total";
const REQUESTS: &str = "http_request_duration_seconds_count";

async fn scrape(app: &TestApp) -> Exposition {
    let answer = app.as_anonymous().get("/metrics").await;
    answer.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    Exposition::parse(&answer.text)
}

/// The same a few seconds later, when the database is queried again.
async fn scrape_anew(app: &TestApp) -> Exposition {
    app.pass(TimeDelta::seconds(10));
    scrape(app).await
}

fn only(series: &str) -> std::collections::BTreeMap<String, f64> {
    [(series.to_owned(), 1.0)].into()
}

async fn outside(app: &TestApp, sqlite: &[&str], postgres: &[&str]) {
    let statements = if app.kind == Kind::Sqlite { sqlite } else { postgres };
    for statement in statements {
        app.outside.execute_unprepared(statement).await.unwrap();
    }
}

const BREAK_SQLITE: &str = "CREATE TRIGGER broken BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END";
/// A dangling reference, which is checked at COMMIT.
const UNHELD_SQLITE: &str =
    "CREATE TABLE unheld (id INTEGER PRIMARY KEY, other INTEGER REFERENCES unheld (id) DEFERRABLE INITIALLY DEFERRED)";
const BREAK_COMMIT_SQLITE: &str = "CREATE TRIGGER broken_commit AFTER INSERT ON audit_entries BEGIN \
     INSERT INTO unheld (other) VALUES (-1); END";
const BREAKING: &str =
    "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$";
const BREAK_POSTGRES: &str = "CREATE TRIGGER broken BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION broken()";
const BREAK_COMMIT_POSTGRES: &str = "CREATE CONSTRAINT TRIGGER broken_commit AFTER INSERT ON audit_entries \
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION broken()";

/// The triggers have different names: SQLite refuses to create one whose name a connection still remembers.
async fn mend(app: &TestApp, trigger: &str) {
    outside(app, &[&format!("DROP TRIGGER {trigger}")], &[&format!("DROP TRIGGER {trigger} ON audit_entries")]).await;
}

/// 20,000 old runs of four jobs, written while bypassing the service.
async fn fill_runs(app: &TestApp) {
    let columns = "(id, occurred_at, action_type, outcome, actor_type, actor_label, object_type, object_id, topic, source, \
         request_id, description, search_text, body)";
    let values = |topic: &str, outcome: &str| {
        format!(
            "'2026-01-01T00:00:00Z', 'cron_job_executed', {outcome}, 'system', 'System', 'job', 'generated', {topic}, 'job', \
             'r', 'generated', 'generated', '{{\"changes\":{{}}}}'"
        )
    };
    let outcome = "CASE WHEN i % 10 = 0 THEN 'failure' ELSE 'success' END";
    let values = values("'job_' || (i % 4)", outcome);
    let sqlite = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO audit_entries {columns} \
         SELECT unhex(printf('%012x', 1767225600000 + i * 1000) || printf('70009000%012x', i)), {values} FROM n"
    );
    let id = "(lpad(to_hex(1767225600000 + i::bigint * 1000), 12, '0') || '70009000' || lpad(to_hex(i), 12, '0'))::uuid";
    let postgres = format!("INSERT INTO audit_entries {columns} SELECT {id}, {values} FROM generate_series(1, 20000) AS i");
    outside(app, &[&sqlite, "ANALYZE"], &[&postgres, "ANALYZE audit_entries"]).await;
}

/// The steps of a plan that read the audit log.
fn log_accesses(plan: &[String]) -> Vec<&String> {
    plan.iter()
        .filter(|line| line.contains(" on audit_entries") || line.contains("SEARCH") || line.contains("SCAN entry"))
        .collect()
}

fn a_run(error_message: Option<&str>) -> JobRun<'_> {
    JobRun::scheduled(3, 0, error_message, 12)
}

/// Runs a job as another process of the same database would.
async fn run_elsewhere(app: &TestApp, job_name: &str, error_message: Option<&str>) {
    let limits = Limits { writers: 1, readers: 1, exports: 1, ..Limits::default() };
    let elsewhere = registry::connect(&app.url, limits, app.clock.clone(), None).await.unwrap();
    let tx = AuditTx::begin(&elsewhere, Context::job(Uuid::now_v7())).await.unwrap();
    tx.record(Event::cron_job_executed(job_name, &a_run(error_message))).await.unwrap();
    tx.commit().await.unwrap();
}

fn runs(job_name: &str, status: &str) -> String {
    format!("casetrail_job_runs_total{{job_name=\"{job_name}\",status=\"{status}\"}}")
}

on_each_database! {
    async fn a_hold_is_one_entry_and_one_request(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let before = scrape(app).await;

        by.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);

        let after = scrape(app).await;
        assert_eq!(
            after.since(&before, ENTRIES),
            only("casetrail_audit_entries_total{action_type=\"case_held\",outcome=\"success\"}")
        );
        assert_eq!(after.since(&before, FAILURES), [].into());
        let hold = "http_request_duration_seconds_count{method=\"POST\",route=\"/api/v1/cases/{case_id}/hold\",status=\"200\"}";
        let scraping = "http_request_duration_seconds_count{method=\"GET\",route=\"/metrics\",status=\"200\"}";
        assert_eq!(after.since(&before, REQUESTS), [(hold.to_owned(), 1.0), (scraping.to_owned(), 1.0)].into());
        // The scrape itself is the only request in flight.
        assert_eq!(after.value("http_requests_in_flight"), 1.0);
    }

    async fn a_refusal_is_a_denied_entry(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(2).await;
        let before = scrape(app).await;
        by.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect_problem(403, "forbidden");
        let after = scrape(app).await;
        assert_eq!(
            after.since(&before, ENTRIES),
            only("casetrail_audit_entries_total{action_type=\"case_held\",outcome=\"denied\"}")
        );
    }

    async fn rolled_back_entries_are_not_counted(app) {
        let before = scrape(app).await;
        let tx = app.write().await;
        tx.record(Event::cron_job_executed("release_scheduled_cases", &a_run(None))).await.unwrap();
        drop(tx);
        let rolled_back = scrape_anew(app).await;
        assert_eq!((rolled_back.since(&before, ENTRIES), rolled_back.since(&before, FAILURES)), ([].into(), [].into()));

        let tx = app.write().await;
        tx.record(Event::cron_job_executed("release_scheduled_cases", &a_run(None))).await.unwrap();
        assert_eq!(scrape(app).await.since(&before, ENTRIES), [].into());
        tx.commit().await.unwrap();
        let committed = only("casetrail_audit_entries_total{action_type=\"cron_job_executed\",outcome=\"success\"}");
        assert_eq!(scrape(app).await.since(&before, ENTRIES), committed);
    }

    async fn an_entry_that_cannot_be_written_is_a_failure(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let hold = async || by.post(&case.url("hold"), json!({"reason": "waiting"})).await.status();

        let before = scrape(app).await;
        outside(app, &[BREAK_SQLITE], &[BREAKING, BREAK_POSTGRES]).await;
        assert_eq!(hold().await, 503);
        mend(app, "broken").await;
        let after = scrape(app).await;
        assert_eq!(after.since(&before, FAILURES), only("casetrail_audit_write_failures_total{stage=\"insert\"}"));
        assert_eq!(after.since(&before, ENTRIES), [].into());

        let before = scrape(app).await;
        outside(app, &[UNHELD_SQLITE, BREAK_COMMIT_SQLITE], &[BREAKING, BREAK_COMMIT_POSTGRES]).await;
        assert!(hold().await >= 500);
        mend(app, "broken_commit").await;
        let after = scrape(app).await;
        assert_eq!(after.since(&before, FAILURES), only("casetrail_audit_write_failures_total{stage=\"commit\"}"));
        assert_eq!(after.since(&before, ENTRIES), [].into());

        let before = scrape(app).await;
        let tx = app.write().await;
        let mut event = Event::cron_job_executed("release_scheduled_cases", &a_run(None));
        event.metadata.clear();
        assert!(tx.record(event).await.is_err() && tx.commit().await.is_err());
        let after = scrape(app).await;
        assert_eq!(after.since(&before, FAILURES), only("casetrail_audit_write_failures_total{stage=\"refused\"}"));
        assert_eq!(hold().await, 200);
    }

    async fn requests_are_counted_by_the_template_of_their_path_and_unknown_paths_as_unmatched(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let before = scrape(app).await;
        by.get(&case.path()).await.expect(200);
        by.get("/no/such/path").await.expect_problem(404, "not_found");
        by.get("/api/v1/cases/x/y/z").await.expect_problem(404, "not_found");
        by.send(reqwest::Method::from_bytes(b"BREW").unwrap(), "cases", None).await;
        by.get("/").await;
        by.get("/page/0123456789abcdef/nothing.js").await;
        by.get("/docs/").await;
        by.get("/api/v1/cases/").await.expect(200);

        let answer = app.as_anonymous().get("/metrics").await;
        let after = Exposition::parse(&answer.text);
        let requests = after.since(&before, REQUESTS);
        let count = |method: &str, route: &str, status: u16| {
            let series = format!("{REQUESTS}{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
            requests.get(&series).copied().unwrap_or_default()
        };
        assert_eq!(count("GET", "/api/v1/cases/{case_id}", 200), 1.0);
        assert_eq!(count("GET", "unmatched", 404), 2.0);
        assert_eq!(count("other", "/api/v1/cases", 405), 1.0);
        assert_eq!(count("GET", "/", 200), 1.0);
        assert_eq!(count("GET", "/page/", 404), 1.0);
        assert_eq!(count("GET", "/docs/", 200), 1.0);
        assert_eq!(count("GET", "/api/v1/cases", 200), 1.0);
        assert!(!answer.text.contains(&case.id()) && !answer.text.contains("such"));
    }

    async fn sign_in_attempts_are_counted_by_outcome(app) {
        let user = app.user("ada", Role::Manager, None).await;
        app.give_password(&user, "a long enough passphrase").await;
        let attempt = async |password: &str| {
            app.as_anonymous().post("auth/login", json!({"username": "ada", "password": password})).await.status()
        };
        let before = scrape(app).await;
        assert_eq!((attempt("a wrong passphrase").await, attempt("").await), (401, 422));
        app.pass(chrono::TimeDelta::seconds(1));
        assert_eq!(attempt("a long enough passphrase").await, 200);
        let outcome = |outcome: &str| (format!("casetrail_logins_total{{outcome=\"{outcome}\"}}"), 1.0);
        let after = scrape(app).await;
        assert_eq!(
            after.since(&before, "casetrail_logins_total"),
            [outcome("failure"), outcome("invalid"), outcome("success")].into()
        );
        let entry = |outcome: &str| (format!("{ENTRIES}{{action_type=\"login\",outcome=\"{outcome}\"}}"), 1.0);
        assert_eq!(after.since(&before, ENTRIES), [entry("failure"), entry("success")].into());
    }

    async fn a_report_is_timed_by_its_name(app) {
        let by = app.as_manager().await;
        let before = scrape(app).await;
        by.get("reports/case-changes").await.expect(200);
        by.get("reports/quality-review-audit.csv").await;
        by.get("reports/case-changes?limit=0").await.expect_problem(400, "invalid_parameter");
        let report = |report: &str, format: &str| {
            (format!("casetrail_report_duration_seconds_count{{format=\"{format}\",report=\"{report}\"}}"), 1.0)
        };
        let told = scrape(app).await.since(&before, "casetrail_report_duration_seconds_count");
        assert_eq!(told, [report("case_changes", "json"), report("quality_review_audit", "csv")].into());
    }

    async fn runs_of_a_job_are_counted_from_the_audit_log_whichever_process_ran_it(app) {
        // Before this process started to count.
        assert_eq!(scrape(app).await.since(&scrape(app).await, "casetrail_job_runs_total"), [].into());
        run_elsewhere(app, "nightly_import", Some("no such file")).await;
        let failed_at = app.clock.now();
        let first = scrape_anew(app).await;
        assert_eq!(
            (first.get(&runs("nightly_import", "failure")), first.get(&runs("nightly_import", "success"))),
            (Some(1.0), Some(0.0))
        );
        let times = |figures: &Exposition| {
            let of = |name: &str| {
                figures.value(&format!("casetrail_job_last_{name}_timestamp_seconds{{job_name=\"nightly_import\"}}"))
            };
            (of("run"), of("success"))
        };
        let seconds = |at: chrono::DateTime<chrono::Utc>| at.timestamp_millis() as f64 / 1000.0;
        assert_eq!(times(&first), (seconds(failed_at), 0.0));

        // Old runs are counted once, and later ones are added.
        for hours in [2, 3] {
            app.pass(TimeDelta::hours(hours));
            run_elsewhere(app, "nightly_import", None).await;
            run_elsewhere(app, "another_job", None).await;
        }
        let succeeded_at = app.clock.now();
        for _ in 0..2 {
            let later = scrape_anew(app).await;
            assert_eq!(later.value(&runs("nightly_import", "success")), 2.0);
            assert_eq!(later.value(&runs("nightly_import", "failure")), 1.0);
            assert_eq!(later.value(&runs("another_job", "success")), 2.0);
            assert_eq!(times(&later), (seconds(succeeded_at), seconds(succeeded_at)));
            app.pass(TimeDelta::hours(2));
        }
        assert_eq!(scrape(app).await.value(&runs("nightly_import", "success")), 2.0);
    }

    async fn emails_are_counted_by_template_and_status(app) {
        let recipient = entity::user::Person::new(&app.user("ada", Role::Manager, None).await);
        let tx = app.write().await;
        tx.record(Event::email_notification_sent(&recipient, "case_held", 1, Some("no such host"))).await.unwrap();
        tx.record(Event::email_notification_sent(&recipient, "case_held", 2, None)).await.unwrap();
        tx.record(Event::email_notification_sent(&recipient, "case_held", 1, None)).await.unwrap();
        tx.commit().await.unwrap();
        let figures = scrape(app).await;
        let emails = |status: &str| figures.get(&format!("casetrail_emails_total{{status=\"{status}\",template=\"case_held\"}}"));
        assert_eq!((emails("failed"), emails("sent")), (Some(1.0), Some(2.0)));
    }

    async fn the_size_of_the_audit_log_is_reported(app) {
        app.a_case().accepted().create().await;
        if app.kind == Kind::Postgres {
            app.outside.execute_unprepared("ANALYZE audit_entries").await.unwrap();
        }
        let entries = app.all_entries().await.len() as f64;
        let figures = scrape_anew(app).await;
        let told = figures.value("casetrail_audit_table_entries");
        // PostgreSQL may add rows that a connection reports late.
        let most = if app.kind == Kind::Sqlite { entries } else { 2.0 * entries };
        assert!((entries..=most).contains(&told), "{told} of {entries}");
        assert!(figures.value("casetrail_audit_table_size_bytes") > 8192.0);
    }

    async fn connections_in_use_are_reported_by_pool(app) {
        let in_use = |figures: &Exposition| figures.value("casetrail_database_connections{pool=\"exports\",state=\"in_use\"}");
        assert_eq!(in_use(&scrape(app).await), 0.0);
        let export = app.app.db().export_snapshot().await.unwrap();
        let figures = scrape(app).await;
        assert_eq!(in_use(&figures), 1.0);
        drop(export);
        let max = |pool: &str| figures.value(&format!("casetrail_database_connections_max{{pool=\"{pool}\"}}"));
        let writers = if app.kind == Kind::Sqlite { 1.0 } else { 8.0 };
        assert_eq!((max("writer"), max("readers"), max("exports")), (writers, 4.0, 2.0));
    }

    async fn metrics_are_available_while_the_audit_log_is_unavailable(app) {
        outside(app, &["ALTER TABLE audit_entries RENAME TO gone"], &["ALTER TABLE audit_entries RENAME TO gone"]).await;
        let figures = scrape(app).await;
        assert_eq!(figures.get("casetrail_database_up"), Some(0.0));
        assert_eq!(figures.get("casetrail_audit_table_entries"), None);
        assert_eq!(figures.value("process_start_time_seconds"), crate::app::at(crate::app::START).timestamp() as f64);
        outside(app, &["ALTER TABLE gone RENAME TO audit_entries"], &["ALTER TABLE gone RENAME TO audit_entries"]).await;
        let figures = scrape(app).await;
        assert_eq!(figures.get("casetrail_database_up"), Some(1.0));
        let version = concat!("casetrail_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
        assert_eq!(figures.get(version), Some(1.0));
    }

    async fn a_scrape_costs_the_same_however_long_the_audit_log_is(app) {
        run_elsewhere(app, "nightly_import", None).await;
        let cost = async || {
            app.statements();
            scrape_anew(app).await;
            let sent = app.statements_with_values();
            scrape(app).await;
            assert!(app.statements().is_empty(), "asked again within seconds");
            sent
        };
        let short = cost().await;
        app.fill_log().await;
        fill_runs(app).await;
        let long: Vec<Statement> = cost().await;
        assert_eq!((short.len(), long.len()), (6, 6));
        for statement in &long {
            let mut plan = app.plan(statement).await;
            if statement.sql.contains("failure_count") {
                // The last run of a job must not be found by stepping through all its runs.
                let accesses = log_accesses(&plan);
                assert!(accesses.len() >= 3 && accesses.iter().all(|line| line.contains("audit_entries_job_runs")), "{plan:#?}");
            }
            plan.retain(|line| match app.kind {
                Kind::Postgres => line.contains("Seq Scan on audit_entries"),
                Kind::Sqlite => line.starts_with("SCAN entry") || line.starts_with("SCAN audit_entries"),
            });
            assert!(plan.is_empty(), "{plan:?}\n{}", statement.sql);
        }
    }

    async fn every_action_and_outcome_begins_at_zero(app) {
        let figures = scrape(app).await;
        for action in Action::all() {
            for outcome in ["success", "failure", "denied"] {
                assert!(figures.get(&format!("{ENTRIES}{{action_type=\"{action}\",outcome=\"{outcome}\"}}")).is_some());
            }
        }
        assert_eq!(scrape(app).await.families["http_request_duration_seconds"], "histogram");
    }
}
