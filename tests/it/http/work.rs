//! Slow clients, overload and work that takes too long: each is reported to its caller, and affects no other request.

use crate::app::{Kind, Settings, TestApp};
use api::state::budgets::WorkLimits;
use sea_orm::EntityTrait;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends some bytes unchanged, and reads until the service closes the connection.
async fn until_closed(app: &TestApp, sent: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let (begun, mut said) = (Instant::now(), Vec::new());
    let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
    closed.expect("the connection is closed").unwrap();
    (String::from_utf8_lossy(&said).into_owned(), begun.elapsed())
}

#[track_caller]
fn expect_problem(said: &str, status: u16, code: &str) {
    assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
    assert!(said.contains("application/problem+json") && said.contains(&format!("\"code\":\"{code}\"")), "{said}");
    assert!(said.to_lowercase().contains("connection: close"), "{said}");
}

fn settings(work: WorkLimits) -> Settings {
    Settings { work, ..Settings::default() }
}

fn head(token: &str, path: &str, kind: &str, length: u64) -> String {
    let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    format!("POST /api/v1/{path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n")
}

#[tokio::test]
async fn a_body_that_does_not_arrive_times_out() {
    let work = WorkLimits { body: Duration::from_millis(300), ..WorkLimits::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings(work)).await.unwrap();
    let admin = app.as_admin().await;
    let service = app.user("etl", entity::user::Role::Service, None).await;
    let keys = format!("users/{}/api-keys", service.id);
    let mark = app.mark().await;
    for (token, path) in [("", "auth/login"), (admin.token(), "users"), (admin.token(), keys.as_str())] {
        let (said, waited) = until_closed(&app, &format!("{}{{", head(token, path, "application/json", 100))).await;
        expect_problem(&said, 408, "request_timeout");
        assert!(waited < Duration::from_secs(5), "{waited:?}");
    }
    assert_eq!(app.since(&mark).await.len(), 0);
    // 401 is checked first.
    let (said, _) = until_closed(&app, &format!("{}{{", head("nonsense", "users", "application/json", 100))).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 401 "), "{said}");
    app.finish().await;
}

#[tokio::test]
async fn a_too_large_content_length_is_refused_before_the_body_arrives() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let member = app.as_member().await;
    let case = app.a_case().create().await;
    let documents = case.url("documents");
    for (path, kind, length) in [
        ("auth/login", "application/json", 8_193),
        ("auth/refresh", "application/json", 8_193),
        ("cases", "application/json", 65_537),
        (documents.as_str(), "multipart/form-data; boundary=x", 60 * 1024 * 1024),
    ] {
        let (said, waited) = until_closed(&app, &head(member.token(), path, kind, length)).await;
        expect_problem(&said, 413, "payload_too_large");
        assert!(waited < Duration::from_secs(5), "{path}: {waited:?}");
    }
    app.finish().await;
}

/// A request of which everything is sent except the last byte of its body.
async fn on_its_way(app: &TestApp, head: &str, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(format!("{head}{{{}", " ".repeat(length - 2)).as_bytes()).await.unwrap();
    stream
}

/// A batch of which almost everything may be missing.
const LENGTH: u64 = 200_000;

fn batch(token: &str) -> String {
    head(token, "ingest/credit-resets", "application/json", LENGTH)
}

/// The same without its length.
fn chunked(head: &str) -> String {
    head.replace(&format!("Content-Length: {LENGTH}"), "Transfer-Encoding: chunked")
}

/// The status of the response to a request whose body arrives completely.
async fn status_of(app: &TestApp, head: &str) -> String {
    let whole = format!("{{{}}}", " ".repeat(usize::try_from(LENGTH).unwrap() - 2));
    let closing = head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let body = if head.contains("chunked") { format!("{LENGTH:x}\r\n{whole}\r\n0\r\n\r\n") } else { whole };
    let (said, _) = until_closed(app, &format!("{closing}{body}")).await;
    said.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn bodies_are_refused_while_others_use_up_the_memory_for_them() {
    let work = WorkLimits { bodies: 500_000, bodies_per_caller: 500_000, ..WorkLimits::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings(work)).await.unwrap();
    let admin = app.as_admin().await;
    let large = batch(admin.token());
    let mut heads = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        stream.write_all(large.as_bytes()).await.unwrap();
        heads.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(status_of(&app, &large).await, "422", "a head alone takes nothing");
    let on_their_way = [on_its_way(&app, &large, 200_000).await, on_its_way(&app, &large, 200_000).await];
    tokio::time::sleep(Duration::from_millis(300)).await;
    // One more, also if it doesn't say how long it is; a small one is taken.
    for head in [large.clone(), chunked(&large)] {
        assert_eq!(status_of(&app, &head).await, "503");
    }
    app.as_admin().await.post("ingest/credit-resets", serde_json::json!({})).await.expect_problem(422, "validation_failed");
    // What they held is free again when they have gone.
    drop(on_their_way);
    tokio::time::sleep(Duration::from_millis(300)).await;
    for head in [&large, &chunked(&large)].repeat(3) {
        assert_eq!(status_of(&app, head).await, "422");
    }
    app.finish().await;
}

#[tokio::test]
async fn one_caller_whose_bodies_use_up_their_share_keeps_no_other_body_out() {
    let work = WorkLimits { bodies: 1_000_000, bodies_per_caller: 250_000, ..WorkLimits::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings(work)).await.unwrap();
    let (greedy, other) = (app.as_admin().await, app.user("admin2", entity::user::Role::Administrator, None).await);
    let other = app.as_user(&other).await;
    let _on_its_way = on_its_way(&app, &batch(greedy.token()), 200_000).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(status_of(&app, &batch(greedy.token())).await, "503");
    assert_eq!(status_of(&app, &batch(other.token())).await, "422");
    app.finish().await;
}

#[tokio::test]
async fn slow_senders_occupy_no_slot_and_requests_without_a_slot_are_refused() {
    let work = WorkLimits { requests: 2, ..WorkLimits::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings(work)).await.unwrap();
    let member = app.as_member().await;
    let mut slow = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        stream.write_all(head("", "auth/login", "application/json", 100).as_bytes()).await.unwrap();
        slow.push(stream);
    }
    for _ in 0..5 {
        member.get("auth/me").await.expect(200);
    }
    // Writers wait for the lock that the test holds: they occupy both places.
    let busy = app.write().await;
    let names = serde_json::json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
    let answers = {
        let waiting = futures_util::future::join_all((0..4).map(|_| member.post("cases", names.clone())));
        let probing = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let refused = member.get("auth/me").await;
            refused.expect_problem(503, "unavailable");
            assert_eq!(refused.header("retry-after"), "1");
            member.get("/livez").await.expect(200);
            member.get("/metrics").await.expect(200);
            drop(busy);
        };
        futures_util::future::join(waiting, probing).await.0
    };
    let done = answers.iter().filter(|answer| answer.status() == 201).count();
    assert_eq!(done, 2, "{answers:?}");
    assert!(answers.iter().filter(|answer| answer.status() != 201).all(|answer| answer.status() == 503));
    member.get("auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn probes_are_answered_while_every_place_is_taken() {
    let work = WorkLimits { requests: 1, ..WorkLimits::default() };
    let Some(app) = TestApp::start_with(Kind::Postgres, settings(work)).await else { return };
    let member = app.as_member().await;
    let case = app.a_case().create().await;
    let busy = app.write().await;
    busy.lock(entity::case::Entity::find_by_id(uuid::Uuid::parse_str(&case.id()).unwrap())).await.unwrap();
    let edit = serde_json::json!({"employee_first_name": "Eve"});
    let probing = async {
        let begun_at = Instant::now();
        while member.get("auth/me").await.status() != 503 {
            assert!(begun_at.elapsed() < Duration::from_secs(15), "the place is free");
        }
        for probe in ["/livez", "/readyz", "/metrics"] {
            member.get(probe).await.expect(200);
        }
        drop(busy);
    };
    let path = case.path();
    futures_util::future::join(member.patch(&path, edit), probing).await.0.expect(200);
    app.finish().await;
}

on_each_database! {
    async fn a_request_that_takes_too_long_is_aborted_and_changes_nothing(app) {
        let _ = app;
        let work = WorkLimits { handler: Duration::from_millis(500), ..WorkLimits::default() };
        let Some(app) = TestApp::start_with(app.kind, settings(work)).await else { return };
        let member = app.as_member().await;
        let case = app.a_case().create().await;
        let busy = app.write().await;
        let locked = entity::case::Entity::find_by_id(uuid::Uuid::parse_str(&case.id()).unwrap());
        busy.lock(locked).await.unwrap();
        let mark = app.mark().await;
        let begun = Instant::now();
        let answer = member.patch(&case.path(), serde_json::json!({"employee_first_name": "Eve"})).await;
        answer.expect_problem(503, "unavailable");
        assert_eq!(answer.header("connection"), "close");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        drop(busy);
        assert_eq!(app.since(&mark).await.len(), 0);
        assert_ne!(member.get(&case.path()).await.expect(200)["employee_first_name"], "Eve");
        app.finish().await;
    }

    async fn reports_have_a_time_limit_of_their_own(app) {
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(60));
        for (handler, report, status) in [(long, short, 503), (short, long, 200)] {
            let work = WorkLimits { handler, report, ..WorkLimits::default() };
            let Some(app) = TestApp::start_with(app.kind, settings(work)).await else { return };
            let (manager, mark) = (app.as_manager().await, app.mark().await);
            assert_eq!(manager.get("reports/activity-summary").await.status(), status);
            let read = app.since(&mark).await.iter().filter(|entry| entry["action_type"] == "report_generated").count();
            assert_eq!(read, usize::from(status == 200), "a report that was not returned leaves no entry");
            app.finish().await;
        }
    }

    async fn eight_concurrent_searches_do_not_block_other_requests(app) {
        let (manager, member) = (app.as_manager().await, app.as_member().await);
        let searching = futures_util::future::join_all((0..8).map(|_| async {
            let mut answers = [0, 0];
            for path in ["cases?q=moss", "audit-log?q=moss&include_total=true", "reports/case-changes"].repeat(5) {
                let answer = manager.get(path).await;
                assert!([200, 503].contains(&answer.status()), "{}", answer.text);
                answers[usize::from(answer.status() == 503)] += 1;
            }
            answers
        }));
        let asking = async {
            for _ in 0..30 {
                member.get("auth/me").await.expect(200);
                manager.get("cases").await.expect(200);
            }
        };
        let (searches, ()) = futures_util::future::join(searching, asking).await;
        assert!(searches.iter().map(|[found, _]| found).sum::<usize>() > 0, "{searches:?}");
    }
}
