//! A consumer follows the sealed log by its last sequence, misses nothing, and can show that.

use crate::app::{Answer, Client, Fresh, Kind, Settings, TestApp, actions};
use api::state::budgets::WorkLimits;
use api::worker::folding::report_folded;
use chrono::TimeDelta;
use entity::audit::Event;
use entity::text::sha256_hex;
use entity::user::Role;
use futures_util::future::join_all;
use serde_json::{Map, Value as Json, json};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// What a request that waits gives the test to act.
const MEANWHILE: Duration = Duration::from_millis(300);
/// A wait of thirty seconds was ended early if it took less than this, also on a busy machine.
const SOON: Duration = Duration::from_secs(15);

fn items(list: &Json) -> Vec<Json> {
    list["items"].as_array().expect("items").clone()
}

/// Everything after a sequence, page by page: each item has the sequence after the one before.
async fn follow(by: &Client<'_>, mut after: i64, limit: usize) -> Vec<Json> {
    let mut all = Vec::new();
    loop {
        let list = by.get(&format!("ledger/entries?after={after}&limit={limit}")).await.expect(200);
        let page = items(&list);
        for item in &page {
            assert_eq!(item["sequence"], after + 1);
            after += 1;
        }
        assert_eq!(list["last_sequence"], after);
        all.extend(page);
        if list["has_more"] == false {
            return all;
        }
        assert!(all.len() % limit == 0 && !all.is_empty(), "a page is full if there are more");
    }
}

/// Seals everything, also the entry about reading it, and returns the last sequence.
async fn end(app: &TestApp, by: &Client<'_>) -> i64 {
    by.get("ledger/entries?limit=1").await.expect(200);
    app.seal().await;
    i64::try_from(follow(by, 0, 1_000).await.len()).unwrap()
}

/// The request for a service account with a scope.
fn account(name: &str, scope: &str) -> Json {
    json!({
        "username": name, "email": format!("{name}@example.org"), "first_name": "Data", "last_name": "Warehouse",
        "role": "service", "scopes": [scope],
    })
}

/// Waits for what comes after a sequence while something happens; the answer, and how long it took.
async fn awaited(by: &Client<'_>, after: i64, happens: impl Future<Output = ()>) -> (Answer, Duration) {
    let (begun, path) = (Instant::now(), format!("ledger/entries?after={after}&wait_seconds=30"));
    let waiting = async {
        let answer = by.get(&path).await;
        (answer, begun.elapsed())
    };
    let acting = async {
        sleep(MEANWHILE).await;
        happens.await;
    };
    tokio::join!(waiting, acting).0
}

on_each_database! {
    async fn a_consumer_reads_each_entry_once_with_a_hash_that_verifies(app) {
        let by = app.as_manager().await;
        assert_eq!(items(&by.get("ledger/entries").await.expect(200)).len(), 0, "nothing is sealed");
        app.a_case().accepted().create().await;
        app.seal().await;
        app.a_case().held().create().await;
        app.seal().await;
        let known = app.all_entries().await;
        let shown = by.get("audit-log?sort=occurred_at&limit=200").await.expect(200);

        for limit in [1, 2, known.len(), 1_000] {
            let all = follow(&by, 0, limit).await;
            let mut stored: Vec<Json> = Vec::new();
            for item in &all {
                let body = item["body"].as_str().unwrap();
                assert_eq!(item["leaf_hash"], sha256_hex(&[&[0][..], body.as_bytes()].concat()));
                stored.push(serde_json::from_str(body).unwrap());
                assert_eq!(item["entry"]["sequence"], item["sequence"]);
                assert!(shown["data"].as_array().unwrap().contains(&item["entry"]), "as the log shows it: {item}");
            }
            stored.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
            assert_eq!(stored, known, "{limit}");
            assert_eq!(follow(&by, 2, limit).await, all[2..], "{limit}");
        }
    }

    async fn a_page_is_bounded_by_the_bytes_of_its_bodies(app) {
        const PAGE_BYTES_MAX: usize = 1 << 20;
        let by = app.as_manager().await;
        let after = end(app, &by).await;
        // With one in between that is longer than a page.
        for length in [[30_000; 40].as_slice(), &[1_500_000, 10], &[30_000; 40]].concat() {
            let metadata = Map::from_iter([("text".to_owned(), json!("é".repeat(length / 2)))]);
            let tx = app.write().await;
            tx.record(Event::reported_activity("letter_sent", "A letter went out", None, metadata)).await.unwrap();
            tx.commit().await.unwrap();
        }
        app.seal().await;
        let (mut last, mut pages) = (after, Vec::new());
        loop {
            let list = by.get(&format!("ledger/entries?after={last}&limit=1000")).await.expect(200);
            let bytes: Vec<usize> = items(&list).iter().map(|item| item["body"].as_str().unwrap().len()).collect();
            assert_eq!(items(&list)[0]["sequence"], last + 1);
            last += i64::try_from(bytes.len()).unwrap();
            assert_eq!(list["last_sequence"], last);
            pages.push(bytes);
            if list["has_more"] == false {
                break;
            }
        }
        assert_eq!(usize::try_from(last).unwrap(), app.all_entries().await.len());
        for (page, next) in pages.iter().zip(pages.iter().skip(1)) {
            let bytes: usize = page.iter().sum();
            assert!(bytes <= PAGE_BYTES_MAX || page.len() == 1, "{page:?}");
            assert!(bytes + next[0] > PAGE_BYTES_MAX, "{page:?} {next:?}");
        }
        assert!(pages.iter().any(|page| page.len() == 1), "the long one alone");
        let lines = by.get(&format!("ledger/entries?after={after}&limit=1000&format=ndjson")).await;
        assert_eq!(lines.lines_of_unicode().len(), pages[0].len());
        // A page that ends with the limit or with the log is as it was.
        assert_eq!(items(&by.get(&format!("ledger/entries?after={after}&limit=3")).await.expect(200)).len(), 3);
        let list = by.get(&format!("ledger/entries?after={}&limit=1", last - 1)).await.expect(200);
        assert_eq!((items(&list).len(), &list["has_more"]), (1, &json!(false)));
    }

    async fn an_entry_has_its_sequence_everywhere_once_it_is_sealed(app) {
        let case = app.a_case().accepted().create().await;
        let (by, member) = (app.as_manager().await, app.as_member().await);
        by.post(&case.url("hold"), json!({"reason": "waiting for pay stub"})).await.expect(200);
        let (trail, own) = (case.url("audit-trail"), format!("users/{}/audit-trail", by.id()));
        let lists = ["audit-log?action_type=case_held", trail.as_str(), own.as_str(), "auth/me/activity"];
        let held = async |by: &Client<'_>, path: &str| {
            let list = by.get(path).await.expect(200);
            let held = list["data"].as_array().unwrap().iter().find(|entry| entry["action_type"] == "case_held").cloned();
            held.unwrap_or_else(|| panic!("{path}: {list}"))
        };
        for path in lists {
            assert_eq!(held(&by, path).await["sequence"], Json::Null, "{path}");
        }
        app.seal().await;
        let all = follow(&by, 0, 1_000).await;
        let item = all.iter().find(|item| item["entry"]["action_type"] == "case_held").unwrap();
        for path in lists {
            assert_eq!(held(&by, path).await, item["entry"], "{path}");
        }
        let one = by.get(&format!("audit-log/{}", item["entry"]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(one["sequence"], item["sequence"]);
        let lines = by.get("audit-log/export.ndjson?action_type=case_held").await.text;
        assert_eq!(serde_json::from_str::<Json>(lines.lines().next().unwrap()).unwrap(), item["entry"]);
        let file = by.get("audit-log/export.csv?action_type=case_held").await.text;
        assert!(file.lines().nth(1).unwrap().ends_with(&format!(",{}", item["sequence"])), "{file}");
        assert_eq!(held(&member, &trail).await["sequence"], Json::Null, "how much happens elsewhere is not for members");
    }

    async fn a_parameter_out_of_bounds_is_refused_by_name(app) {
        let by = app.as_manager().await;
        for (query, name) in [
            ("limit=0", "limit"), ("limit=1001", "limit"), ("after=-1", "after"), ("after=9007199254740992", "after"),
            ("after=01a20725-be30-7584-bca5-f00e655c90d6", "after"), ("wait_seconds=31", "wait_seconds"),
            ("wait_seconds=-1", "wait_seconds"), ("wait=committed", "wait"), ("format=csv", "format"), ("cursor=a.b", "cursor"),
        ] {
            let answer = by.get(&format!("ledger/entries?{query}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), [format!("query /{name}")], "{query}");
        }
        app.seal().await;
        let end = end(app, &by).await;
        let list = by.get(&format!("ledger/entries?after={end}&limit=1000")).await.expect(200);
        assert_eq!(list, json!({"items": [], "last_sequence": end, "has_more": false}));
    }

    async fn a_consumer_that_is_ahead_of_the_log_is_told(app) {
        let by = app.as_manager().await;
        app.seal().await;
        let end = end(app, &by).await;
        // As after the restoration of a backup: what gets these sequences later is not what the consumer has.
        for (after, wait) in [(end + 1, "wait_seconds=30"), (end + 900, "wait=sealed"), (9_007_199_254_740_991, "limit=1")] {
            let answer = by.get(&format!("ledger/entries?after={after}&{wait}")).await;
            answer.expect_problem(409, "sequence_unknown");
            assert_eq!(answer.faults(), ["query /after"], "{after}");
        }
    }

    async fn of_many_callers_who_wait_for_sealing_each_gets_the_entry(app) {
        let by = app.as_manager().await;
        app.seal().await;
        let after = end(app, &by).await;
        app.a_case().held().create().await;
        let path = format!("ledger/entries?after={after}&wait=sealed");
        for answer in join_all((0..12).map(|_| by.get(&path))).await {
            assert!(!items(&answer.expect(200)).is_empty());
        }
    }

    async fn the_same_items_are_available_as_lines(app) {
        app.a_case().held().create().await;
        app.seal().await;
        let by = app.as_manager().await;
        let all = follow(&by, 0, 1_000).await;
        for (query, accept, is_ndjson) in [
            ("format=ndjson", "application/json", true),
            ("limit=1000", "application/x-ndjson", true),
            ("limit=1000", "text/plain, Application/X-NDJSON;q=0.9", true),
            ("limit=1000", "application/json, application/x-ndjson", false),
            ("format=json", "application/x-ndjson", false),
            ("limit=1000", "*/*", false),
        ] {
            let answer = by.clone().with("Accept", accept).get(&format!("ledger/entries?{query}")).await;
            assert_eq!((answer.status(), answer.header("cache-control")), (200, "no-store"));
            let kind = if is_ndjson { "application/x-ndjson" } else { "application/json" };
            assert_eq!(answer.header("content-type"), kind, "{query} {accept}");
            let found: Vec<Json> = match is_ndjson {
                true => answer.lines_of_unicode().into_iter().map(|line| serde_json::from_str(line).unwrap()).collect(),
                false => items(&answer.json()),
            };
            assert_eq!(found, all, "{query} {accept}");
        }
        let rest = by.get(&format!("ledger/entries?format=ndjson&after={}", all.len())).await;
        assert_eq!((rest.status(), rest.text.as_str()), (200, ""));
    }

    async fn a_waiting_request_is_answered_as_soon_as_an_entry_is_sealed(app) {
        let (by, case) = (app.as_manager().await, app.a_case().accepted().create().await);
        app.seal().await;
        let after = end(app, &by).await;
        let (answer, took) = awaited(&by, after, async {
            by.post(&case.url("hold"), json!({"reason": "waiting for pay stub"})).await.expect(200);
            app.seal().await;
        }).await;
        let list = answer.expect(200);
        assert!((MEANWHILE..SOON).contains(&took), "{took:?}");
        assert_eq!(list["items"][0]["entry"]["action_type"], "case_held");
        assert_eq!(list["items"][0]["sequence"], after + 1);
    }

    async fn a_waiting_request_notices_what_another_replica_seals(app) {
        let (by, case) = (app.as_manager().await, app.a_case().accepted().create().await);
        app.seal().await;
        let after = end(app, &by).await;
        let shared = Fresh { url: app.url.clone(), owner: app.url.clone(), files: None };
        let settings = Settings { clock: app.clock.clone(), secret: app.secret.clone(), ..Settings::default() };
        let other = TestApp::serve(app.kind, shared, &app.url, settings).await;
        let (answer, took) = awaited(&by, after, async {
            by.post(&case.url("hold"), json!({"reason": "waiting for pay stub"})).await.expect(200);
            other.seal().await;
        }).await;
        assert!(took < SOON, "{took:?}");
        assert_eq!(answer.expect(200)["items"][0]["entry"]["action_type"], "case_held");
    }

    async fn a_request_that_waits_in_vain_is_answered_when_its_time_is_over_or_the_service_stops(app) {
        let by = app.as_manager().await;
        app.seal().await;
        let after = end(app, &by).await;
        let nothing = json!({"items": [], "last_sequence": after, "has_more": false});
        let begun = Instant::now();
        let list = by.get(&format!("ledger/entries?after={after}&wait_seconds=2")).await.expect(200);
        let took = begun.elapsed();
        assert!((Duration::from_secs(2)..SOON).contains(&took), "{took:?}");
        assert_eq!(list, nothing);
        let (answer, took) = awaited(&by, after, async { app.app.stopping().cancel() }).await;
        assert!(took < SOON, "{took:?}");
        assert_eq!(answer.expect(200), nothing);
    }

    async fn what_was_committed_before_is_sealed_first_if_the_caller_waits_for_it(app) {
        let (by, case) = (app.as_manager().await, app.a_case().accepted().create().await);
        app.seal().await;
        let after = end(app, &by).await;
        by.post(&case.url("hold"), json!({"reason": "waiting for pay stub"})).await.expect(200);
        let without = by.get(&format!("ledger/entries?after={after}")).await.expect(200);
        assert_eq!(items(&without).len(), 0, "the tests seal on demand");
        let list = by.get(&format!("ledger/entries?after={after}&wait=sealed")).await.expect(200);
        assert_eq!(list["items"][0]["entry"]["action_type"], "case_held");
        let begun = Instant::now();
        by.get(&format!("ledger/entries?after={after}&wait=sealed")).await.expect(200);
        assert!(begun.elapsed() < Duration::from_secs(5), "nothing is pending");
    }

    async fn only_those_who_read_the_log_follow_it(app) {
        let admin = app.as_admin().await;
        let mut keys = Vec::new();
        for (name, scope) in [("siem", "audit:read"), ("wall", "reports:read")] {
            let created = admin.post("users", account(name, scope)).await.expect(201);
            keys.push(created["api_key"].as_str().unwrap().to_owned());
        }
        let mark = app.mark().await;
        app.as_anonymous().get("ledger/entries").await.expect_problem(401, "unauthorized");
        assert_eq!(app.since(&mark).await.len(), 0);
        let (wall, siem) = (app.with_token(&keys[1]), app.with_token(&keys[0]));
        for by in [&app.as_member().await, &app.as_tech(3).await, &wall] {
            let mark = app.mark().await;
            by.get("ledger/entries?wait_seconds=30").await.expect_problem(403, "forbidden");
            let trail = app.since(&mark).await;
            assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["audit_log_accessed"], &json!("denied")));
            assert_eq!(trail[0]["metadata"], json!({"operation": "list_ledger_entries", "code": "forbidden"}));
        }
        for by in [&siem, &app.as_manager().await, &admin] {
            let mark = app.mark().await;
            by.get("ledger/entries").await.expect(200);
            let trail = app.since(&mark).await;
            assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["audit_log_accessed"], &json!("success")));
        }
    }

    async fn a_caller_who_loses_the_right_while_waiting_is_told_nothing(app) {
        let (admin, boss) = (app.as_admin().await, app.user("boss", Role::Manager, None).await);
        let created = admin.post("users", account("siem", "audit:read")).await.expect(201);
        let account_id = created["id"].as_str().unwrap().to_owned();
        let by_key = app.with_token(created["api_key"].as_str().unwrap());
        let other = json!({"role": "service", "scopes": ["reports:read"], "reason": "a dashboard"});
        for (by, id, verb, body, status, code) in [
            (app.as_user(&boss).await, boss.id.to_string(), "deactivate", json!({"reason": "left"}), 401, "unauthorized"),
            (by_key, account_id, "role", other, 403, "forbidden"),
        ] {
            app.seal().await;
            let after = end(app, &admin).await;
            let mark = app.mark().await;
            let (answer, took) = awaited(&by, after, async {
                admin.post(&format!("users/{id}/{verb}"), body).await.expect(200);
                app.seal().await;
            }).await;
            answer.expect_problem(status, code);
            assert!(took < SOON, "{took:?}");
            let trail = app.since(&mark).await;
            let own: Vec<&Json> = trail.iter().filter(|entry| entry["actor"]["id"] == id).collect();
            assert!(own.iter().all(|entry| entry["outcome"] == "denied") && own.len() == usize::from(status == 403), "{own:?}");
        }
    }

    async fn who_follows_is_recorded_once_an_hour(app) {
        app.a_case().create().await;
        app.seal().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        for query in ["after=0", "after=1&limit=1", "after=2&format=ndjson"] {
            by.get(&format!("ledger/entries?{query}")).await.expect(200);
        }
        app.pass(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
        // New sessions, since tokens are short-lived.
        app.as_manager().await.get("ledger/entries?after=3").await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["audit_log_accessed"]);
        assert_eq!(trail[0]["metadata"], json!({"view_type": "ledger", "filters": {}}));
        assert_eq!((&trail[0]["object_type"], &trail[0]["outcome"]), (&json!("audit_log"), &json!("success")));
        app.pass(TimeDelta::milliseconds(1));
        app.as_manager().await.get("ledger/entries").await.expect(200);
        app.as_admin().await.get("ledger/entries").await.expect(200);
        let trail = app.since(&mark).await;
        let told: Vec<(&Json, &Json)> =
            trail.iter().map(|entry| (&entry["actor_label"], &entry["metadata"]["folded_count"])).collect();
        let readers = trail.iter().filter(|entry| entry["action_type"] == "audit_log_accessed").count();
        assert_eq!(readers, 3, "{told:?}");
        assert!(told.contains(&(&json!("manager"), &json!(3))), "{told:?}");
        // What no later request tells is told by the service.
        app.as_admin().await.get("ledger/entries").await.expect(200);
        app.pass(TimeDelta::hours(1));
        let mark = app.mark().await;
        report_folded(&app.app).await.unwrap();
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["actor_label"]), (vec!["audit_log_accessed"], &json!("System")));
        assert_eq!((&trail[0]["metadata"]["view_type"], &trail[0]["metadata"]["folded_count"]), (&json!("ledger"), &json!(1)));
        assert_eq!(trail[0]["related_user"]["username"], "admin");
    }
}

#[tokio::test]
async fn waiting_requests_take_no_place_from_others() {
    let work = WorkLimits { requests: 2, ..WorkLimits::default() };
    let app = TestApp::start_with(Kind::Sqlite, Settings { work, ..Settings::default() }).await.unwrap();
    let by = app.as_manager().await;
    app.seal().await;
    let after = end(&app, &by).await;
    let path = format!("ledger/entries?after={after}&wait_seconds=3");
    // One after the other: each takes a place until it waits.
    let waiting = join_all((0..6_u32).map(|number| {
        let (by, path) = (&by, &path);
        async move {
            sleep(Duration::from_millis(100) * number).await;
            by.get(path).await
        }
    }));
    let others = async {
        sleep(Duration::from_millis(1_000)).await;
        for _ in 0..10 {
            by.get("auth/me").await.expect(200);
        }
    };
    let (answers, ()) = tokio::join!(waiting, others);
    // On a busy machine several of them end at once, which is more than two places are for.
    let answered = answers.iter().filter(|answer| answer.status() == 200).count();
    assert!(answered > 0 && answers.iter().all(|answer| [200, 503].contains(&answer.status())), "{answered}");
    app.finish().await;
}
