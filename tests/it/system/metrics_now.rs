//! The figures that alerts compare: waiting emails, overdue jobs, the schema, and requests answered 503 by cause.
#![expect(clippy::disallowed_methods, reason = "these tests break the database")]

use crate::app::{Exposition, TestApp, at};
use crate::documents::pay_stub;
use api::worker::scheduler;
use chrono::TimeDelta;
use entity::job::JobName;
use entity::outbox::{self, MailStatus};
use migration::{Migrator, MigratorTrait};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use serde_json::json;
use std::collections::BTreeMap;

/// What the database is asked for anew.
async fn scrape(app: &TestApp) -> Exposition {
    app.pass(TimeDelta::seconds(10));
    let answer = app.as_anonymous().get("/metrics").await;
    answer.expect(200);
    Exposition::parse(&answer.text)
}

async fn overdue(app: &TestApp) -> [f64; 5] {
    let figures = scrape(app).await;
    JobName::ALL.map(|job| {
        let series = format!("casetrail_job_overdue_seconds{{job_name=\"{}\"}}", job.code());
        figures.get(&series).unwrap_or_else(|| panic!("no {series}"))
    })
}

fn waiting(figures: &Exposition) -> (f64, f64, f64) {
    let state = |state: &str| figures.value(&format!("casetrail_emails_waiting{{state=\"{state}\"}}"));
    (state("due"), state("later"), figures.value("casetrail_emails_oldest_waiting_seconds"))
}

fn ledger(figures: &Exposition) -> [f64; 4] {
    ["pending", "lag_seconds", "sequence", "history_done"].map(|name| figures.value(&format!("casetrail_ledger_{name}")))
}

fn unavailable(cause: &str) -> BTreeMap<String, f64> {
    [(format!("casetrail_unavailable_total{{cause=\"{cause}\"}}"), 1.0)].into()
}

on_each_database! {
    async fn entries_are_pending_until_they_are_sealed(app) {
        assert_eq!(ledger(&scrape(app).await), [0.0, 0.0, 0.0, 1.0]);
        app.a_case().accepted().create().await;
        app.pass(TimeDelta::seconds(80));
        let entries = app.all_entries().await;
        let (count, first) = (entries.len() as f64, entries.first().unwrap());
        let figures = ledger(&scrape(app).await);
        let lag = (app.clock.now() - at(first["occurred_at"].as_str().unwrap())).as_seconds_f64();
        assert!(lag >= 90.0, "{lag}");
        assert_eq!(figures, [count, lag, 0.0, 1.0]);
        app.seal().await;
        assert_eq!(ledger(&scrape(app).await), [0.0, 0.0, count, 1.0]);
    }

    async fn emails_wait_from_when_they_are_due(app) {
        assert_eq!(waiting(&scrape(app).await), (0.0, 0.0, 0.0));
        app.as_admin().await.patch("settings", json!({"default_email_delay_hours": 1})).await.expect(200);
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
        let queued = outbox::Entity::find().all(&app.outside).await.unwrap();
        assert!(!queued.is_empty());
        let count = queued.len() as f64;

        // The settings delay them.
        app.pass(TimeDelta::minutes(59));
        assert_eq!(waiting(&scrape(app).await), (0.0, count, 0.0));
        app.pass(TimeDelta::minutes(31) - TimeDelta::seconds(10));
        assert_eq!(waiting(&scrape(app).await), (count, 0.0, 1_810.0));

        // One attempt failed and is repeated later, and the others were sent.
        for (number, mail) in queued.iter().enumerate() {
            let status = if number == 0 { MailStatus::Pending } else { MailStatus::Sent };
            let again = app.clock.now() + TimeDelta::minutes(5);
            let (status, attempts, send_after) = (Set(status), Set(1), Set(Some(again)));
            let row = outbox::ActiveModel { id: Unchanged(mail.id), status, attempts, send_after, ..Default::default() };
            row.update(&app.outside).await.unwrap();
        }
        assert_eq!(waiting(&scrape(app).await), (0.0, 1.0, 0.0));
        app.pass(TimeDelta::minutes(6) - TimeDelta::seconds(20));
        assert_eq!(waiting(&scrape(app).await), (1.0, 0.0, 60.0));
    }

    async fn an_email_that_is_given_up_is_reported_for_a_day(app) {
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
        let undelivered = async || scrape(app).await.value("casetrail_emails_undelivered");
        assert_eq!(undelivered().await, 0.0);
        let mail = outbox::Entity::find().one(&app.outside).await.unwrap().unwrap();
        let (status, last_attempt_at) = (Set(MailStatus::Failed), Set(Some(app.clock.now())));
        let row = outbox::ActiveModel { id: Unchanged(mail.id), status, last_attempt_at, ..Default::default() };
        row.update(&app.outside).await.unwrap();
        assert_eq!(undelivered().await, 1.0);
        app.pass(TimeDelta::hours(23));
        assert_eq!(undelivered().await, 1.0);
        app.pass(TimeDelta::hours(1));
        assert_eq!(undelivered().await, 0.0);
    }

    async fn a_job_is_overdue_by_its_schedule_until_a_replica_runs_it(app) {
        // In the order of the jobs: hourly, nightly, quarterly, and every fifteen minutes; none was ever run or watched.
        assert_eq!(overdue(app).await, [0.0; 5]);
        app.pass(TimeDelta::minutes(90) - TimeDelta::seconds(20));
        assert_eq!(overdue(app).await, [1_800.0, 0.0, 0.0, 4_500.0, 4_500.0]);

        // A scheduler that begins now has nothing to run yet.
        for job in JobName::ALL {
            scheduler::run_due(&app.app, job).await.unwrap();
        }
        assert_eq!(overdue(app).await, [0.0; 5]);
        app.pass(TimeDelta::minutes(40) - TimeDelta::seconds(10));
        assert_eq!(overdue(app).await, [610.0, 0.0, 0.0, 1_510.0, 1_510.0]);
        // A run by hand replaces no period.
        app.as_admin().await.post("jobs/check_expired_holds/run", json!({})).await.expect(200);
        assert_eq!(overdue(app).await, [620.0, 0.0, 0.0, 1_520.0, 1_520.0]);
        scheduler::run_due(&app.app, JobName::SendScheduledEmails).await.unwrap();
        assert_eq!(overdue(app).await, [630.0, 0.0, 0.0, 1_530.0, 0.0]);
    }

    async fn the_schema_and_the_scheduler_are_reported(app) {
        let figures = scrape(app).await;
        let newest = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).max().unwrap();
        let number: f64 = newest.split('_').nth(1).unwrap().parse().unwrap();
        assert_eq!((figures.value("casetrail_schema_version"), figures.get("casetrail_scheduler_on")), (number, Some(0.0)));
        let other = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000900_of_a_newer_version', 0)";
        app.outside.execute_unprepared(other).await.unwrap();
        assert_eq!(scrape(app).await.value("casetrail_schema_version"), 900.0);
        app.outside.execute_unprepared("DELETE FROM seaql_migrations WHERE applied_at = 0").await.unwrap();
    }

    async fn requests_that_are_answered_503_are_counted_by_cause(app) {
        const CAUSES: &str = "casetrail_unavailable_total";
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let before = scrape(app).await;
        for cause in ["database", "audit_log", "storage", "capacity", "readiness"] {
            assert_eq!(before.get(&format!("{CAUSES}{{cause=\"{cause}\"}}")), Some(0.0));
        }
        by.get("/no/such/path").await.expect_problem(404, "not_found");

        app.refuse_entries().await;
        by.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect_problem(503, "audit_unavailable");
        app.accept_entries().await;
        let after = scrape(app).await;
        assert_eq!(after.since(&before, CAUSES), unavailable("audit_log"));

        let document = by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let id = document["id"].as_str().unwrap();
        std::fs::remove_file(app.documents.path().join(id)).unwrap();
        by.get(&format!("documents/{id}/content")).await.expect_problem(503, "storage_unavailable");
        let later = scrape(app).await;
        assert_eq!(later.since(&after, CAUSES), unavailable("storage"));

        app.app.stopping().cancel();
        app.as_anonymous().get("/readyz").await.expect_problem(503, "unavailable");
        assert_eq!(scrape(app).await.since(&later, CAUSES), unavailable("readiness"));
    }
}
