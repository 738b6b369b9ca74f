//! An integrator: copies the audit log to another system without gaps and without their own readings, and checks files by what
//! the log says of them.

use super::{row, service_account};
use crate::app::{Client, TestApp, actions, at};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::rfc3339;
use entity::text::sha256_hex;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The entries in another system, by their ids.
#[derive(Default)]
struct Mirror {
    entries: BTreeMap<String, Json>,
    newest: Option<DateTime<Utc>>,
}

impl Mirror {
    /// One round, as `docs/api-guide.md` describes it; returns the entries that are new.
    async fn round(&mut self, by: &Client<'_>, own_id: &str) -> Vec<Json> {
        let since = self.newest.map(|newest| format!("&since={}", rfc3339(newest - TimeDelta::hours(1)))).unwrap_or_default();
        let path = format!("audit-log?sort=occurred_at&limit=5&exclude_actor_id={own_id}{since}");
        let (mut new, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = by.get(&format!("{path}{cursor}")).await.expect(200);
            for entry in page["data"].as_array().expect("entries") {
                self.newest = self.newest.max(Some(at(entry["occurred_at"].as_str().expect("a time"))));
                let id = entry["id"].as_str().expect("an id").to_owned();
                if self.entries.insert(id, entry.clone()).is_none() {
                    new.push(entry.clone());
                }
            }
            match page["page"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return new,
            }
        }
    }
}

/// Places a new case on hold, and returns the id of the case.
async fn hold(app: &TestApp, reason: &str) -> String {
    let case = app.a_case().accepted().create().await;
    app.as_manager().await.post(&case.url("hold"), json!({"reason": reason})).await.expect(200);
    case.id()
}

/// The cases of the holds among some entries.
fn held(entries: &[Json]) -> Vec<&str> {
    let holds = entries.iter().filter(|entry| entry["action_type"] == "case_held");
    holds.map(|entry| entry["case"]["id"].as_str().expect("a case")).collect()
}

on_each_database! {
    async fn an_integrator_copies_the_log_without_gaps_and_without_their_own_readings(app) {
        let (_, by) = service_account(app, "siem").await;
        let own_id = by.get("auth/me").await.expect(200)["id"].as_str().unwrap().to_owned();
        let first = hold(app, "passport missing").await;
        let mut copy = Mirror::default();
        assert_eq!(held(&copy.round(&by, &own_id).await), [first.as_str()]);

        app.pass(TimeDelta::hours(2));
        let second = hold(app, "pay stub missing").await;
        assert_eq!(held(&copy.round(&by, &own_id).await), [second.as_str()]);

        // A host whose clock is behind: its entry appears below those that are known.
        let now = app.clock.now();
        app.clock.set(now - TimeDelta::minutes(20));
        let late = hold(app, "contract missing").await;
        app.clock.set(now);
        assert_eq!(held(&copy.round(&by, &own_id).await), [late.as_str()]);
        assert!(copy.round(&by, &own_id).await.is_empty());

        let log = app.all_entries().await;
        let (own, others): (Vec<&Json>, Vec<&Json>) = log.iter().partition(|entry| entry["actor"]["id"] == own_id);
        let mut ids: Vec<&str> = others.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(copy.entries.keys().map(String::as_str).collect::<Vec<_>>(), ids);
        // What is left out of the copy is recorded all the same, with the key that was used.
        assert!(own.len() > 1 && own.iter().all(|entry| entry["action_type"] == "audit_log_accessed"), "{own:?}");
        assert!(own.iter().all(|entry| entry["api_key_id"].is_string() && entry["metadata"]["filters"]["sort"] == "occurred_at"));
    }

    async fn an_integrator_checks_a_file_by_the_count_and_the_digest_in_the_log(app) {
        let case = hold(app, "waiting\u{2028}for a pay stub").await;
        let (_, by) = service_account(app, "siem").await;
        let mark = app.mark().await;

        let file = by.get(&format!("audit-log/export.ndjson?case_id={case}")).await;

        assert_eq!(file.status(), 200, "{}", file.text);
        let entries: Json = file.lines_of_unicode().iter().map(|line| serde_json::from_str::<Json>(line).unwrap()).collect();
        assert_eq!(row(&entries, "action_type", "case_held")["metadata"]["reason"], "waiting\u{2028}for a pay stub");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["audit_log_accessed", "export_generated"]);
        let said = &trail[1]["metadata"];
        assert_eq!(said["record_count"], entries.as_array().unwrap().len());
        assert_eq!((&said["sha256"], &said["size_bytes"]), (&json!(sha256_hex(&file.bytes)), &json!(file.bytes.len())));
        let digest = format!("sha-256=:{}:", BASE64.encode(Sha256::digest(&file.bytes)));
        assert_eq!(file.header("unencoded-digest"), digest);
        // A stored file is compared with the entry later, also by others.
        let kept = app.as_manager().await.get("audit-log?action_type=export_generated&limit=1").await.expect(200);
        assert_eq!(kept["data"][0]["metadata"]["sha256"], said["sha256"]);
    }
}
