//! A POST that is repeated with its `Idempotency-Key` returns the stored response and has no further effect.

use crate::app::{Kind, Process, Settings, TestApp, actions, send};
use api::http::request::idempotency::scope;
use entity::case;
use entity::clock::Clock;
use entity::idempotency::{self, Claim};
use entity::user::{Caller, Role};
use futures_util::StreamExt;
use futures_util::future::{join, join_all};
use futures_util::stream::FuturesUnordered;
use sea_orm::EntityTrait;
use serde_json::json;
use std::time::{Duration, Instant};

const KEY: &str = "order-4711";

on_each_database! {
    async fn a_retried_request_gets_the_stored_response(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await.with("Idempotency-Key", KEY);
        let mark = app.mark().await;

        let first = by.post(&case.url("hold"), json!({"reason": "passport missing"})).await;
        app.as_manager().await.post(&case.url("resume"), json!({"reason": "it came"})).await.expect(200);
        let again = by.post(&case.url("hold"), json!({"reason": "passport missing"})).await;

        first.expect(200);
        assert_eq!((again.status(), &again.text), (200, &first.text));
        assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
        assert_eq!(again.header("etag"), first.header("etag"));
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        assert_eq!(actions(&app.since(&mark).await), ["case_held", "case_resumed"]);
    }

    async fn a_retried_creation_creates_once(app) {
        let by = app.as_member().await.with("Idempotency-Key", KEY);
        let mark = app.mark().await;
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});

        let first = by.post("cases", body.clone()).await;
        let again = by.post("cases", body).await;

        first.expect(201);
        assert_eq!((again.status(), &again.text), (201, &first.text));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("location"), format!("/api/v1/cases/{}", first.json()["id"].as_str().unwrap()));
        assert_eq!(actions(&app.since(&mark).await), ["case_created"]);
    }

    async fn a_key_belongs_to_one_request_of_one_caller(app) {
        let (one, other) = (app.a_case().accepted().create().await, app.a_case().accepted().create().await);
        let by = app.as_manager().await.with("Idempotency-Key", KEY);
        by.post(&one.url("hold"), json!({"reason": "because"})).await.expect(200);
        let mark = app.mark().await;

        let body = by.post(&one.url("hold"), json!({"reason": "another reason"})).await;
        let path = by.post(&other.url("hold"), json!({"reason": "because"})).await;

        body.expect_problem(422, "idempotency_key_reused");
        path.expect_problem(422, "idempotency_key_reused");
        assert_eq!(app.since(&mark).await.len(), 0);
        let operation = by.post(&one.url("resume"), json!({"reason": "because"})).await;
        operation.expect(200);
        let another_caller = app.as_admin().await.with("Idempotency-Key", KEY);
        another_caller.post(&other.url("hold"), json!({"reason": "because"})).await.expect(200);
    }

    async fn an_error_frees_its_key(app) {
        let case = app.a_case().held().create().await;
        let by = app.as_manager().await.with("Idempotency-Key", KEY);
        let body = json!({"reason": "because"});
        by.post(&case.url("hold"), body.clone()).await.expect_problem(409, "invalid_case_state");
        by.post(&case.url("hold"), json!({})).await.expect_problem(422, "validation_failed");
        app.as_manager().await.post(&case.url("resume"), body.clone()).await.expect(200);

        by.post(&case.url("hold"), body).await.expect(200);
    }

    async fn the_response_to_a_request_without_changes_is_stored_too(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await.with("Idempotency-Key", KEY);
        let mark = app.mark().await;

        let first = by.post(&case.url("acknowledge-updates"), json!({})).await;
        let again = by.post(&case.url("acknowledge-updates"), json!({})).await;

        first.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn an_invalid_key_is_refused_by_name(app) {
        let case = app.a_case().accepted().create().await;
        let long = "k".repeat(129);
        app.as_manager().await;
        let mark = app.mark().await;
        for key in ["short", long.as_str(), "with a blank in it"] {
            let by = app.as_manager().await.with("Idempotency-Key", key);
            let answer = by.post(&case.url("hold"), json!({"reason": "because"})).await;
            answer.expect_problem(400, "invalid_header");
            assert_eq!(answer.faults(), ["header /Idempotency-Key"], "{key}");
        }
        let twice = app.as_manager().await.with("Idempotency-Key", "order-4711").with("Idempotency-Key", "order-4712");
        twice.post(&case.url("hold"), json!({"reason": "because"})).await.expect_problem(400, "invalid_header");
        let anonymous = app.as_anonymous().with("Idempotency-Key", "short");
        anonymous.post(&case.url("hold"), json!({"reason": "because"})).await.expect_problem(401, "unauthorized");
        let member = app.as_member().await.with("Idempotency-Key", "short");
        member.post(&case.url("hold"), json!({"reason": "because"})).await.expect_problem(403, "forbidden");
        assert_eq!(actions(&app.since(&mark).await), ["case_held"], "the member's attempt alone");
    }

    async fn after_a_day_a_key_is_free(app) {
        let case = app.a_case().accepted().create().await;
        let body = json!({"reason": "because"});
        let keyed = async || app.as_manager().await.with("Idempotency-Key", KEY);
        keyed().await.post(&case.url("hold"), body.clone()).await.expect(200);
        app.as_manager().await.post(&case.url("resume"), body.clone()).await.expect(200);
        app.pass(chrono::TimeDelta::hours(24) - chrono::TimeDelta::milliseconds(10));
        assert_eq!(keyed().await.post(&case.url("hold"), body.clone()).await.header("idempotency-replayed"), "true");
        app.pass(chrono::TimeDelta::milliseconds(20));

        let answer = keyed().await.post(&case.url("hold"), body).await;

        answer.expect(200);
        assert_eq!(answer.header("idempotency-replayed"), "");
        let tx = app.write().await;
        assert_eq!(idempotency::forget_old(&tx).await.unwrap(), 0);
        app.pass(chrono::TimeDelta::hours(25));
        let tx = { drop(tx); app.write().await };
        assert_eq!(idempotency::forget_old(&tx).await.unwrap(), 1);
    }

    async fn one_of_64_concurrent_requests_has_an_effect(app) {
        let by = app.as_member().await.with("Idempotency-Key", KEY);
        let mark = app.mark().await;
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});

        let answers = join_all((0..64).map(|_| by.post("cases", body.clone()))).await;

        let (created, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 201);
        others.iter().for_each(|answer| drop(answer.expect_problem(409, "idempotency_in_progress")));
        assert!(!created.is_empty());
        assert!(created.iter().all(|answer| answer.text == created[0].text), "all the same answer");
        assert_eq!(created.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
        assert_eq!(actions(&app.since(&mark).await), ["case_created"]);
    }

    async fn a_request_has_one_effect_even_if_the_process_is_killed(app) {
        let settings = Settings { clock: Clock::system(), ..Settings::default() };
        let app = &TestApp::start_with(app.kind, settings).await.unwrap();
        let manager = app.user("manager", entity::user::Role::Manager, None).await;
        app.give_password(&manager, "a long enough passphrase").await;
        for round in 0..6_u64 {
            let case = app.a_case().accepted().create().await;
            let (key, path) = (format!("order-{round:08}"), case.url("hold"));
            let mark = app.mark().await;
            let request = |process: &Process, token: &str| {
                process.post(&path).bearer_auth(token).header("idempotency-key", &key).body(r#"{"reason":"because"}"#)
            };

            let process = Process::start(app).await;
            let token = process.sign_in("manager", "a long enough passphrase").await;
            let mut many: FuturesUnordered<_> = (0..64).map(|_| send(request(&process, &token))).collect();
            let mut before = Vec::new();
            // In every other round the process is killed at the first success, else at some moment before or after.
            let is_done = round % 2 == 1;
            let success = async {
                while let Some(answer) = many.next().await {
                    let is_success = answer.as_ref().is_some_and(|answer| answer.status == 200);
                    before.push(answer);
                    if is_success {
                        break;
                    }
                }
            };
            let moment = if is_done { Duration::from_secs(60) } else { Duration::from_millis(round * 8) };
            let _ = tokio::time::timeout(moment, success).await;
            process.kill();
            before.extend(many.collect::<Vec<_>>().await);
            let process = Process::start(app).await;
            let after = send(request(&process, &token)).await.expect("an answer");

            assert_eq!(after.status, 200, "{}", after.body);
            assert!(!is_done || (after.is_replayed && before.contains(&None)), "the kill came too late: {after:?}");
            for answer in before.into_iter().flatten() {
                let is_same = (answer.status, &answer.body) == (after.status, &after.body);
                // The process uses its default timeouts; on a busy machine a caller may even get no connection in time.
                let is_refused = ["idempotency_in_progress", "unavailable"].map(|code| answer.body["code"] == code);
                assert!(is_same || is_refused.contains(&true), "{answer:?}");
            }
            let left = app.since(&mark).await;
            assert_eq!(left.iter().filter(|entry| entry["action_type"] == "case_held").count(), 1, "round {round}");
            process.kill();
        }
    }

    async fn a_request_waits_a_second_for_another_with_its_key(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await.with("Idempotency-Key", KEY);
        let (url, body) = (case.url("hold"), json!({"reason": "because"}));
        let busy = app.write().await;
        busy.lock(case::Entity::find_by_id(case.case.id)).await.unwrap();
        let mark = app.mark().await;

        let second = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let began = Instant::now();
            let answer = by.post(&url, body.clone()).await;
            drop(busy);
            (answer, began.elapsed())
        };
        let (first, (second, waited)) = join(by.post(&url, body.clone()), second).await;

        second.expect_problem(409, "idempotency_in_progress");
        assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(10), "it waited {waited:?}");
        first.expect(200);
        assert_eq!(actions(&app.since(&mark).await), ["case_held"]);
    }

    async fn a_stored_response_is_not_returned_to_a_caller_who_lost_the_right(app) {
        let case = app.a_case().accepted().create().await;
        let manager = app.user("manager", Role::Manager, None).await;
        let body = json!({"reason": "because"});
        app.as_user(&manager).await.with("Idempotency-Key", KEY).post(&case.url("hold"), body.clone()).await.expect(200);
        let demotion = json!({"role": "technician", "user_level": "level_1", "reason": "other work"});
        app.as_admin().await.post(&format!("users/{}/role", manager.id), demotion).await.expect(200);

        let again = app.as_user(&manager).await.with("Idempotency-Key", KEY).post(&case.url("hold"), body).await;

        again.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_request_does_not_wait_longer_for_another_process_with_its_key() {
    // Only PostgreSQL can be shared by processes that write concurrently.
    let settings = Settings { patience: Duration::from_secs(1), ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Postgres, settings).await else { return };
    let case = app.a_case().accepted().create().await;
    let by = app.as_manager().await.with("Idempotency-Key", KEY);
    let caller = Caller::new(by.user.as_ref().unwrap(), uuid::Uuid::nil());
    let scope = scope(&caller, "hold_case", KEY);
    // It has the key, and the case, as while it answers the same request.
    let other = app.write().await;
    assert!(matches!(idempotency::claim(&other, &scope, &"0".repeat(64)).await, Ok(Claim::Ours)));
    case::locked(&other, case.case.id, &caller).await.unwrap();

    let began = Instant::now();
    let answer = by.post(&case.url("hold"), json!({"reason": "because"})).await;

    answer.expect_problem(409, "idempotency_in_progress");
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(10), "it waited {waited:?}");
    drop(other);
    by.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
    app.finish().await;
}
