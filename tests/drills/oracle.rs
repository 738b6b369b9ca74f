//! Concurrent writers that remember what was acknowledged, and compare it with the database afterwards.

use crate::app::{Process, TestApp, send};
use entity::{audit_entry, case};
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;
use uuid::Uuid;

/// What the clients know.
#[derive(Default)]
pub struct Oracle {
    /// The name in each acknowledged case, and the version in the last response.
    acknowledged: Mutex<BTreeMap<String, i64>>,
    /// The number of responses by status; 0 is no response.
    answers: Mutex<BTreeMap<u16, usize>>,
}

impl Oracle {
    /// Creates and changes cases one after the other, until the process has ended or `is_over` returns true.
    pub async fn write(&self, process: &Process, token: &str, is_over: impl Fn() -> bool) {
        while !is_over() && self.write_once(process, token).await {}
    }

    /// Creates a case, asks for a move that it can't make, and changes it; whether each was answered.
    pub async fn write_once(&self, process: &Process, token: &str) -> bool {
        let name = unique_name();
        let body = json!({"employee_first_name": "Ada", "employee_last_name": name}).to_string();
        let Some((status, created)) = self.counted(process.post("cases").bearer_auth(token).body(body)).await else {
            return false;
        };
        if status != 201 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            return true;
        }
        self.remember(&name, created["version"].as_i64().expect("a version"));
        let path = format!("cases/{}", created["id"].as_str().expect("an id"));
        // Refused inside a transaction: a connection that stays in it would lose later writes.
        let refused = process.post(&format!("{path}/resubmit")).bearer_auth(token).body("{}");
        if self.counted(refused).await.is_none() {
            return false;
        }
        let change = process.request(reqwest::Method::PATCH, &path).header("content-type", "application/json");
        let change = change.bearer_auth(token).body(json!({"employee_first_name": "Eve"}).to_string());
        let Some((status, changed)) = self.counted(change).await else { return false };
        if status == 200 {
            self.remember(&name, changed["version"].as_i64().expect("a version"));
        }
        true
    }

    /// Sends a request, and counts its answer.
    async fn counted(&self, request: reqwest::RequestBuilder) -> Option<(u16, Json)> {
        let answer = send(request).await.map(|answer| (answer.status.as_u16(), answer.body));
        self.count(answer.as_ref().map_or(0, |(status, _)| *status));
        answer
    }

    fn remember(&self, name: &str, version: i64) {
        self.acknowledged.lock().expect("memory").insert(name.to_owned(), version);
    }

    fn count(&self, status: u16) {
        *self.answers.lock().expect("answers").entry(status).or_default() += 1;
    }

    /// How many responses had this status.
    pub fn answered(&self, status: u16) -> usize {
        self.answers.lock().expect("answers").get(&status).copied().unwrap_or_default()
    }

    /// Waits until this many more cases were created: a load that doesn't depend on the speed of the machine.
    pub async fn created(&self, count: usize) {
        let enough = self.answered(201) + count;
        let created = async {
            while self.answered(201) < enough {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), created).await.expect("a load");
    }

    /// Fails unless everything that was acknowledged is stored, each with exactly the entries of its changes; prints the figures.
    pub async fn demand(&self, app: &TestApp) {
        let acknowledged = self.acknowledged.lock().expect("memory").clone();
        let answers = self.answers.lock().expect("answers").clone();
        let cases = case::Entity::find().all(&app.outside).await.expect("cases");
        let entries = audit_entry::Entity::find().all(&app.outside).await.expect("entries");
        let mut by_case: BTreeMap<Uuid, usize> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.outcome == "success" && entry.object_type == "case") {
            *by_case.entry(entry.object_id.parse().expect("an id")).or_default() += 1;
        }
        let live: BTreeMap<&str, i64> =
            cases.iter().map(|case| (case.employee_last_name.as_str(), i64::from(case.version))).collect();
        let numbers: BTreeSet<&str> = cases.iter().map(|case| case.case_number.as_str()).collect();
        let is_lost = |(name, version): &(&String, &i64)| live.get(name.as_str()).is_none_or(|live| live < version);
        let lost = acknowledged.iter().filter(is_lost).count();
        // A case's version counts its changes, and each has one entry.
        let unaudited = cases.iter().filter(|case| by_case.get(&case.id).copied() != usize::try_from(case.version).ok()).count();
        let known: BTreeSet<Uuid> = cases.iter().map(|case| case.id).collect();
        let untrue = by_case.keys().filter(|id| !known.contains(id)).count();
        println!("responses by status (0: none): {answers:?}");
        println!(
            "{} acknowledged, {} stored, {lost} lost, {unaudited} unaudited, {untrue} entries without a case",
            acknowledged.len(),
            cases.len()
        );
        assert_eq!(lost, 0, "acknowledged writes lost");
        assert_eq!((unaudited, untrue), (0, 0), "changes and entries differ");
        let named = cases.iter().filter(|case| acknowledged.contains_key(&case.employee_last_name)).count();
        assert_eq!((numbers.len(), named), (cases.len(), acknowledged.len()), "a request was executed twice");
        assert!(acknowledged.len() > 10, "there was no load");
        let unexpected: Vec<&u16> = answers.keys().filter(|status| ![0, 200, 201, 409, 503, 504].contains(*status)).collect();
        assert!(unexpected.is_empty(), "unexpected responses: {unexpected:?}");
    }
}

/// Letters only, as in names.
fn unique_name() -> String {
    let digits = Uuid::new_v4().simple().to_string();
    digits
        .bytes()
        .map(|digit| if digit.is_ascii_digit() { char::from(b'g' + (digit - b'0')) } else { char::from(digit) })
        .collect()
}
