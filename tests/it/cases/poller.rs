//! Following cases by the time of their last change, as the guide describes: no change is missed.

use crate::app::{Client, Scene, TestApp, at};
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::rfc3339;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// By how much each poll overlaps the one before, as in `docs/api-guide.md`.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// A client that follows the recipe.
struct Poller<'a> {
    by: Client<'a>,
    since: DateTime<Utc>,
    /// The last version seen of each case.
    known: BTreeMap<String, i64>,
}

impl<'a> Poller<'a> {
    fn new(by: Client<'a>) -> Self {
        Self { by, since: at("2026-01-01T00:00:00Z"), known: BTreeMap::new() }
    }

    /// One poll to its last page; `between` is run after each page with its number.
    async fn poll(&mut self, limit: usize, mut between: impl AsyncFnMut(usize)) {
        let (mut cursor, mut number, mut latest) = (String::new(), 0, None::<DateTime<Utc>>);
        loop {
            let since = rfc3339(self.since);
            let path = format!("cases?sort=updated_at&updated_since={since}&limit={limit}{cursor}");
            let page = self.by.get(&path).await.expect(200);
            for case in page["data"].as_array().unwrap() {
                let version = self.known.entry(case["id"].as_str().unwrap().to_owned()).or_default();
                *version = case["version"].as_i64().unwrap().max(*version);
                latest = latest.max(Some(case["updated_at"].as_str().unwrap().parse().unwrap()));
            }
            between(number).await;
            number += 1;
            match &page["page"]["next_cursor"] {
                Json::String(next) => cursor = format!("&cursor={next}"),
                _ => break,
            }
        }
        self.since = latest.map_or(self.since, |latest| latest - OVERLAP);
    }
}

async fn edit(app: &TestApp, case: &Scene, name: &str) {
    app.as_manager().await.patch(&case.path(), json!({"employee_last_name": name})).await.expect(200);
}

/// The versions that the service has now.
async fn versions(by: &Client<'_>) -> BTreeMap<String, i64> {
    let list = by.get("cases?limit=200").await.expect(200);
    let version = |case: &Json| (case["id"].as_str().unwrap().to_owned(), case["version"].as_i64().unwrap());
    list["data"].as_array().unwrap().iter().map(version).collect()
}

async fn cases(app: &TestApp, number: usize) -> Vec<Scene> {
    let mut cases = Vec::new();
    for _ in 0..number {
        app.pass(TimeDelta::milliseconds(1));
        cases.push(app.a_case().accepted().create().await);
    }
    cases
}

on_each_database! {
    async fn what_changes_between_pages_is_seen_in_the_same_poll(app) {
        let cases = cases(app, 9).await;
        for step in [1_i64, 250] {
            let mut poller = Poller::new(app.as_manager().await);
            // One case of the pages that were read and one of those ahead, after each of the first pages.
            poller.poll(2, async |page| {
                app.pass(TimeDelta::milliseconds(step));
                if page < 4 {
                    edit(app, &cases[page], &format!("Read-{step}-{page}")).await;
                    edit(app, &cases[8 - page], &format!("Ahead-{step}-{page}")).await;
                }
            })
            .await;
            assert_eq!(poller.known, versions(&app.as_manager().await).await, "{step} ms");
        }
    }

    async fn what_changes_at_the_same_instant_or_is_committed_late_is_seen_in_the_next_poll(app) {
        let cases = cases(app, 6).await;
        let mut poller = Poller::new(app.as_manager().await);
        // Within one millisecond, and after the last page.
        poller.poll(2, async |page| edit(app, &cases[page % 6], &format!("Same-{page}")).await).await;
        poller.poll(200, async |_| {}).await;
        assert_eq!(poller.known, versions(&app.as_manager().await).await);

        // A change that another host made 20 seconds ago becomes visible after a later one has been read.
        let now = app.clock.now() + TimeDelta::minutes(1);
        app.clock.set(now);
        edit(app, &cases[0], "Later").await;
        poller.poll(200, async |_| {}).await;
        app.clock.set(now - TimeDelta::seconds(20));
        edit(app, &cases[1], "Earlier").await;
        app.clock.set(now);
        poller.poll(200, async |_| {}).await;
        assert_eq!(poller.known, versions(&app.as_manager().await).await);
    }

    async fn a_member_follows_what_they_are_shown(app) {
        let cases = cases(app, 3).await;
        let mut poller = Poller::new(app.as_member().await);
        poller.poll(2, async |_| {}).await;
        app.pass(TimeDelta::minutes(1));
        let later = json!({"override_incomplete": true, "release": "scheduled", "release_at": "2026-12-10T00:00:00Z"});
        app.as_manager().await.post(&cases[1].url("complete"), later).await.expect(200);
        poller.poll(2, async |_| {}).await;
        let before = poller.known.clone();
        assert_eq!(before, versions(&app.as_member().await).await);
        app.pass(TimeDelta::minutes(1));
        app.as_manager().await.post(&cases[1].url("release"), json!({})).await.expect(200);
        poller.poll(2, async |_| {}).await;
        assert_eq!(poller.known, versions(&app.as_member().await).await);
        assert_ne!(poller.known, before);
    }

    async fn an_order_that_cannot_change_contains_each_row_once_whatever_is_edited(app) {
        let cases = cases(app, 7).await;
        let (by, admin) = (app.as_manager().await, app.as_admin().await);
        for (number, case) in cases.iter().take(5).enumerate() {
            by.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
            app.user(&format!("colleague{number}"), entity::user::Role::Manager, None).await;
        }
        let member = app.as_member().await;
        let lists = [
            (&by, "cases?sort=created_at"),
            (&by, "cases?sort=-created_at"),
            (&by, "cases?sort=case_number"),
            (&by, "cases?sort=-case_number"),
            (&by, "users?sort=username"),
            (&by, "users?sort=-username"),
            (&by, "users?sort=created_at"),
            (&member, "alerts?is_dismissed=false"),
            (&by, "outbox"),
        ];
        for (round, (reader, path)) in lists.into_iter().enumerate() {
            let mark = if path.contains('?') { '&' } else { '?' };
            let whole = ids(&reader.get(&format!("{path}{mark}limit=200")).await.expect(200));
            let (mut walked, mut cursor) = (Vec::new(), String::new());
            for page in 0.. {
                let list = reader.get(&format!("{path}{mark}limit=2{cursor}")).await.expect(200);
                walked.extend(ids(&list));
                // Rows of every page so far and to come.
                edit(app, &cases[page % 7], &format!("Edit-{round}-{page}")).await;
                let user = &by.get("users?q=colleague&limit=200").await.expect(200)["data"][page % 5];
                let names = json!({"first_name": format!("Zed-{round}-{page}")});
                admin.patch(&format!("users/{}", user["id"].as_str().unwrap()), names).await.expect(200);
                let alert = &member.get("alerts?limit=200").await.expect(200)["data"][page % 5];
                let read = format!("alerts/{}/read", alert["id"].as_str().unwrap());
                member.send(reqwest::Method::POST, &read, None).await.expect(200);
                match &list["page"]["next_cursor"] {
                    Json::String(next) => cursor = format!("&cursor={next}"),
                    _ => break,
                }
            }
            assert!(walked.len() > 4, "{path}: {walked:?}");
            assert_eq!(walked, whole, "{path}");
        }
    }
}

fn ids(list: &Json) -> Vec<Json> {
    list["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}
