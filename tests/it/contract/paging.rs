//! Following the cursors of any list while others write neither skips nor duplicates rows.

use super::operations;
use crate::app::{Client, TestApp};
use entity::user::Role;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// What others write between two pages, and at the same time as a page is read.
#[derive(Clone, Copy, Debug)]
enum Write {
    Create,
    Edit(usize),
    /// To a date on which no case was due before.
    Postpone(usize),
    Hold(usize),
    Resume(usize),
    Decide(usize),
    Join,
    Rename(usize),
    Report,
    Note(usize),
    Complete(usize),
    /// This number of milliseconds passes; if zero, the next write has the same timestamp.
    Wait(i64),
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let which = 0..50_usize;
    let write = prop_oneof![
        Just(Write::Create),
        which.clone().prop_map(Write::Edit),
        which.clone().prop_map(Write::Postpone),
        which.clone().prop_map(Write::Hold),
        which.clone().prop_map(Write::Resume),
        which.clone().prop_map(Write::Decide),
        Just(Write::Join),
        which.clone().prop_map(Write::Rename),
        which.clone().prop_map(Write::Note),
        which.prop_map(Write::Complete),
        Just(Write::Report),
        (0..2000_i64).prop_map(Write::Wait),
    ];
    prop::collection::vec(write, 8..24)
}

/// The data that the lists contain.
struct World<'a> {
    app: &'a TestApp,
    reader: Client<'a>,
    member: Client<'a>,
    admin: Client<'a>,
    cases: Vec<String>,
    people: Vec<String>,
    /// A service account with API keys.
    service: String,
    postponed: AtomicU64,
}

impl<'a> World<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        let (mut cases, mut people) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            cases.push(app.a_case().create().await.id());
            cases.push(app.a_case().accepted().create().await.id());
            cases.push(app.a_case().held().create().await.id());
            cases.push(app.a_case().pending_review().create().await.id());
            app.pass(chrono::TimeDelta::milliseconds(500));
        }
        // Some cases that are never decided, so that the queue is not empty at the end.
        for _ in 0..4 {
            app.a_case().pending_review().create().await;
        }
        // Those of these cases that are completed wait for a review.
        let beginner = app.tech(1).await;
        for _ in 0..6 {
            cases.push(app.a_case().assigned_to(&beginner).accepted().create().await.id());
        }
        for number in 0..8 {
            people.push(app.user(&format!("colleague{number}"), Role::Manager, None).await.id.to_string());
        }
        let (reader, member, admin) = (app.as_manager().await, app.as_member().await, app.as_admin().await);
        let service = app.user("service1", Role::Service, None).await.id.to_string();
        for _ in 0..4 {
            admin.send(reqwest::Method::POST, &format!("users/{service}/api-keys"), None).await.expect(201);
        }
        for _ in 0..4 {
            app.as_manager().await;
        }
        for _ in 0..4 {
            admin.post("jobs/check_expired_holds/run", json!({"dry_run": true})).await.expect(200);
        }
        let world = Self { app, reader, member, admin, cases, people, service, postponed: AtomicU64::new(0) };
        for which in 16..20 {
            world.happen(Write::Complete(which)).await;
            world.happen(Write::Hold(which - 15)).await;
            world.happen(Write::Resume(which - 14)).await;
        }
        for number in 1..=3 {
            let path = format!("cases/{}/documents", world.cases[1]);
            world.reader.upload(&path, &super::recipes::report(number)).await.expect(201);
        }
        for write in [
            Write::Decide(3),
            Write::Decide(7),
            Write::Decide(11),
            Write::Report,
            Write::Report,
            Write::Report,
            Write::Note(1),
            Write::Note(1),
            Write::Note(1),
        ] {
            world.happen(write).await;
        }
        for quarter in ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"] {
            let path = format!("users/{}/credit-allowances/{quarter}", world.member.id());
            world.admin.send(reqwest::Method::PUT, &path, Some(json!({"allowed_credits": 10}))).await.expect(201);
        }
        world
    }

    /// The path of each list; the case of an audit trail is one that is written to.
    fn path(&self, operation: &str) -> String {
        match operation {
            "list_cases" => "cases".to_owned(),
            "list_case_assignees" => format!("cases/{}/assignees", self.cases[1]),
            "list_case_notes" => format!("cases/{}/notes", self.cases[1]),
            "list_reviews" => "reviews".to_owned(),
            "list_alerts" => "alerts".to_owned(),
            "list_outbox" => "outbox".to_owned(),
            "list_job_runs" => "job-runs".to_owned(),
            "list_users" => "users".to_owned(),
            "list_user_api_keys" => format!("users/{}/api-keys", self.service),
            "list_user_sessions" => format!("users/{}/sessions", self.reader.id()),
            "list_credit_allowances" => format!("users/{}/credit-allowances", self.member.id()),
            "list_audit_log" => "audit-log".to_owned(),
            "list_user_audit_trail" => format!("users/{}/audit-trail", self.reader.id()),
            "list_case_audit_trail" => format!("cases/{}/audit-trail", self.cases[1]),
            "list_case_documents" => format!("cases/{}/documents", self.cases[1]),
            "list_own_activity" => "auth/me/activity".to_owned(),
            "get_user_activity" => format!("reports/user-activity?user_id={}", self.reader.id()),
            "list_user_activity" => "reports/user-activity/users".to_owned(),
            "get_case_changes" => "reports/case-changes".to_owned(),
            "get_quality_review_audit" => "reports/quality-review-audit".to_owned(),
            "get_system_events" => "reports/system-events".to_owned(),
            other => panic!("the place of the list {other} is missing in tests/it/contract/paging.rs"),
        }
    }

    /// Performs a write. Operations that the state of a case doesn't allow are refused, and the refusal is recorded as well.
    async fn happen(&self, write: Write) {
        let case = |which: usize, verb: &str| format!("cases/{}{verb}", self.cases[which % self.cases.len()]);
        let reader = &self.reader;
        let answer = match write {
            Write::Create => {
                let names = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
                self.member.post("cases", names).await
            }
            Write::Edit(which) => reader.patch(&case(which, ""), json!({"employee_last_name": format!("Moss-{which}")})).await,
            Write::Postpone(which) => {
                let days = 20 + self.postponed.fetch_add(1, Ordering::Relaxed);
                let due_on = self.app.clock.now().date_naive() + chrono::Days::new(days);
                reader.patch(&case(which, ""), json!({"due_on": due_on})).await
            }
            Write::Hold(which) => reader.post(&case(which, "/hold"), json!({"reason": "waiting"})).await,
            Write::Resume(which) => reader.post(&case(which, "/resume"), json!({"reason": "it came"})).await,
            Write::Decide(which) => reader.post(&case(which, "/review/approve"), json!({"notes": "fine"})).await,
            Write::Join => {
                let name = format!("newcomer{}", uuid::Uuid::new_v4().simple());
                self.app.user(&name[..20], Role::Manager, None).await;
                return;
            }
            Write::Rename(which) => {
                let person = &self.people[which % self.people.len()];
                self.admin.patch(&format!("users/{person}"), json!({"last_name": format!("Reed-{which}")})).await
            }
            Write::Report => reader.get("reports/activity-summary.csv").await,
            Write::Note(which) => reader.post(&case(which, "/notes"), json!({"body": "seen", "visibility": "shared"})).await,
            Write::Complete(which) => reader.post(&case(which, "/complete"), json!({"override_incomplete": true})).await,
            Write::Wait(milliseconds) => return self.app.pass(chrono::TimeDelta::milliseconds(milliseconds)),
        };
        assert!([200, 201, 409].contains(&answer.status()), "{write:?}: {}", answer.text);
    }

    async fn page(&self, path: &str, limit: usize, cursor: Option<&str>) -> Json {
        let mark = if path.contains('?') { '&' } else { '?' };
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        // API keys are available to administrators only.
        let by = if path.contains("/api-keys") { &self.admin } else { &self.reader };
        by.get(&format!("{path}{mark}limit={limit}{cursor}")).await.expect(200)
    }

    /// Every page in sequence, with the writes of others in between.
    async fn walk(&self, path: &str, limit: usize, meanwhile: &[Write]) -> Vec<Json> {
        let (mut seen, mut cursor, mut writes) = (Vec::new(), None::<String>, meanwhile.iter().copied());
        loop {
            let (at_the_same_time, after) = (writes.next(), writes.next());
            let (page, ()) = tokio::join!(self.page(path, limit, cursor.as_deref()), async {
                if let Some(write) = at_the_same_time {
                    self.happen(write).await;
                }
            });
            if let Some(write) = after {
                self.happen(write).await;
            }
            let list = if page["entries"].is_object() { &page["entries"] } else { &page };
            seen.extend(list["data"].as_array().expect("rows").iter().cloned());
            assert_eq!(list["page"]["has_more"], !list["page"]["next_cursor"].is_null());
            match list["page"]["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return seen,
            }
        }
    }

    /// The rows in their final state, by id, each with its sort value.
    async fn quiet(&self, path: &str, key: &str) -> BTreeMap<String, String> {
        let rows = self.walk(path, 200, &[]).await;
        let count = rows.len();
        let rows: BTreeMap<_, _> = rows.iter().map(|row| place(row, key)).collect();
        assert_eq!(rows.len(), count, "{path} doubles a row while nothing is written");
        rows
    }
}

/// The orders of lists in which a row never changes its place.
const FIXED: [&str; 5] = ["id", "created_at", "occurred_at", "username", "case_number"];

/// A row's id and its sort value; with its version if the value can change, since it may have had another one in between.
fn place(row: &Json, key: &str) -> (String, String) {
    let version = if FIXED.contains(&key) { String::new() } else { row["version"].to_string() };
    (row["id"].as_str().expect("an id").to_owned(), format!("{} {version}", row[key]))
}

/// Every list of the contract with each of its orders: operation, parameter, sort field.
fn lists() -> Vec<(String, String, String)> {
    let contract = serde_json::to_value(api::openapi::contract()).unwrap();
    let mut lists = Vec::new();
    for operation in operations() {
        let parameters = operation.parameters();
        if !parameters.iter().any(|parameter| parameter["name"] == "cursor") {
            continue;
        }
        let sort = parameters.iter().find(|parameter| parameter["name"] == "sort").map(|sort| sort["schema"].clone());
        let sort = sort.map(|schema| match schema["$ref"].as_str() {
            Some(place) => contract.pointer(&place[1..]).unwrap().clone(),
            None => schema,
        });
        match sort.as_ref().map(|sort| sort["enum"].as_array().expect("a closed set of orders")) {
            Some(orders) => lists.extend(orders.iter().map(|order| {
                let order = order.as_str().unwrap();
                (operation.id().to_owned(), format!("sort={order}"), order.trim_start_matches('-').to_owned())
            })),
            None => lists.push((operation.id().to_owned(), String::new(), "id".to_owned())),
        }
    }
    lists
}

on_each_database! {
    async fn paging_a_list_while_others_write_neither_skips_nor_duplicates_rows(app) {
        let world = World::begin(app).await;
        let mut runner = TestRunner::default();
        let lists = lists();
        assert!(lists.len() > 15, "{lists:?}");
        for (operation, sort, key) in &lists {
            let path = world.path(operation);
            let path = if sort.is_empty() { path } else { format!("{path}{}{sort}", if path.contains('?') { '&' } else { '?' }) };
            let (plan, pages) = (writes(), 3..12_usize).new_tree(&mut runner).unwrap().current();
            let before = world.quiet(&path, key).await;
            assert!(before.len() > 2, "{path} is too short to be walked: {before:?}");

            let seen = world.walk(&path, (before.len() / pages).clamp(1, 200), &plan).await;

            let after = world.quiet(&path, key).await;
            let seen: Vec<_> = seen.iter().map(|row| place(row, key)).collect();
            let distinct: BTreeSet<_> = seen.iter().collect();
            assert_eq!(distinct.len(), seen.len(), "{path} doubled a row during {plan:?}: {seen:?}");
            for row in before.iter().filter(|(id, place)| after.get(*id) == Some(*place)) {
                let times = seen.iter().filter(|(id, _)| id == row.0).count();
                assert_eq!(times, 1, "{path} showed {row:?} {times} times during {plan:?}: {seen:?}");
            }
        }
    }
}
