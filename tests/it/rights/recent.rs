//! Callers who were read a moment ago: their changes read them once, in the transaction, which decides.

use crate::app::{Client, Kind, Process, Scene, Settings, TestApp, actions};
use chrono::{TimeDelta, Utc};
use entity::clock::Clock;
use entity::user::{self, Role};
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};

/// The statements that read a caller.
fn readings(app: &TestApp) -> usize {
    let statements = app.statements();
    statements.iter().filter(|sql| sql.contains("FROM \"users\" LEFT JOIN \"sessions\"")).count()
}

fn member(username: &str) -> Json {
    json!({
        "username": username, "email": format!("{username}@example.org"), "first_name": "New", "last_name": "Comer",
        "role": "member", "workshop_code": "WS001", "password": "twelve green bottles",
    })
}

async fn has_user(app: &TestApp, username: &str) -> bool {
    user::Entity::find().all(&app.outside).await.expect("users").iter().any(|user| user.username == username)
}

/// Changes the case's notes, as the statement does that reads the caller and locks the case.
async fn edit(by: &Client<'_>, case: &Scene) -> u16 {
    by.patch(&case.path(), json!({"internal_notes": by.token()})).await.status()
}

async fn create(by: &Client<'_>, username: &str) -> u16 {
    by.post("users", member(username)).await.status()
}

/// What another replica does to the account.
fn ways(id: &str) -> [(String, Option<Json>); 4] {
    [
        (format!("users/{id}/deactivate"), Some(json!({"reason": "left"}))),
        (format!("users/{id}/sessions"), None),
        (format!("users/{id}/password-reset"), Some(json!({"new_password": "twelve green bottles"}))),
        (format!("users/{id}/role"), Some(json!({"role": "manager", "reason": "too much"}))),
    ]
}

/// With a clock that stands still, so that what is kept for a second is kept however slow the machine is.
async fn another_replica_ends_rights(kind: Kind) {
    let settings = Settings { clock: Clock::fixed(Utc::now()), ..Settings::default() };
    let Some(app) = TestApp::start_with(kind, settings).await else { return };
    let replica = Process::start(&app).await;
    let (admin, case) = (app.as_admin().await, app.a_case().accepted().create().await);
    for number in 0..4 {
        let boss = app.user(&format!("boss{number}"), Role::Administrator, None).await;
        let by = app.as_user(&boss).await;
        assert_eq!((create(&by, &format!("before{number}")).await, edit(&by, &case).await), (201, 200));
        let (path, body) = ways(&boss.id.to_string()).into_iter().nth(number).expect("a way");
        let request = match &body {
            Some(body) => replica.post(&path).body(body.to_string()),
            None => replica.request(Method::DELETE, &path),
        };
        let ended = request.bearer_auth(admin.token()).send().await.expect("a response");
        assert!(ended.status().is_success(), "{path}: {}", ended.status());
        let mark = app.mark().await;

        assert_eq!((create(&by, "newcomer").await, edit(&by, &case).await), (401, 401), "{path}");

        assert!(!has_user(&app, "newcomer").await, "{path}");
        assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new(), "{path}");
    }
    replica.kill();
    app.finish().await;
}

#[tokio::test]
async fn rights_that_another_replica_ended_allow_no_change_on_sqlite() {
    another_replica_ends_rights(Kind::Sqlite).await;
}

#[tokio::test]
async fn rights_that_another_replica_ended_allow_no_change_on_postgresql() {
    another_replica_ends_rights(Kind::Postgres).await;
}

/// Of a reading that is recorded nothing is sent before the transaction that records it has read the caller.
async fn another_replica_ends_rights_to_read(kind: Kind) {
    let settings = Settings { clock: Clock::fixed(Utc::now()), ..Settings::default() };
    let Some(app) = TestApp::start_with(kind, settings).await else { return };
    let replica = Process::start(&app).await;
    let admin = app.as_admin().await;
    for (number, path) in (0..).zip(["audit-log?limit=1", "audit-log?limit=1&sort=occurred_at"]) {
        let boss = app.user(&format!("boss{number}"), Role::Manager, None).await;
        let by = app.as_user(&boss).await;
        let list = by.get(path).await.expect(200);
        let end = format!("users/{}/role", boss.id);
        let body = json!({"role": "technician", "user_level": "level_2", "reason": "works on cases again"});
        let ended = replica.post(&end).bearer_auth(admin.token()).body(body.to_string()).send().await.expect("a response");
        assert_eq!(ended.status(), 200, "{path}");
        app.statements();
        let mark = app.mark().await;

        let later = format!("{path}&cursor={}", list["page"]["next_cursor"].as_str().expect("more entries"));
        for path in [path, &later] {
            let refused = by.get(path).await;
            assert!(refused.expect_problem(401, "unauthorized")["data"].is_null(), "{path}");
        }

        assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new(), "{path}");
    }
    replica.kill();
    app.finish().await;
}

#[tokio::test]
async fn rights_that_another_replica_ended_allow_no_recorded_reading_on_sqlite() {
    another_replica_ends_rights_to_read(Kind::Sqlite).await;
}

#[tokio::test]
async fn rights_that_another_replica_ended_allow_no_recorded_reading_on_postgresql() {
    another_replica_ends_rights_to_read(Kind::Postgres).await;
}

on_each_database! {
    async fn a_recorded_reading_within_a_second_reads_its_caller_once(app) {
        let by = app.as_manager().await;
        by.get("auth/me").await.expect(200);
        for path in ["audit-log?limit=1", "audit-log?limit=2"] {
            app.statements();
            by.get(path).await.expect(200);
            assert_eq!(readings(app), 1, "in the transaction that records it");
        }
        let list = by.get("audit-log?limit=1").await.expect(200);
        let cursor = list["page"]["next_cursor"].as_str().expect("more entries");
        app.statements();
        by.get(&format!("audit-log?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(readings(app), 1, "later pages are not recorded");
        app.pass(TimeDelta::seconds(1));
        by.get("audit-log?limit=1").await.expect(200);
        assert_eq!(readings(app), 2, "before the page, and in the transaction");
    }

    async fn a_change_within_a_second_reads_its_caller_once(app) {
        let by = app.as_admin().await;
        app.statements();
        assert_eq!(create(&by, "first").await, 201);
        assert_eq!(readings(app), 2, "before the body, and in the transaction");
        app.pass(TimeDelta::milliseconds(999));
        assert_eq!(create(&by, "second").await, 201);
        assert_eq!(readings(app), 1, "in the transaction");
        by.get("auth/me").await.expect(200);
        assert_eq!(readings(app), 1, "a reading has no transaction");
        app.pass(TimeDelta::milliseconds(1000));
        assert_eq!(create(&by, "third").await, 201);
        assert_eq!(readings(app), 2, "a second later");
    }

    async fn a_change_of_a_case_reads_its_caller_and_locks_the_case_in_one_statement(app) {
        let (case, deleted) = (app.a_case().accepted().create().await, app.a_case().create().await);
        let (by, other) = (app.as_admin().await, app.user("member2", Role::Member, None).await);
        let member = app.as_user(&other).await;
        assert_eq!(by.delete(&format!("{}?reason=a+duplicate", deleted.path())).await.status(), 204);
        assert_eq!(edit(&by, &case).await, 200);
        app.statements();

        assert_eq!(edit(&by, &case).await, 200);

        let caller = app.statements().into_iter().filter(|sql| sql.contains("\"sessions\"")).collect::<Vec<_>>();
        assert!(caller.len() == 1 && caller[0].contains("FROM \"cases\""), "{caller:?}");
        for (by, case) in [(&by, &deleted), (&member, &case)] {
            let refused = by.patch(&case.path(), json!({"special_notes": "call first"})).await;
            refused.expect_problem(404, "not_found");
        }
    }

    async fn rights_that_end_here_are_noticed_before_the_body_is_read(app) {
        let (boss, admin) = (app.user("boss", Role::Administrator, None).await, app.as_admin().await);
        let by = app.as_user(&boss).await;
        by.post("users", json!({"username": 7})).await.expect_problem(422, "validation_failed");
        admin.post(&format!("users/{}/deactivate", boss.id), json!({"reason": "left"})).await.expect(200);
        by.post("users", json!({"username": 7})).await.expect_problem(401, "unauthorized");
    }
}
