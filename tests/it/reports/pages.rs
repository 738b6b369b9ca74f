//! All pages of one report, and of the log, show the same entries, whatever is written while they are read.
//!
//! The clock stands still: what is written after a page has the same time as what the page shows.

use super::world;
use crate::app::{Client, Scene, TestApp, arranging};
use chrono::TimeDelta;
use entity::audit::{Actor, AuditTx, Context, Event};
use entity::case::lifecycle::{Decision, Hold, Release};
use entity::case::{self, ReviewStatus};
use entity::clock::Clock;
use entity::db::Limits;
use entity::job::JobRun;
use entity::registry;
use entity::review::ReviewAction;
use entity::user::Person;
use sea_orm::EntityTrait;
use serde_json::Value as Json;
use std::time::Duration;
use uuid::Uuid;

/// A case that is held and one whose revisions are requested by a write that is open.
struct Changed {
    accepted: Scene,
    in_review: Scene,
}

impl Changed {
    async fn new(app: &TestApp) -> Self {
        Self { accepted: app.a_case().accepted().create().await, in_review: app.a_case().pending_review().create().await }
    }
}

/// A write by tech3 that is not committed yet: a hold, with it a run of a job, and a decision of a review.
async fn open_write(app: &TestApp, Changed { accepted, in_review }: &Changed) -> AuditTx {
    let actor = Actor::Person(Person::new(&app.tech(3).await));
    let tx = AuditTx::begin(app.app.db(), Context { actor, ..arranging() }).await.unwrap();
    let row = tx.lock(case::Entity::find_by_id(accepted.case.id)).await.unwrap().unwrap();
    tx.save(row.hold(Hold::new("waiting", None), tx.now()).unwrap()).await.unwrap();
    tx.record(Event::cron_job_executed("nightly_import", &JobRun::scheduled(1, 0, None, 1))).await.unwrap();
    let row = tx.lock(case::Entity::find_by_id(in_review.case.id)).await.unwrap().unwrap();
    let (status, reviewer) = (ReviewStatus::RevisionsRequested, app.tech(3).await.id);
    let decision = Decision { status, notes: Some("again"), reviewer, release: Release::Now };
    tx.save(row.decide(decision, tx.now()).unwrap()).await.unwrap();
    tx
}

/// Waits until a request has begun to read the log. On SQLite it then waits for the writer, to record what it read.
async fn until_read(app: &TestApp) {
    let read = async {
        let has_rows = |sql: &str| sql.contains("audit_entries") || sql.contains("case_reviews");
        let is_reading = |sql: &String| !sql.starts_with("INSERT") && has_rows(sql);
        while !app.statements().iter().any(is_reading) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("the log is read");
}

fn list(page: &Json) -> &Json {
    if page["entries"].is_object() { &page["entries"] } else { page }
}

fn total(page: &Json) -> u64 {
    list(page)["page"]["total"].as_u64().unwrap()
}

fn with(path: &str, parameters: &str) -> String {
    format!("{path}{}{parameters}", if path.contains('?') { '&' } else { '?' })
}

/// Follows the cursors from a first page: every page has its figures, and the pages have as many rows as each says.
async fn follow(by: &Client<'_>, path: &str, first: &Json) {
    let (mut ids, mut page) = (Vec::new(), first.clone());
    loop {
        assert_eq!(total(&page), total(first), "{path}");
        for figures in ["summary", "timeseries", "by_action_type", "by_category", "by_workshop", "reviewers", "by_technician"] {
            assert_eq!(page[figures], first[figures], "{path} {figures}");
        }
        ids.extend(list(&page)["data"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        let Some(cursor) = list(&page)["page"]["next_cursor"].as_str() else { break };
        page = by.get(&with(path, &format!("limit=2&include_total=true&cursor={cursor}"))).await.expect(200);
    }
    assert_eq!(ids.len() as u64, total(first), "{path}");
    ids.sort_by_key(Json::to_string);
    ids.dedup();
    assert_eq!(ids.len() as u64, total(first), "{path}");
}

on_each_database! {
    async fn the_pages_of_a_report_agree_although_a_write_was_open_at_the_first(app) {
        for _ in 0..2 {
            app.a_case().held().create().await;
        }
        let by = app.as_manager().await;
        let (tech, case) = (app.tech(3).await.id, app.a_case().held().create().await);
        by.post(&case.url("resume"), serde_json::json!({"reason": "it came"})).await.expect(200);
        by.get("reports/activity-summary").await.expect(200);
        for path in [
            "reports/case-changes".to_owned(),
            "reports/case-changes?until=2026-12-31&since=2026-11-01&sort=occurred_at".to_owned(),
            "reports/system-events".to_owned(),
            "reports/quality-review-audit".to_owned(),
            format!("reports/user-activity?user_id={tech}"),
            "reports/user-activity/users?sort=-total_activities".to_owned(),
            "audit-log".to_owned(),
            "audit-log?action_type=case_held&action_type=cron_job_executed&action_type=case_created".to_owned(),
            format!("users/{tech}/audit-trail"),
        ] {
            for _ in 0..3 {
                let more = Changed::new(app).await;
                let tx = open_write(app, &more).await;
                tx.commit().await.unwrap();
            }
            let open = Changed::new(app).await;
            let tx = open_write(app, &open).await;
            app.statements();
            let first = with(&path, "limit=2&include_total=true");
            let (first, ()) = tokio::join!(by.get(&first), async {
                until_read(app).await;
                tx.commit().await.unwrap();
            });
            let first = first.expect(200);
            assert!(list(&first)["page"]["has_more"] == true, "{path} has one page");

            follow(&by, &path, &first).await;
            app.seal().await;
            follow(&by, &path, &first).await;

            // It isn't lost: it is part of the next reading.
            if !path.contains("/users?") {
                let again = by.get(&with(&path, "limit=2&include_total=true")).await.expect(200);
                assert!(total(&again) > total(&first), "{path}");
            }
        }
    }

    async fn the_trail_of_a_case_has_one_total(app) {
        let case = app.a_case().held().create().await;
        let by = app.as_manager().await;
        let path = format!("cases/{}/audit-trail", case.id());
        let first = by.get(&with(&path, "limit=2&include_total=true")).await.expect(200);
        by.post(&case.url("resume"), serde_json::json!({"reason": "it came"})).await.expect(200);
        follow(&by, &path, &first).await;
        let again = by.get(&with(&path, "limit=2&include_total=true")).await.expect(200);
        assert!(total(&again) > total(&first));
    }

    async fn reviews_that_are_decided_between_two_pages_are_on_none(app) {
        let (case, other) = (app.a_case().pending_review().create().await, app.a_case().pending_review().create().await);
        let (two, three) = (app.tech(2).await, app.tech(3).await);
        let decisions = [ReviewAction::RevisionsRequested, ReviewAction::RevisionsRequested, ReviewAction::Approved];
        world::decide(app, &case.case, &decisions.map(|decision| (&two, decision, 60))).await;
        let by = app.as_manager().await;
        let path = "reports/quality-review-audit";
        let first = by.get(&with(path, "limit=2&include_total=true")).await.expect(200);
        assert_eq!(total(&first), 3);

        world::decide_again(app, &other.case, &[(&three, ReviewAction::Approved, 60)]).await;

        follow(&by, path, &first).await;
        assert_eq!(total(&by.get(&with(path, "limit=2&include_total=true")).await.expect(200)), 4);
    }

    /// Its entries have times from before the first page.
    async fn a_replica_whose_clock_is_late_does_not_change_later_pages(app) {
        app.a_case().held().create().await;
        app.pass(TimeDelta::minutes(5));
        let by = app.as_manager().await;
        for _ in 0..3 {
            by.get("reports/activity-summary").await.expect(200);
        }
        let limits = Limits { writers: 1, readers: 1, exports: 1, ..Limits::default() };
        let late = Clock::fixed(app.clock.now() - TimeDelta::minutes(2));
        let elsewhere = registry::connect(&app.url, limits, late, None).await.unwrap();
        for path in ["reports/system-events", "audit-log"] {
            let first = by.get(&with(path, "limit=2&include_total=true")).await.expect(200);
            let tx = AuditTx::begin(&elsewhere, Context::job(Uuid::now_v7())).await.unwrap();
            tx.record(Event::cron_job_executed("nightly_import", &JobRun::scheduled(1, 0, None, 1))).await.unwrap();
            tx.commit().await.unwrap();
            follow(&by, path, &first).await;
            app.seal().await;
            follow(&by, path, &first).await;
        }
    }
}
