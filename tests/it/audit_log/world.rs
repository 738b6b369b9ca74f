//! A small history with events of every kind, and helpers for tests that read it.

use crate::app::{Client, TestApp};
use chrono::TimeDelta;
use entity::audit::{AuditTx, Audited, Context, Event, Outcome};
use entity::case;
use entity::job::JobRun;
use entity::user::{Person, Role};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// Creates the history, spread over several calendar days; nothing can be added later with the same timestamps.
pub async fn happened(app: &TestApp) -> Vec<Json> {
    let accepted = app.a_case().accepted().create().await;
    app.a_case().held().create().await;
    app.pass(TimeDelta::hours(14));
    app.a_case().pending_review().create().await;
    app.a_case().completed().create().await;
    let manager = app.as_manager().await.with("x-request-id", "request-of-a-hold");
    app.pass(TimeDelta::minutes(3));
    let body = json!({"reason": "100% Ärger_with \\ pay stub", "hold_duration_days": 14});
    manager.post(&accepted.url("hold"), body).await.expect(200);
    app.as_tech(2).await.post(&accepted.url("hold"), json!({"reason": "a"})).await.expect_problem(403, "forbidden");
    app.pass(TimeDelta::hours(26));
    let service = app.user("service1", Role::Service, None).await;
    app.as_user(&service).await.get("audit-log").await.expect(200);
    let known = Person::new(&app.tech(2).await);
    record(app, Context::job(Uuid::now_v7()), Event::cron_job_executed("check_expired_holds", &run(None))).await;
    record(app, Context::job(Uuid::now_v7()), Event::cron_job_executed("check_expired_holds", &run(Some("broken")))).await;
    record(app, anonymous(), Event::login_failed("tech2", Some(&known), "wrong_password", None)).await;
    record(app, anonymous(), Event::login_failed("?", None, "unknown_username", None)).await;
    let entries = app.all_entries().await;
    app.pass(TimeDelta::seconds(1));
    entries
}

fn run(error_message: Option<&str>) -> JobRun<'_> {
    JobRun::scheduled(1, 0, error_message, 5)
}

fn anonymous() -> Context {
    let ip_address = Some("2001:db8::7".to_owned());
    Context {
        actor: entity::audit::Actor::Anonymous,
        api_key: None,
        in_job: false,
        request_id: "unknown-request".to_owned(),
        ip_address,
        user_agent: None,
    }
}

pub async fn record(app: &TestApp, context: Context, event: Event) {
    let tx = AuditTx::begin(app.app.db(), context).await.unwrap();
    tx.record(event).await.unwrap();
    tx.commit().await.unwrap();
}

/// One move of a case, made by the system with a reason.
pub async fn change<F>(app: &TestApp, id: Uuid, step: F) -> case::Model
where
    F: FnOnce(case::Model, &AuditTx) -> Result<case::ActiveModel, case::CaseRefusal>,
{
    let tx = app.write().await.with_reason("a reason");
    let case = tx.lock(case::Entity::find_by_id(id)).await.unwrap().unwrap();
    let row = step(case, &tx).unwrap();
    let case = tx.save(row).await.unwrap();
    tx.commit().await.unwrap();
    case
}

/// The ids of some entries, in order.
pub fn ids(entries: &[Json]) -> Vec<String> {
    entries.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

/// The entries of a list.
pub fn data(list: &Json) -> Vec<Json> {
    list["data"].as_array().unwrap().clone()
}

/// Newest first, as in lists.
pub fn newest_first(mut entries: Vec<Json>) -> Vec<Json> {
    entries.sort_by(|a, b| b["id"].as_str().cmp(&a["id"].as_str()));
    entries
}

/// All pages of a list, by following its cursors.
pub async fn pages(by: &Client<'_>, path: &str) -> Vec<Json> {
    let (mut entries, mut next) = (Vec::new(), path.to_owned());
    let glue = if path.contains('?') { '&' } else { '?' };
    loop {
        let list = by.get(&next).await.expect(200);
        entries.extend(data(&list));
        let Some(cursor) = list["page"]["next_cursor"].as_str() else { return entries };
        next = format!("{path}{glue}cursor={cursor}");
    }
}

/// Makes the audit log unwritable, as a full disk would.
pub async fn break_audit_log(app: &TestApp) {
    let sqlite = "CREATE TRIGGER full_disk BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    let postgres = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$; \
         CREATE TRIGGER full_disk BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION full_disk()";
    outside(app, sqlite, postgres).await.unwrap();
}

/// Runs a statement as anyone with the database password could.
#[expect(clippy::disallowed_methods, reason = "writes that bypass the service are what is tested")]
pub async fn outside(app: &TestApp, sqlite: &str, postgres: &str) -> Result<u64, sea_orm::DbErr> {
    let sql = if app.kind == crate::app::Kind::Sqlite { sqlite } else { postgres };
    app.outside.execute_unprepared(sql).await.map(|done| done.rows_affected())
}

/// Whether an entry's outcome is success.
pub fn is_success(entry: &Json) -> bool {
    entry["outcome"] == Outcome::Success.code()
}

/// Whether an entry is about this case.
pub fn is_about_case(entry: &Json, id: Uuid) -> bool {
    entry["object_type"] == case::Entity::OBJECT && entry["object_id"] == id.to_string()
}
