//! An operator: watches the service, brings it back after a long stop, ends sessions, and hands out keys.

use super::{column, row, service_account};
use crate::app::{Exposition, Process, TestApp, actions, at};
use crate::auth::{PASSWORD, member, sign_in, text};
use api::worker::key_uses::store_key_uses;
use api::worker::scheduler;
use chrono::TimeDelta;
use entity::clock::rfc3339;
use entity::job::JobName;
use serde_json::{Value as Json, json};
use std::net::TcpListener;

/// In seconds.
const DAY: f64 = 86_400.0;

/// The service's figures, read from the database anew.
async fn scrape(app: &TestApp) -> Exposition {
    app.pass(TimeDelta::seconds(10));
    let answer = app.as_anonymous().get("/metrics").await;
    answer.expect(200);
    Exposition::parse(&answer.text)
}

/// For how long the job of releases has been overdue.
async fn release_overdue(app: &TestApp) -> f64 {
    scrape(app).await.get("casetrail_job_overdue_seconds{job_name=\"release_scheduled_cases\"}").unwrap()
}

/// Runs all jobs that are due, as the scheduler does.
async fn run_due(app: &TestApp) {
    for job in JobName::ALL {
        scheduler::run_due(&app.app, job).await.unwrap();
    }
}

/// The status and the text at a URL of a process of its own.
async fn fetch(url: &str) -> (u16, String) {
    let http = crate::app::http().build().unwrap();
    let answer = http.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

on_each_database! {
    async fn an_operator_sees_what_waits_and_what_is_left(app) {
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "passport missing"})).await.expect(200);
        app.pass(TimeDelta::minutes(5));

        let figures = scrape(app).await;

        assert_eq!(figures.value("casetrail_emails_waiting{state=\"due\"}"), 1.0);
        assert_eq!(figures.value("casetrail_emails_oldest_waiting_seconds"), 310.0);
        assert_eq!(figures.get("casetrail_scheduler_on"), Some(0.0));
        assert!(figures.value("casetrail_schema_version") > 0.0);
        assert!(figures.value("casetrail_free_space_bytes{volume=\"documents\"}") > 0.0);
    }

    async fn an_operator_keeps_the_metrics_at_an_address_of_their_own(app) {
        let apart = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let settings = [("CASETRAIL_METRICS_BIND", apart.as_str()), ("CASETRAIL_SCHEDULER", "on")];
        let process = Process::start_with(app, &settings).await;
        let (status, figures) = fetch(&format!("http://{apart}/metrics")).await;
        assert_eq!((status, Exposition::parse(&figures).get("casetrail_scheduler_on")), (200, Some(1.0)));
        assert_eq!(fetch(&format!("{}/metrics", process.base)).await.0, 404);
        assert_eq!(fetch(&format!("http://{apart}/api/v1/cases")).await.0, 404);
    }

    async fn an_operator_brings_the_service_back_after_a_long_stop(app) {
        // From now on the schedules are observed.
        run_due(app).await;
        app.a_case().completed_until(at("2026-12-01T16:00:00Z")).create().await;
        app.clock.set(at("2026-12-04T15:07:00Z"));
        assert!(release_overdue(app).await > 2.0 * DAY);
        let mark = app.mark().await;

        run_due(app).await;
        run_due(app).await;

        assert_eq!(release_overdue(app).await, 0.0);
        let runs = app.as_manager().await.get("job-runs?job_name=release_scheduled_cases").await.expect(200)["data"].clone();
        assert_eq!(column(&runs, "/scheduled_for"), ["2026-12-04T15:00:00.000Z"], "one run for all periods that were missed");
        assert_eq!((&runs[0]["status"], &runs[0]["records_processed"]), (&json!("success"), &json!(1)));
        let trail = app.since(&mark).await;
        let executed = trail.iter().filter(|entry| entry["action_type"] == "cron_job_executed").count();
        assert_eq!(executed, 4, "of releases, emails, holds and rollups: {trail:?}");
    }

    async fn an_operator_ends_the_session_on_a_lost_phone(app) {
        let user = member(app).await;
        let phone = json!({"username": "member1", "password": PASSWORD});
        let phone = app.as_anonymous().with("User-Agent", "phone").post("auth/login", phone).await.expect(200);
        let desk = sign_in(app, "member1").await;
        let by = app.as_admin().await;
        let path = format!("users/{}/sessions", user.id);
        let list = by.get(&path).await.expect(200)["data"].clone();
        let lost = row(&list, "user_agent", "phone");
        assert_eq!((list.as_array().unwrap().len(), &lost["ip_address"]), (2, &json!("127.0.0.1")));
        let mark = app.mark().await;

        by.delete(&format!("{path}/{}", text(lost, "id"))).await.expect(204);

        app.with_token(text(&phone, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        app.with_token(text(&desk, "access_token")).get("auth/me").await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["logout"]);
        assert_eq!((&trail[0]["metadata"]["event"], &trail[0]["object_id"]), (&json!("session_ended"), &lost["id"]));
        assert_eq!((&trail[0]["actor_label"], &trail[0]["related_user"]["username"]), (&json!("admin"), &json!("member1")));
        by.delete(&path).await.expect(204);
        assert_eq!(by.get(&path).await.expect(200)["data"], json!([]));
    }

    async fn an_operator_hands_out_a_key_that_ends(app) {
        let (account, _) = service_account(app, "warehouse").await;
        let (by, keys) = (app.as_admin().await, format!("{account}/api-keys"));
        let expires_at = rfc3339(app.clock.now() + TimeDelta::days(30));
        let mark = app.mark().await;

        let made = by.post(&keys, json!({"name": "Nightly import", "expires_at": expires_at})).await.expect(201);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated"]);
        let said = &trail[0]["metadata"];
        assert_eq!((&said["event"], &said["api_key_name"]), (&json!("api_key_created"), &json!("Nightly import")));
        let itself = app.with_token(text(&made, "api_key"));
        app.pass(TimeDelta::minutes(1));
        itself.get("auth/me").await.expect(200);
        store_key_uses(&app.app).await.unwrap();
        let listed = by.get(&keys).await.expect(200)["data"].clone();
        let key = row(&listed, "name", "Nightly import");
        assert_eq!((&key["expires_at"], &key["last_used_at"]), (&json!(expires_at), &json!("2026-12-01T15:01:00.000Z")));
        // The account's first key was never used and does not end.
        assert_eq!((listed[1]["expires_at"].clone(), listed[1]["last_used_at"].clone()), (Json::Null, Json::Null));

        app.pass(TimeDelta::days(30));
        let mark = app.mark().await;
        itself.get("auth/me").await.expect_problem(401, "unauthorized");
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["login"], &json!("denied")));
        assert_eq!(trail[0]["metadata"]["event"], "api_key_expired");
        app.as_admin().await.delete(&format!("{keys}/{}", text(&made, "id"))).await.expect(204);
    }
}
