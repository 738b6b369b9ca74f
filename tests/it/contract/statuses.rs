//! Every operation × every status it declares: each status can be provoked, and is exact. That no response has an undeclared
//! status or another form is checked by the tests' client, with every request.

use super::access::{ALLOWED_ROLES, callers};
use super::recipes::{self, Request};
use super::{Listed, operations};
use crate::app::{Answer, Client, Fault, Form, Kind, Settings, TestApp};
use api::http::request::idempotency::scope;
use api::state::budgets::WorkLimits;
use api::state::rates::Rates;
use entity::idempotency::{self, Claim};
use entity::user::{Caller, Role};
use futures_util::future::select;
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::num::NonZeroU32;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What to send if no one has signed in and a secret identifies the caller.
const WRONG_SECRETS: [(&str, &str); 3] = [
    ("login", r#"{"username": "absent", "password": "not the passphrase"}"#),
    ("refresh_session", r#"{"refresh_token": "unknown"}"#),
    ("logout", r#"{"refresh_token": "unknown"}"#),
];

/// What is not found although the path exists.
const ABSENT_SUBJECTS: [(&str, &str); 2] = [
    ("get_user_activity", "reports/user-activity?user_id=01a20725-be30-7584-bca5-f00e655c90d6"),
    ("export_user_activity", "reports/user-activity.csv?user_id=01a20725-be30-7584-bca5-f00e655c90d6"),
];

/// Operations that are never refused because of state: only while the first request of an `Idempotency-Key` is in progress.
const ALWAYS_POSSIBLE: &[&str] = &[
    "change_case_member",
    "create_case_note",
    "dismiss_alert",
    "mark_alert_read",
    "mark_all_alerts_read",
    "reset_credits",
    "run_job",
    "ingest_cron_run",
    "ingest_email_notification",
    "ingest_credit_resets",
    "ingest_bulk_export",
    "ingest_report_generation",
    "ingest_audit_access",
    "ingest_activity",
];

/// One operation under test, with a request that would succeed and is never sent unchanged.
struct Walk<'a> {
    app: &'a TestApp,
    operation: &'a Listed,
    callers: &'a [(char, Client<'a>)],
    request: Request<'a>,
}

impl<'a> Walk<'a> {
    async fn new(app: &'a TestApp, operation: &'a Listed, callers: &'a [(char, Client<'a>)]) -> Self {
        Self { app, operation, callers, request: prepare(app, operation).await }
    }

    async fn send(&self, by: &Client<'_>, path: &str, body: Option<Json>) -> Answer {
        // Regardless of any other body: an operation that accepts a form is sent its form.
        match &self.request.form {
            Some(form) => by.upload(path, form).await,
            None => by.send(self.operation.method.clone(), path, body).await,
        }
    }

    /// The same request with another header.
    async fn with(&self, header: &str, value: &str) -> Answer {
        self.send(&self.request.by.clone().with(header, value), &self.request.path, self.request.body.clone()).await
    }

    /// The same request with another body.
    async fn with_body(&self, kind: &str, body: &[u8]) -> Answer {
        self.request.by.send_raw(self.operation.method.clone(), &self.request.path, Some((kind, body.to_vec()))).await
    }

    /// All ways to provoke a status, and the response to each.
    async fn provoke(&self, status: u16) -> Vec<Answer> {
        let form = |part: &str, text: &str| Form::new().text("document_type", "other").text(part, text);
        match status {
            206 => vec![self.with("Range", "bytes=0-3").await],
            304 => vec![self.with("If-None-Match", "*").await],
            400 => self.malformed().await,
            401 => vec![self.unknown_caller().await],
            403 => self.forbidden().await,
            404 => vec![self.absent().await],
            409 => self.conflict().await.into_iter().collect(),
            412 => vec![self.with("If-Match", "\"999\"").await],
            413 if self.takes_a_form() => vec![self.with_form(&form("notes", &"x".repeat(70_000))).await],
            413 => vec![self.with_body("application/json", &vec![b' '; self.operation.too_long()]).await],
            415 => vec![self.with_body("text/plain", b"a text").await],
            416 => vec![self.with("Range", "bytes=1000000-").await],
            422 if self.takes_a_form() => vec![self.with_form(&form("no_such_field", "1")).await],
            422 if self.operation.has_body() => vec![self.with_body("application/json", br#"{"no_such_field": 1}"#).await],
            422 if self.operation.id() == "list_audit_log" => {
                vec![self.send(&self.request.by, "audit-log?changed_field=status", None).await]
            }
            422 => vec![self.key_used_twice().await],
            500 => vec![self.broken().await],
            503 => vec![self.unrecorded().await],
            _ => vec![],
        }
    }

    fn takes_a_form(&self) -> bool {
        self.request.form.is_some()
    }

    async fn with_form(&self, form: &Form) -> Answer {
        self.request.by.upload(&self.request.path, form).await
    }

    async fn malformed(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        if self.takes_a_form() {
            answers.push(self.with_body("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition").await);
        } else if self.operation.has_body() {
            answers.push(self.with_body("application/json", b"{\"a\":").await);
        }
        let mark = if self.request.path.contains('?') { '&' } else { '?' };
        let path = format!("{}{mark}no_such_parameter=1", self.request.path);
        answers.push(self.send(&self.request.by, &path, self.request.body.clone()).await);
        let parameters = self.operation.parameters();
        if parameters.iter().any(|parameter| parameter["name"] == "If-Match") {
            answers.push(self.with("If-Match", "seven").await);
        }
        answers
    }

    /// One `Idempotency-Key` for two different requests; the first one is about another case.
    async fn key_used_twice(&self) -> Answer {
        let key = format!("walk-{}", self.operation.id());
        let other = prepare(self.app, self.operation).await;
        self.send(&other.by.clone().with("Idempotency-Key", &key), &other.path, other.body.clone()).await;
        self.with("Idempotency-Key", &key).await
    }

    async fn unknown_caller(&self) -> Answer {
        let anonymous = self.app.as_anonymous();
        match WRONG_SECRETS.iter().find(|(id, _)| *id == self.operation.id()) {
            Some((_, body)) => self.send(&anonymous, &self.request.path, serde_json::from_str(body).ok()).await,
            None => self.send(&anonymous, &self.request.path, self.request.body.clone()).await,
        }
    }

    /// Sent by every caller whose role is not allowed.
    async fn forbidden(&self) -> Vec<Answer> {
        let allowed = ALLOWED_ROLES.iter().find(|(id, _)| *id == self.operation.id()).map_or("*", |(_, allowed)| allowed);
        let mut answers = Vec::new();
        for (_, by) in self.callers.iter().filter(|(role, _)| !allowed.contains(['*', *role])) {
            answers.push(self.send(by, &self.request.path, self.request.body.clone()).await);
        }
        answers
    }

    async fn absent(&self) -> Answer {
        let query = self.request.path.find('?').map_or("", |at| &self.request.path[at..]);
        let path = match ABSENT_SUBJECTS.iter().find(|(id, _)| *id == self.operation.id()) {
            Some((_, path)) => (*path).to_owned(),
            None => format!("{}{query}", self.operation.absent()),
        };
        self.send(&self.request.by, &path, self.request.body.clone()).await
    }

    /// A case in another state, or an account that is the caller's own or another user's.
    async fn conflict(&self) -> Option<Answer> {
        let (app, id) = (self.app, self.operation.id());
        if ALWAYS_POSSIBLE.contains(&id) {
            return Some(self.in_progress().await);
        }
        if self.operation.path.contains("{case_id}") {
            return self.wrong_state().await;
        }
        let own = || self.operation.path.replace("{user_id}", &self.request.by.id()).replace("{quarter}", "2026-Q4");
        let (path, body) = match id {
            "create_case" => {
                let names = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
                ("cases".to_owned(), Some(with(&names, &json!({"submit": true, "due_on": "2026-12-02"}))))
            }
            "edit_user" | "edit_own_account" => {
                let other = app.user("other", Role::Manager, None).await;
                (self.request.path.clone(), Some(json!({"email": other.email})))
            }
            "create_user" => {
                let other = app.user("other", Role::Manager, None).await;
                (self.request.path.clone(), self.request.body.as_ref().map(|body| with(body, &json!({"email": other.email}))))
            }
            "delete_document" => {
                let case = app.a_case().accepted().create().await;
                let document = recipes::add_report(app, &case, 1).await;
                let complete = self.request.by.post(&case.url("complete"), json!({"override_incomplete": true})).await;
                complete.expect(200);
                (format!("documents/{document}"), None)
            }
            "delete_user" => (format!("{}?reason=left", own()), None),
            "list_ledger_entries" => ("ledger/entries?after=1000000".to_owned(), None),
            _ => (own(), self.request.body.clone()),
        };
        Some(self.send(&self.request.by, &path, body).await)
    }

    /// Another request holds the key and is still in progress.
    async fn in_progress(&self) -> Answer {
        let (key, other) = (format!("walk-{}-1", self.operation.id()), prepare(self.app, self.operation).await);
        let caller = Caller::new(other.by.user.as_ref().expect("a user"), uuid::Uuid::nil());
        let busy = self.app.write().await;
        let scope = scope(&caller, self.operation.id(), &key);
        assert!(matches!(idempotency::claim(&busy, &scope, &"0".repeat(64)).await, Ok(Claim::Ours)));
        let by = other.by.clone().with("Idempotency-Key", &key);
        let send = || self.send(&by, &other.path, other.body.clone());
        // One of the two continues once the key is free; the later one is refused before that.
        let (one, another) = (pin!(send()), pin!(send()));
        let (refused, going_on) = select(one, another).await.factor_first();
        drop(busy);
        let done = going_on.await;
        assert!(done.status.is_success(), "{}", done.text);
        refused
    }

    /// The response with this status if there are two successes: first created, and only changed when repeated.
    async fn success(&self, status: u16) -> Answer {
        let request = prepare(self.app, self.operation).await;
        let first = request.send().await;
        if first.status() == status || !self.operation.statuses().contains(&first.status()) {
            first
        } else {
            request.send().await
        }
    }

    /// The first state of a case in which this is not possible.
    async fn wrong_state(&self) -> Option<Answer> {
        let (app, mut last) = (self.app, None);
        let draft = async || app.a_case().create().await;
        for case in [app.a_case().completed().create().await, app.a_case().held().create().await, draft().await] {
            let path = self.operation.path.replace("{case_id}", &case.id());
            let answer = self.send(&self.request.by, &path, self.request.body.clone()).await;
            let is_conflict = answer.status() == 409;
            last = Some(answer);
            if is_conflict {
                break;
            }
        }
        last
    }

    /// The last table it reads or writes is missing.
    async fn broken(&self) -> Answer {
        // A successful request reveals which one that is.
        let done = prepare(self.app, self.operation).await;
        self.app.statements();
        done.send().await;
        let sent = self.app.statements();
        // A report is read back from the log it was just written to.
        let reads_back = self.operation.path.starts_with("/api/v1/ingest/");
        let of_the_log = |sql: &&String| {
            sql.starts_with("INSERT INTO \"audit_entries\"") || (reads_back && sql.contains("FROM \"audit_entries\""))
        };
        let table = sent.iter().rev().filter(|sql| !of_the_log(sql)).find_map(|sql| table_of(sql)).expect("a table");
        self.app.lose(&table).await;
        let answer = self.request.send().await;
        self.app.find_again(&table).await;
        answer
    }

    /// Its audit entry can't be written. An operation that writes one only in some cases uses its last recipe.
    async fn unrecorded(&self) -> Answer {
        let recipe = recipes::find(self.operation.id()).last().expect("a recipe");
        let request = recipes::prepare(self.app, recipe).await.expect("a request");
        // A repeated reading would write none.
        self.app.forget_readings().await;
        self.app.refuse_entries().await;
        let answer = request.send().await;
        self.app.accept_entries().await;
        answer
    }

    /// Failed attempts delay the next one.
    fn wait_out_guesses(&self) {
        if ["login", "refresh_session", "logout", "change_own_password"].contains(&self.operation.id()) {
            self.app.pass(chrono::TimeDelta::seconds(4));
        }
    }

    fn leaves_entries(&self) -> bool {
        ["always", "may"].iter().any(|list| !self.operation.actions(list).is_empty())
    }
}

async fn prepare<'a>(app: &'a TestApp, operation: &Listed) -> Request<'a> {
    let request = Box::pin(recipes::prepare(app, operation.id())).await;
    request.unwrap_or_else(|| panic!("{} has no recipe in tests/it/contract/recipes.rs", operation.id()))
}

fn with(body: &Json, more: &Json) -> Json {
    let both = body.as_object().into_iter().chain(more.as_object()).flatten();
    Json::Object(both.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The first table named in a statement.
fn table_of(sql: &str) -> Option<String> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let named = words.windows(2).find(|pair| ["FROM", "INTO", "UPDATE"].contains(&pair[0])).map(|pair| pair[1])?;
    let name = named.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    (!name.is_empty() && !name.starts_with("SELECT")).then(|| name.to_owned())
}

on_each_database! {
    async fn each_operation_can_return_every_status_it_declares(app) {
        let (callers, mut wrong, mut walked) = (callers(app).await, Vec::new(), 0);
        for operation in &operations() {
            let walk = Walk::new(app, operation, &callers).await;
            for status in operation.statuses() {
                // Tested below, each in a test of its own.
                if [408, 429, 504, 507].contains(&status) || (status == 503 && !walk.leaves_entries()) {
                    continue;
                }
                walk.wait_out_guesses();
                let answers =
                    if status < 300 && status != 206 { vec![walk.success(status).await] } else { walk.provoke(status).await };
                if answers.is_empty() {
                    wrong.push(format!("{} {status}: no way to have it", operation.id()));
                }
                let others = answers.iter().filter(|answer| answer.status() != status);
                wrong.extend(others.map(|answer| format!("{} {status}: {} {}", operation.id(), answer.status(), answer.text)));
                walked += 1;
            }
            // None of this had an effect: the prepared request still succeeds.
            walk.wait_out_guesses();
            let done = walk.request.send().await;
            if !done.status.is_success() {
                wrong.push(format!("{} afterwards: {} {}", operation.id(), done.status(), done.text));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(walked > 400, "{walked}");
    }

    async fn each_operation_is_unavailable_without_its_database(app) {
        let operations = operations();
        let mut prepared = Vec::new();
        for operation in operations.iter().filter(|operation| operation.statuses().contains(&503)) {
            prepared.push((operation, prepare(app, operation).await));
        }
        app.app.db().close().await.unwrap();
        for (operation, request) in &prepared {
            let answer = request.send().await;
            assert_eq!(answer.status(), 503, "{}: {}", operation.id(), answer.text);
            answer.expect_problem(503, "unavailable");
        }
        assert!(prepared.len() > 50);
    }
}

/// A client whose body doesn't arrive is not waited for, in any operation with a body.
#[tokio::test]
async fn each_operation_with_a_body_times_out_a_slow_sender() {
    let work = WorkLimits { body: Duration::from_millis(100), ..Settings::default().work };
    let app = TestApp::start_with(Kind::Sqlite, Settings { work, ..Settings::default() }).await.unwrap();
    let operations = operations();
    let declaring: Vec<&Listed> = operations.iter().filter(|operation| operation.statuses().contains(&408)).collect();
    let mut prepared = Vec::new();
    for operation in &declaring {
        prepared.push((operation, prepare(&app, operation).await));
    }
    let mut walks = Vec::new();
    for (operation, request) in &prepared {
        let address = app.base.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let kind = if request.form.is_some() { "multipart/form-data; boundary=x" } else { "application/json" };
        let token =
            if operation.is_public() { String::new() } else { format!("Authorization: Bearer {}\r\n", request.by.token()) };
        let (method, path) = (&operation.method, &request.path);
        let path = if path.starts_with('/') { path.clone() } else { format!("/api/v1/{path}") };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{token}Content-Type: {kind}\r\nContent-Length: 90\r\n\r\n");
        walks.push(async move {
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut said = Vec::new();
            stream.read_to_end(&mut said).await.unwrap();
            let said = String::from_utf8_lossy(&said).into_owned();
            let is_reported = said.starts_with("HTTP/1.1 408 ") && said.contains("\"code\":\"request_timeout\"");
            (!is_reported).then(|| format!("{}: {said}", operation.id()))
        });
    }
    let wrong: Vec<String> = futures_util::future::join_all(walks).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(declaring.len() > 30, "{}", declaring.len());
    app.finish().await;
}

/// A client that exceeds the rate limit is refused by every operation below `/api/v1`, regardless of the caller.
#[tokio::test]
async fn each_operation_refuses_callers_over_the_rate_limit() {
    let rates = Rates { default: NonZeroU32::MIN, login: NonZeroU32::MIN };
    let settings = Settings { rates: Some(rates), ..Settings::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings).await.unwrap();
    let (anonymous, operations) = (app.as_anonymous(), operations());
    let declaring: Vec<&Listed> = operations.iter().filter(|operation| operation.statuses().contains(&429)).collect();
    for operation in &declaring {
        // One request per minute: the second is refused, or the third if that minute just ended.
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(anonymous.send(operation.method.clone(), &operation.absent(), None).await);
        }
        let refused = answers.iter().find(|answer| answer.status() == 429);
        let refused = refused.unwrap_or_else(|| panic!("{}: {answers:?}", operation.id()));
        assert!(!refused.header("retry-after").is_empty() && !refused.header("ratelimit").is_empty(), "{}", operation.id());
    }
    assert!(declaring.len() > 50);
    app.finish().await;
}

/// PostgreSQL only: with SQLite there is no connection that could be lost.
#[tokio::test]
async fn each_operation_that_commits_reports_an_unknown_commit_result() {
    let Some((app, proxy)) = TestApp::start_behind_a_proxy(Duration::from_millis(300)).await else { return };
    let (callers, mut wrong, mut walked) = (callers(&app).await, Vec::new(), 0);
    for operation in &operations() {
        let walk = Walk::new(&app, operation, &callers).await;
        proxy.at_next_commit(Fault::AfterCommitUnanswerably);
        let answer = walk.committing().await;
        proxy.mend();
        let expected = operation.statuses().contains(&504);
        walked += usize::from(expected);
        match answer {
            Some(answer) if answer.status() != 504 || !expected => {
                wrong.push(format!("{} {expected}: {} {}", operation.id(), answer.status(), answer.text));
            }
            None if expected => wrong.push(format!("{}: no way to have 504", operation.id())),
            _ => {}
        }
    }
    assert!(wrong.is_empty() && walked > 50, "{walked}: {wrong:#?}");
    app.finish().await;
}

impl Walk<'_> {
    /// A request at whose end something is committed: its effect, or else the entry of its refusal.
    async fn committing(&self) -> Option<Answer> {
        let statuses = self.operation.statuses();
        if self.leaves_entries() || self.operation.method != Method::GET {
            return Some(self.request.send().await);
        }
        match (self.operation.is_public(), statuses.contains(&403), statuses.contains(&404)) {
            (false, true, _) => self.forbidden().await.into_iter().next(),
            (false, false, true) => Some(self.absent().await),
            _ => None,
        }
    }
}
