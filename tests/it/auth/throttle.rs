//! Guessing passwords and refresh tokens: increasing waits per account and address, counted in the database.

use super::{PASSWORD, member, sign_in, text};
use crate::app::{Answer, Kind, Process, Settings, TestApp, actions, at};
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::Clock;
use entity::throttle;
use entity::user::Role;
use futures_util::future::join_all;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, Statement};
use serde_json::{Value as Json, json};

const WRONG: &str = "not this one";

async fn attempt(app: &TestApp, username: &str, password: &str) -> Answer {
    app.as_anonymous().post("auth/login", json!({"username": username, "password": password})).await
}

/// A client at another address of this machine.
fn at_address(address: &str) -> reqwest::Client {
    crate::app::http().local_address(Some(address.parse().unwrap())).build().unwrap()
}

/// An attempt by another client: status, code, seconds to wait.
async fn attempt_from(app: &TestApp, http: &reqwest::Client, username: &str, password: &str) -> (u16, String, String) {
    let body = json!({"username": username, "password": password}).to_string();
    let request = http.post(format!("{}/api/v1/auth/login", app.base)).header("content-type", "application/json").body(body);
    let response = request.send().await.unwrap();
    let wait = response.headers().get("retry-after").map_or("", |wait| wait.to_str().unwrap()).to_owned();
    let status = response.status().as_u16();
    let body: Json = response.json().await.unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned(), wait)
}

#[track_caller]
fn refused_for(answer: &Answer, seconds: &str) -> Json {
    let problem = answer.expect_problem(429, "too_many_attempts");
    assert_eq!(answer.header("retry-after"), seconds);
    problem
}

/// The number of failures of each counter, highest first.
async fn counts(app: &TestApp) -> Vec<i32> {
    let rows = throttle::Entity::find().all(&app.outside).await.unwrap();
    let mut counts: Vec<i32> = rows.iter().map(|row| row.failed_count).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

on_each_database! {
    async fn after_a_failure_right_and_wrong_passwords_are_throttled_alike_until_a_success(app) {
        member(app).await;
        attempt(app, "member1", WRONG).await.expect_problem(401, "invalid_credentials");
        let mark = app.mark().await;

        let mut problems =
            [refused_for(&attempt(app, "member1", PASSWORD).await, "1"), refused_for(&attempt(app, "member1", WRONG).await, "1")];
        problems.iter_mut().for_each(|problem| drop(problem["request_id"].take()));
        assert_eq!(problems[0], problems[1]);
        app.pass(TimeDelta::milliseconds(999));
        refused_for(&attempt(app, "MEMBER1", PASSWORD).await, "1");

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"; 3]);
        for entry in &trail {
            assert_eq!((&entry["outcome"], &entry["metadata"]["event"]), (&json!("denied"), &json!("too_many_attempts")));
            assert_eq!((&entry["actor_type"], &entry["related_user"]["username"]), (&json!("anonymous"), &json!("member1")));
        }
        app.pass(TimeDelta::milliseconds(1));
        sign_in(app, "member1").await;
        assert_eq!(counts(app).await, [1], "the pair begins anew, the account keeps its failure");
        attempt(app, "member1", WRONG).await.expect_problem(401, "invalid_credentials");
        refused_for(&attempt(app, "member1", PASSWORD).await, "1");
    }

    async fn the_waits_grow_with_the_failures(app) {
        member(app).await;
        for failures in 1..=99 {
            attempt(app, "member1", WRONG).await.expect_problem(401, "invalid_credentials");
            let wait = match failures { 1..=2 => 1, 3..=8 => 3, 9..=24 => 5, _ => 10 };
            refused_for(&attempt(app, "member1", PASSWORD).await, &wait.to_string());
            app.pass(TimeDelta::seconds(wait));
        }
        assert_eq!(counts(app).await, [99, 99]);
        sign_in(app, "member1").await;
        assert_eq!(counts(app).await, [99]);
    }

    async fn another_address_and_another_account_are_not_affected(app) {
        member(app).await;
        let other = app.user("other", Role::Manager, None).await;
        app.give_password(&other, PASSWORD).await;
        attempt(app, "member1", WRONG).await.expect_problem(401, "invalid_credentials");

        sign_in(app, "other").await;
        assert_eq!(attempt_from(app, &at_address("127.0.0.2"), "member1", PASSWORD).await.0, 200);
        refused_for(&attempt(app, "member1", PASSWORD).await, "1");
    }

    async fn the_addresses_of_one_ipv6_network_are_throttled_together(app) {
        let proxies = vec!["127.0.0.1/32".parse().unwrap()];
        let app = TestApp::start_with(app.kind, Settings { trusted_proxies: proxies, ..Settings::default() }).await.unwrap();
        member(&app).await;
        let from = async |address: &str, password: &str| {
            let by = app.as_anonymous().with("X-Forwarded-For", address);
            by.post("auth/login", json!({"username": "member1", "password": password})).await
        };
        from("2001:db8:0:1::1", WRONG).await.expect_problem(401, "invalid_credentials");
        refused_for(&from("2001:db8:0:1:ffff::2", PASSWORD).await, "1");
        from("2001:db8:0:2::1", PASSWORD).await.expect(200);
        app.finish().await;
    }

    async fn unknown_and_known_usernames_are_throttled_alike(app) {
        member(app).await;
        let mut seen = Vec::new();
        for name in ["member1", "no-such-user"] {
            let mut answers = Vec::new();
            app.statements();
            for _ in 0..4 {
                answers.push(attempt(app, name, WRONG).await);
                answers.push(attempt(app, name, WRONG).await);
                app.pass(TimeDelta::seconds(2));
            }
            let statements = app.statements();
            let answers: Vec<_> = answers.iter().map(|answer| {
                let mut body = answer.json();
                body["request_id"].take();
                let mut headers = answer.headers.clone();
                for name in ["x-request-id", "date"] {
                    headers.remove(name);
                }
                (answer.status, headers, body)
            }).collect();
            seen.push((answers, statements));
        }
        let statuses: Vec<u16> = seen[0].0.iter().map(|answer| answer.0.as_u16()).collect();
        assert_eq!(statuses, [401, 429, 401, 429, 401, 429, 429, 429]);
        assert_eq!(seen[0], seen[1]);
        assert!(!json!(app.all_entries().await).to_string().contains("no-such-user"));
        assert!(!format!("{:?}", throttle::Entity::find().all(&app.outside).await.unwrap()).contains("no-such-user"));
    }

    async fn only_one_of_many_concurrent_guesses_is_checked(app) {
        member(app).await;
        let answers = join_all((0..64).map(|_| attempt(app, "member1", WRONG))).await;
        let examined = answers.iter().filter(|answer| answer.status() == 401).count();
        let refused = answers.iter().filter(|answer| answer.status() == 429).count();
        assert_eq!((examined, refused), (1, 63));
        assert_eq!(counts(app).await, [1, 1]);
    }

    async fn concurrent_sign_ins_with_the_right_password_all_succeed(app) {
        member(app).await;
        let answers = join_all((0..8).map(|_| attempt(app, "member1", PASSWORD))).await;
        assert!(answers.iter().all(|answer| answer.status() == 200), "{answers:?}");
        assert_eq!(counts(app).await, [0]);
    }

    async fn a_hundred_failures_lock_an_account_for_a_day_but_not_its_sessions(app) {
        let user = member(app).await;
        let mut session = sign_in(app, "member1").await;
        let other = app.user("other", Role::Manager, None).await;
        app.give_password(&other, PASSWORD).await;
        let elsewhere: Vec<_> = (1..=10).map(|number| at_address(&format!("127.1.0.{number}"))).collect();
        let fresh = at_address("127.2.0.1");
        for _ in 0..10 {
            for http in &elsewhere {
                for name in ["member1", "no-such-user"] {
                    assert_eq!(attempt_from(app, http, name, WRONG).await.0, 401, "{name}");
                }
            }
            app.pass(TimeDelta::seconds(5));
        }

        for name in ["member1", "no-such-user"] {
            let closed = attempt_from(app, &fresh, name, PASSWORD).await;
            assert_eq!(closed, (429, "too_many_attempts".to_owned(), "86350".to_owned()));
        }
        assert_eq!(attempt_from(app, &fresh, "other", PASSWORD).await.0, 200);
        app.with_token(text(&session, "access_token")).get("auth/me").await.expect(200);
        let refresh = json!({"refresh_token": text(&session, "refresh_token")});
        session = app.as_anonymous().post("auth/refresh", refresh).await.expect(200);
        app.pass(TimeDelta::hours(23) - TimeDelta::seconds(50));
        refused_for(&attempt(app, "member1", PASSWORD).await, "3600");
        let refresh = json!({"refresh_token": text(&session, "refresh_token")});
        app.as_anonymous().post("auth/refresh", refresh).await.expect(200);
        let new = json!({"new_password": "thirteen blue bottles"});
        app.as_admin().await.post(&format!("users/{}/password-reset", user.id), new).await.expect(204);
        attempt(app, "member1", "thirteen blue bottles").await.expect(200);
        refused_for(&attempt(app, "no-such-user", PASSWORD).await, "3600");
        app.pass(TimeDelta::hours(1));
        attempt(app, "no-such-user", PASSWORD).await.expect_problem(401, "invalid_credentials");
    }

    async fn guesses_of_the_current_password_are_throttled_like_sign_ins(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;
        let by = app.with_token(text(&pair, "access_token"));
        let change = async |current: &str| {
            by.post("auth/me/password", json!({"current_password": current, "new_password": "thirteen blue bottles"})).await
        };
        change(WRONG).await.expect_problem(403, "wrong_password");
        let mark = app.mark().await;

        refused_for(&change(PASSWORD).await, "1");
        refused_for(&attempt(app, "member1", PASSWORD).await, "1");

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated", "login"]);
        assert_eq!((&trail[0]["outcome"], &trail[0]["actor"]["username"]), (&json!("denied"), &json!("member1")));
        assert_eq!(trail[0]["metadata"], json!({"operation": "change_own_password", "code": "too_many_attempts"}));
        by.get("auth/me").await.expect(200);
        let answers = join_all((0..60).map(|_| change(WRONG))).await;
        assert!(answers.iter().all(|answer| answer.status() == 429));
        app.pass(TimeDelta::seconds(1));
        change(PASSWORD).await.expect(204);
        assert_eq!(counts(app).await, [1]);
    }

    async fn unknown_refresh_tokens_are_throttled_by_address_and_known_ones_are_not(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;
        let guess = async |operation: &str| app.as_anonymous().post(operation, json!({"refresh_token": "a guess"})).await;
        for failures in 1..=30 {
            guess("auth/refresh").await.expect_problem(401, "invalid_refresh_token");
            let wait = match failures { 1..=2 => 1, 3..=8 => 3, 9..=24 => 5, _ => 10 };
            refused_for(&guess(if failures % 2 == 0 { "auth/refresh" } else { "auth/logout" }).await, &wait.to_string());
            app.pass(TimeDelta::seconds(wait));
        }
        guess("auth/refresh").await.expect_problem(401, "invalid_refresh_token");
        let mark = app.mark().await;
        app.pass(TimeDelta::seconds(9));
        refused_for(&guess("auth/refresh").await, "1");
        let known = json!({"refresh_token": text(&pair, "refresh_token")});
        app.as_anonymous().post("auth/refresh", known).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["login"], &json!("denied")));
        assert_eq!(trail[0]["metadata"]["event"], "too_many_attempts");
    }

    async fn a_flood_of_refused_attempts_is_folded(app) {
        member(app).await;
        let mark = app.mark().await;
        attempt(app, "member1", WRONG).await.expect(401);
        for _ in 0..30 {
            refused_for(&attempt(app, "member1", PASSWORD).await, "1");
        }
        assert_eq!(app.since(&mark).await.len(), 21, "the failure, and twenty of the refusals");

        app.pass(TimeDelta::minutes(1));
        attempt(app, "member1", WRONG).await.expect(401);
        refused_for(&attempt(app, "member1", PASSWORD).await, "1");

        let trail = app.since(&mark).await;
        let folded: Vec<&Json> = trail.iter().skip(21).map(|entry| &entry["metadata"]["folded_count"]).collect();
        assert_eq!(folded, [&Json::Null, &json!(10)], "of the failures none was only counted");
        assert!(!json!(trail).to_string().contains(WRONG) && !json!(trail).to_string().contains(PASSWORD));
    }

    async fn counters_are_deleted_after_a_day_and_beyond_a_hundred_thousand(app) {
        attempt(app, "no-such-user", WRONG).await.expect(401);
        let forget = async || {
            let tx = app.write().await;
            let forgotten = (throttle::forget_old(&tx).await.unwrap(), throttle::forget_surplus(&tx).await.unwrap());
            tx.commit().await.unwrap();
            forgotten
        };
        assert_eq!(forget().await, (0, 0));
        let backend = app.outside.get_database_backend();
        let many = "INSERT INTO sign_in_throttles WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                    WHERE i < 100003) SELECT 'p:' || i, 'a:' || i, 0, resets_at, resets_at \
                    FROM n, (SELECT min(resets_at) AS resets_at FROM sign_in_throttles) AS t";
        app.outside.query_all_raw(Statement::from_string(backend, many)).await.unwrap();
        assert_eq!(forget().await, (0, 5));
        assert_eq!(throttle::Entity::find().count(&app.outside).await.unwrap(), throttle::KEPT_MAX);
        assert_eq!(counts(app).await[..3], [1, 1, 0], "those who failed are kept");
        app.pass(TimeDelta::hours(24));
        assert_eq!(forget().await, (throttle::FORGOTTEN_AT_ONCE, 0));
    }
}

/// One minute ahead of the process that shares its database, so that a wait can't end while a busy machine takes its time.
async fn replicas_share(kind: Kind) {
    let now: DateTime<Utc> = Utc::now();
    let settings = Settings { clock: Clock::fixed(now + TimeDelta::minutes(1)), ..Settings::default() };
    let Some(app) = TestApp::start_with(kind, settings).await else { return };
    assert!(app.clock.now() > at("2026-01-01T00:00:00Z"));
    member(&app).await;
    let replica = Process::start(&app).await;
    let elsewhere = async |password: &str| {
        let body = json!({"username": "member1", "password": password}).to_string();
        replica.post("auth/login").body(body).send().await.unwrap()
    };
    attempt(&app, "member1", WRONG).await.expect_problem(401, "invalid_credentials");

    let refused = elsewhere(PASSWORD).await;

    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    app.pass(TimeDelta::seconds(1));
    let both = join_all((0..64).map(|number| async move { number })).await;
    let (app_ref, elsewhere) = (&app, &elsewhere);
    let statuses = join_all(both.into_iter().map(|number| async move {
        if number % 2 == 0 { attempt(app_ref, "member1", WRONG).await.status() } else { elsewhere(WRONG).await.status().as_u16() }
    }));
    let statuses = statuses.await;
    let examined = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!((examined, statuses.iter().filter(|status| **status == 429).count()), (1, 63), "{statuses:?}");
    assert_eq!(counts(&app).await, [2, 2]);
    replica.kill();
    app.finish().await;
}

#[tokio::test]
async fn replicas_share_their_counters_on_sqlite() {
    replicas_share(Kind::Sqlite).await;
}

#[tokio::test]
async fn replicas_share_their_counters_on_postgresql() {
    replicas_share(Kind::Postgres).await;
}
