//! The nightly comparison of the rollups with the log.
#![expect(clippy::disallowed_methods, reason = "these tests change rows that only the sealer writes")]

use crate::app::{TestApp, actions, at};
use api::worker::scheduler;
use chrono::TimeDelta;
use entity::job::JobName;
use entity::ledger::rollup::{rebuild_step, start_rebuild};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

async fn run(app: &TestApp, body: Json) -> Json {
    app.as_admin().await.post("jobs/check_rollups/run", body).await.expect(200)
}

async fn alerts(app: &TestApp) -> usize {
    app.as_admin().await.get("alerts").await.expect(200)["data"].as_array().unwrap().len()
}

on_each_database! {
    async fn a_difference_fails_the_run_and_alerts_the_administrators(app) {
        app.a_case().accepted().create().await;
        app.seal().await;
        let right = run(app, json!({})).await;
        assert_eq!((&right["status"], &right["records_failed"]), (&json!("success"), &json!(0)));
        assert!(right["records_processed"].as_i64().unwrap() > 3, "{right}");
        let mut days = vec!["2026-11-30"];
        days.extend(["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04", "2026-12-05", "2026-12-06", "2026-12-07"]);
        assert_eq!(app.all_entries().await.pop().unwrap()["metadata"]["days_compared"], json!(days));
        let wrong = "UPDATE ledger_type_days SET entry_count = 99 WHERE action_type = 'case_created'";
        app.outside.execute_unprepared(wrong).await.unwrap();

        let dry = run(app, json!({"dry_run": true})).await;
        assert_eq!((&dry["status"], alerts(app).await), (&json!("failure"), 0), "a dry run alerts no one");
        let mark = app.mark().await;
        let wrong = run(app, json!({})).await;

        assert_eq!((&wrong["status"], &wrong["records_failed"]), (&json!("failure"), &json!(1)));
        let error = wrong["error_message"].as_str().unwrap();
        let expected = "1 rollups of 2026-11-30, of the week from 2026-12-01 or of a month that ends in these days differ \
                        from the log, the first: ";
        assert!(error.starts_with(&format!("{expected}ledger_type_days case_created ")), "{error}");
        assert!(error.contains(" on 2026-12-01: stored 99 ("), "{error}");
        assert!(error.contains("counted 1 (") && error.ends_with("`casetrail audit recount` lists them"), "{error}");
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["cron_job_executed"], &json!("failure")));
        assert_eq!(trail[0]["metadata"]["error_message"], wrong["error_message"]);
        assert_eq!(alerts(app).await, 1);

        assert!(start_rebuild(app.app.db()).await.unwrap());
        while rebuild_step(app.app.db()).await.unwrap() {}
        assert_eq!(run(app, json!({})).await["status"], "success");
    }

    async fn yesterday_is_compared_each_night_and_a_random_week_after_it(app) {
        app.a_case().accepted().create().await;
        app.seal().await;
        // So far ahead that no random week is likely to have yesterday in it.
        let first = at("2026-12-02T15:00:00Z");
        for weeks in [0, 150, 300] {
            app.clock.set(first + TimeDelta::weeks(weeks));
            app.a_case().accepted().create().await;
            app.seal().await;
            app.clock.set(first + TimeDelta::weeks(weeks) + TimeDelta::days(1));
            let mark = app.mark().await;
            run(app, json!({})).await;
            let trail = app.since(&mark).await;
            let days = trail.last().unwrap()["metadata"]["days_compared"].as_array().unwrap();
            let days: Vec<&str> = days.iter().map(|day| day.as_str().unwrap()).collect();
            let yesterday = (first + TimeDelta::weeks(weeks)).date_naive().to_string();
            assert!(days[0] == yesterday && (7..=8).contains(&days.len()), "{days:?}");
            assert!(days[1..].iter().all(|day| *day != yesterday), "{days:?}");
        }
        let count = async |count: u32| {
            let of_yesterday = "action_type = 'case_created' AND day = '2032-09-01'";
            let sql = format!("UPDATE ledger_type_days SET entry_count = {count} WHERE {of_yesterday}");
            assert_eq!(app.outside.execute_unprepared(&sql).await.unwrap().rows_affected(), 1);
        };
        count(99).await;
        let wrong = run(app, json!({})).await;
        assert_eq!((&wrong["status"], &wrong["records_failed"]), (&json!("failure"), &json!(1)));
        count(1).await;
    }

    async fn a_month_is_compared_in_the_night_after_its_last_day(app) {
        app.a_case().accepted().create().await;
        app.seal().await;
        let count = async |count: u32| {
            let sql = format!("UPDATE ledger_actor_months SET entry_count = {count} WHERE action_type = 'case_created'");
            assert_eq!(app.outside.execute_unprepared(&sql).await.unwrap().rows_affected(), 1);
        };
        count(99).await;
        assert_eq!(run(app, json!({})).await["status"], "success", "the days from 30 November to 7 December");

        app.clock.set(at("2027-01-01T15:00:00Z"));
        let wrong = run(app, json!({})).await;

        assert_eq!((&wrong["status"], &wrong["records_failed"]), (&json!("failure"), &json!(1)));
        let error = wrong["error_message"].as_str().unwrap();
        assert!(error.contains("ledger_actor_months ") && error.contains(" on 2026-12-01: stored 99 ("), "{error}");
        count(1).await;
    }

    async fn it_runs_at_night_in_the_settings_time_zone_also_before_anything_is_sealed(app) {
        scheduler::run_due(&app.app, JobName::CheckRollups).await.unwrap();
        app.clock.set(at("2026-12-02T09:39:59Z"));
        scheduler::run_due(&app.app, JobName::CheckRollups).await.unwrap();
        app.clock.set(at("2026-12-02T09:40:00Z"));
        scheduler::run_due(&app.app, JobName::CheckRollups).await.unwrap();
        let runs = app.as_manager().await.get("job-runs?job_name=check_rollups").await.expect(200)["data"].clone();
        assert_eq!(runs.as_array().unwrap().len(), 1);
        let (period, result) = (&runs[0]["scheduled_for"], (&runs[0]["status"], &runs[0]["records_processed"]));
        assert_eq!((period, result), (&json!("2026-12-02T09:40:00.000Z"), (&json!("success"), &json!(0))));
    }
}
