//! An integrator follows the log: upwards, with an overlap that misses nothing, and without their own readings.

use super::world::{data, happened, ids, newest_first, pages};
use crate::app::{Client, Kind, TestApp, actions, at};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::audit::{AuditTx, Event, Refusal};
use entity::job::JobRun;
use entity::user::Role;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What docs/api-guide.md recommends: read from an hour before the newest known entry, and drop known ids.
#[derive(Default)]
struct Follower {
    known: BTreeSet<String>,
    newest: Option<DateTime<Utc>>,
}

impl Follower {
    /// Returns what is new, in order.
    async fn poll(&mut self, by: &Client<'_>) -> Vec<String> {
        let since = self.newest.map(|newest| newest - TimeDelta::hours(1)).unwrap_or_else(|| at("2026-01-01T00:00:00Z"));
        let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
        let path = format!("audit-log?sort=occurred_at&limit=7&since={since}&exclude_actor_id={}", by.id());
        let found = pages(by, &path).await;
        self.newest = self.newest.max(found.last().map(|entry| at(entry["occurred_at"].as_str().unwrap())));
        ids(&found).into_iter().filter(|id| self.known.insert(id.clone())).collect()
    }
}

fn run() -> Event {
    Event::cron_job_executed("check_expired_holds", &JobRun::scheduled(1, 0, None, 5))
}

async fn write(app: &TestApp) -> AuditTx {
    let tx = app.write().await;
    tx.record(run()).await.unwrap();
    tx
}

/// The ids of all entries but the follower's own, in order.
async fn others(app: &TestApp, by: &Client<'_>) -> Vec<String> {
    let mut entries = app.all_entries().await;
    entries.retain(|entry| entry["actor"]["id"] != by.id());
    ids(&entries)
}

on_each_database! {
    async fn a_follower_sees_every_entry_once_also_those_that_commit_late(app) {
        happened(app).await;
        let account = app.user("siem", Role::Service, None).await;
        let mut follower = Follower::default();
        let by = app.as_user(&account).await;
        assert_eq!(follower.poll(&by).await, others(app, &by).await);
        for minutes in [1, 17, 29] {
            // On SQLite one transaction waits for the other: an entry is late only by a host whose clock is behind.
            let late = if app.kind == Kind::Postgres { Some(write(app).await) } else { None };
            let begun_at = app.clock.now();
            app.pass(TimeDelta::minutes(minutes));
            for _ in 0..2 {
                write(app).await.commit().await.unwrap();
            }
            let by = app.as_user(&account).await;
            let seen = follower.poll(&by).await;
            assert_eq!(seen.len(), 2, "{minutes}");

            let now = app.clock.now();
            match late {
                Some(late) => late.commit().await.unwrap(),
                None => {
                    app.clock.set(begun_at);
                    write(app).await.commit().await.unwrap();
                    app.clock.set(now);
                }
            }
            let late = follower.poll(&by).await;
            assert_eq!((late.len(), late < seen), (1, true), "{minutes}: it is older than what was seen before it");
            app.pass(TimeDelta::minutes(1));
        }
        let by = app.as_user(&account).await;
        assert_eq!(follower.poll(&by).await, [""; 0]);
        assert_eq!(follower.known.into_iter().collect::<Vec<_>>(), others(app, &by).await);
    }

    async fn a_transaction_that_would_commit_too_late_is_rolled_back(app) {
        for (minutes, is_committed) in [(30, true), (31, false), (600, false)] {
            let mark = app.mark().await;
            let late = write(app).await;
            app.pass(TimeDelta::minutes(minutes));
            let end = late.commit().await;
            assert_eq!(end.is_ok(), is_committed, "{minutes}");
            assert!(end.err().is_none_or(|error| Refusal::is_unwritten(&error)), "{minutes}");
            assert_eq!(app.since(&mark).await.len(), usize::from(is_committed), "{minutes}");
        }
        let tx = app.write().await;
        app.pass(TimeDelta::hours(1));
        tx.commit().await.expect("without entries there is nothing to miss");
    }

    async fn the_log_is_listed_upwards_and_downwards_alike(app) {
        happened(app).await;
        let by = app.as_manager().await;
        let types = "action_type=case_held&action_type=case_created";
        for filter in ["outcome=success", types, "category=case&q=case", "source=job"] {
            let listed = async |sort: &str| {
                let path = format!("audit-log?{filter}&limit=3&until=2026-12-31{sort}&exclude_actor_id={}", by.id());
                ids(&pages(&by, &path).await)
            };
            let (down, mut up) = (listed("").await, listed("&sort=occurred_at").await);
            assert_eq!(listed("&sort=-occurred_at").await, down, "{filter}");
            up.reverse();
            assert!(up == down && up.len() > 1, "{filter}: {up:?}");
        }
        for sort in ["", "id", "occurred_at,id", "+occurred_at"] {
            let answer = by.get(&format!("audit-log?sort={sort}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), ["query /sort"]);
        }
        let list = by.get("audit-log?sort=occurred_at&limit=1").await.expect(200);
        let cursor = list["page"]["next_cursor"].as_str().unwrap();
        by.get(&format!("audit-log?limit=1&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    }

    async fn actors_can_be_left_out_of_the_list_and_the_exports(app) {
        let known = newest_first(happened(app).await);
        let by = app.as_manager().await;
        let actors: Vec<String> = known.iter().filter_map(|entry| entry["actor"]["id"].as_str()).map(str::to_owned)
            .collect::<BTreeSet<_>>().into_iter().collect();
        assert!(actors.len() > 2);
        for left_out in [&actors[..1], &actors[1..3], &actors[..]] {
            let query: String = left_out.iter().map(|id| format!("exclude_actor_id={}&", id.to_uppercase())).collect();
            let query = format!("{query}until=2026-12-31&exclude_actor_id={}", by.id());
            let is_left = |entry: &&Json| {
                let actor = entry["actor"]["id"].as_str().unwrap_or_default();
                actor != by.id() && !left_out.iter().any(|id| id == actor)
            };
            let expected = ids(&known.iter().filter(is_left).cloned().collect::<Vec<_>>());
            assert!(!expected.is_empty(), "also what has no actor");
            let list = by.get(&format!("audit-log?limit=200&{query}")).await.expect(200);
            assert_eq!(ids(&data(&list)), expected, "{query}");
            let file = by.get(&format!("audit-log/export.ndjson?{query}")).await;
            let lines: Vec<Json> = file.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(ids(&lines), expected, "{query}");
            let file = by.get(&format!("audit-log/export.csv?{query}")).await;
            assert_eq!(file.text.matches("\r\n").count(), expected.len() + 1, "{query}");
        }
        let one = &actors[0];
        let both = data(&by.get(&format!("audit-log?actor_id={one}&exclude_actor_id={one}")).await.expect(200));
        assert_eq!(actions(&both), [""; 0]);
        for id in ["", "tech2", &one.replace('-', ""), &format!("{{{one}}}")] {
            for path in ["audit-log", "audit-log/export.csv", "audit-log/export.ndjson"] {
                let answer = by.get(&format!("{path}?exclude_actor_id={one}&exclude_actor_id={id}")).await;
                answer.expect_problem(400, "invalid_parameter");
                assert_eq!(answer.faults(), ["query /exclude_actor_id"], "{id}");
            }
        }
        let many = vec![format!("exclude_actor_id={one}"); 21].join("&");
        by.get(&format!("audit-log?{many}")).await.expect_problem(400, "invalid_parameter");
    }
}
