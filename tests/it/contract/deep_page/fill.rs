//! Lists of slightly more than 10,000 pages, made by copying what a request wrote.

use super::Deep;
use crate::app::copies::{ID, id_at, literal, multiply, run, without_step_net};
use crate::app::{Client, Kind, Scene, TestApp};
use crate::documents::pay_stub;
use entity::{alert, audit_entry, case, document, job, note, outbox, review, user};
use serde_json::json;

/// Number of copies.
const COPIES: usize = 10_010;

/// Copies of the newest entry of a type.
async fn multiply_entry(app: &TestApp, action: &str, count: usize, offset: usize) {
    let (sqlite, postgres) = id_at(offset);
    let newest = format!("t.id = (SELECT id FROM audit_entries WHERE action_type = '{action}' ORDER BY id DESC LIMIT 1)");
    multiply::<audit_entry::Entity>(app, "audit_entries", &newest, count, &[("id", &sqlite, &postgres)]).await;
}

/// Bypasses the audited write path: the database's safeguards would refuse rows without entries.
async fn lift_the_nets(app: &TestApp) {
    for table in ["cases", "users", "documents", "notes"] {
        let lift = match app.kind {
            Kind::Sqlite => format!("DROP TRIGGER {table}_audited_insert"),
            Kind::Postgres => format!("ALTER TABLE {table} DISABLE TRIGGER {table}_audited"),
        };
        run(app, &lift).await;
    }
    run(app, without_step_net(app.kind)).await;
}

/// Fills every list and returns the depth of each.
pub async fn fill<'a>(app: &'a TestApp, by: &Client<'a>) -> Vec<Deep> {
    let (case, tech) = (app.a_case().accepted().create().await, app.tech(3).await);
    by.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
    multiply_entry(app, "case_held", COPIES, 1).await;
    // Another case, held by another user, for the reports: they aggregate the whole period on every page.
    let other = app.a_case().accepted().create().await;
    app.as_user(&tech).await.post(&other.url("hold"), json!({"reason": "waiting"})).await.expect(200);
    multiply_entry(app, "case_held", COPIES, 2).await;
    lift_the_nets(app).await;
    fill_cases(app, &case).await;
    fill_related_tables(app, by, &case).await;
    fill_reviews(app, by).await;
    // Last, after all notifications to managers were written.
    fill_users(app, by).await;
    // As the service does within a second: reports count what is pending entry by entry, on every page.
    app.seal().await;
    run(app, "ANALYZE").await;

    let sorted =
        ["cases?sort=", "cases?sort=-"].map(|path| ["created_at", "due_on", "updated_at"].map(|key| format!("{path}{key}")));
    let by_name = ["users?sort=username", "users?sort=-username", "users?sort=created_at", "users?sort=-created_at"];
    let others = ["audit-log", "alerts", "outbox", "job-runs", "reviews", "reviews?status=decided"];
    let tables = ["user-activity/users", "user-activity/users?sort=-total_activities"];
    let reports = ["quality-review-audit", "system-events"].into_iter().chain(tables).map(|report| format!("reports/{report}"));
    let ones = [
        case.url("audit-trail"),
        case.url("documents"),
        case.url("notes"),
        format!("users/{}/audit-trail", by.id()),
        "auth/me/activity".to_owned(),
        format!("reports/user-activity?user_id={}", tech.id),
        format!("reports/case-changes?actor_id={}", tech.id),
    ];
    let ones = ones.into_iter().chain(sorted.into_iter().flatten()).chain(reports);
    let ones = ones.chain(by_name.into_iter().chain(others).map(str::to_owned));
    ones.map(|path| Deep { path }).collect()
}

async fn fill_cases(app: &TestApp, case: &Scene) {
    let due_on = ("due_on", "date(t.due_on, '+' || (i % 60) || ' days')", "t.due_on + (i % 60)::int");
    let case_number = ("case_number", "'COPY-' || i", "'COPY-' || i");
    let this = format!("t.id = {}", literal(app.kind, &case.id()));
    multiply::<case::Entity>(app, "cases", &this, COPIES, &[ID, case_number, due_on]).await;
}

async fn fill_users(app: &TestApp, by: &Client<'_>) {
    let username = ("username", "'copy' || i", "'copy' || i");
    let email = ("email", "'copy' || i || '@example.org'", "'copy' || i || '@example.org'");
    let someone = format!("t.id = {}", literal(app.kind, &by.id()));
    multiply::<user::Entity>(app, "users", &someone, COPIES, &[ID, username, email]).await;
}

/// A case's documents and notes, the emails and the job runs.
async fn fill_related_tables(app: &TestApp, by: &Client<'_>, case: &Scene) {
    by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    by.post(&case.url("notes"), json!({"body": "They called.", "visibility": "internal"})).await.expect(201);
    app.as_admin().await.post("jobs/check_expired_holds/run", json!({})).await.expect(200);
    let one_of = |table: &str| format!("t.id = (SELECT id FROM {table} LIMIT 1)");
    multiply::<document::Entity>(app, "documents", &one_of("documents"), COPIES, &[ID]).await;
    multiply::<note::Entity>(app, "notes", &one_of("notes"), COPIES, &[ID]).await;
    multiply::<outbox::Entity>(app, "outbox", &one_of("outbox"), COPIES, &[ID]).await;
    multiply::<job::run::Entity>(app, "job_runs", &one_of("job_runs"), COPIES, &[ID]).await;
    multiply_entry(app, "cron_job_executed", COPIES, 5).await;
}

/// Cases pending review, each with the step that submitted it, the decisions, and the reviewers' notifications.
async fn fill_reviews(app: &TestApp, by: &Client<'_>) {
    let work = app.a_case().assigned_to(&app.tech(1).await).accepted().create().await;
    let done = json!({"override_incomplete": true});
    by.post(&work.url("complete"), done).await.expect(200);
    multiply_entry(app, "review_submitted", COPIES, 6).await;
    let notified = format!("t.recipient_id = {} AND t.kind = 'review_needed'", literal(app.kind, &by.id()));
    multiply::<alert::Entity>(app, "alerts", &notified, COPIES, &[ID]).await;

    let (sqlite, postgres) = id_at(3);
    let case_number = ("case_number", "'WORK-' || i", "'WORK-' || i");
    let this = format!("t.id = {}", literal(app.kind, &work.id()));
    multiply::<case::Entity>(app, "cases", &this, COPIES, &[("id", &sqlite, &postgres), case_number]).await;
    let step = format!("t.case_id = {}", literal(app.kind, &work.id()));
    multiply::<review::Entity>(app, "case_reviews", &step, COPIES, &[ID, ("case_id", &sqlite, &postgres), case_number]).await;
    by.post(&work.url("review/request-revisions"), json!({"notes": "once more"})).await.expect(200);
    let (sqlite, postgres) = id_at(4);
    let decision = format!("{step} AND t.decision_number IS NOT NULL");
    let numbers = ("decision_number", "i + 1", "i + 1");
    multiply::<review::Entity>(app, "case_reviews", &decision, COPIES, &[("id", &sqlite, &postgres), numbers]).await;
}
