//! How each operation succeeds: the required setup, and the request that is then sent.

use crate::app::{Answer, Client, Form, Scene, TestApp};
use crate::documents::pay_stub;
use entity::user::{Level, Role};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A request that succeeded, and the audit entries it wrote.
pub struct Tried {
    pub answer: Answer,
    pub left: Vec<Json>,
}

/// A request that will succeed: everything it needs is set up.
pub struct Request<'a> {
    pub by: Client<'a>,
    pub method: Method,
    pub path: String,
    pub body: Option<Json>,
    /// Used instead of a body.
    pub form: Option<Form>,
}

impl Request<'_> {
    pub async fn send(&self) -> Answer {
        match &self.form {
            Some(form) => self.by.upload(&self.path, form).await,
            None => self.by.send(self.method.clone(), &self.path, self.body.clone()).await,
        }
    }
}

const PASSWORD: &str = "a long enough passphrase";

/// Additional recipes of operations that write different entries depending on the caller or the existing data.
const ALSO: [(&str, &str); 11] = [
    ("create_case_note", "create_case_note by its member"),
    ("accept_case", "accept_case handed in again"),
    ("assign_case", "assign_case without an assignee"),
    ("upload_document", "upload_document in the place of another"),
    ("reopen_case", "reopen_case of a former assignee"),
    ("resubmit_case", "resubmit_case of a former assignee"),
    ("run_job", "run_job that releases"),
    ("run_job", "run_job that resets"),
    ("edit_own_account", "edit_own_account by the staff"),
    ("edit_user", "edit_user of a member"),
    ("refresh_session", "refresh_session once more"),
];

/// The recipes of an operation: the one with its name, and those that write other entries.
pub fn find(operation: &str) -> impl Iterator<Item = &str> {
    let also = ALSO.iter().filter(move |(id, _)| *id == operation).map(|(_, recipe)| *recipe);
    std::iter::once(operation).chain(also)
}

/// Runs an operation once with success; `None` if it has no recipe.
pub async fn run(app: &TestApp, operation: &str) -> Option<Tried> {
    let request = prepare(app, operation).await?;
    let mark = app.mark().await;
    let answer = request.send().await;
    Some(Tried { answer, left: app.since(&mark).await })
}

/// What leaves an entry only with the setting `record_views`.
const VIEWS: [&str; 11] = [
    "get_case",
    "get_case_file",
    "list_case_documents",
    "list_case_notes",
    "get_note",
    "list_case_reviews",
    "get_user",
    "list_user_sessions",
    "list_user_api_keys",
    "list_credit_allowances",
    "get_credit_allowance",
];

/// Sets up what an operation needs to succeed, anew with each call.
pub async fn prepare<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    if VIEWS.contains(&operation) {
        app.as_admin().await.patch("settings", json!({"record_views": true})).await.expect(200);
    }
    if let Some(request) = Box::pin(case_operation(app, operation)).await {
        return Some(request);
    }
    if let Some(request) = Box::pin(document_operation(app, operation)).await {
        return Some(request);
    }
    if let Some(request) = Box::pin(note(app, operation)).await {
        return Some(request);
    }
    if let Some(request) = Box::pin(session_or_user(app, operation)).await {
        return Some(request);
    }
    if let Some(request) = Box::pin(ingest(app, operation)).await {
        return Some(request);
    }
    match credits(app, operation).await {
        Some(request) => Some(request),
        None => reading(app, operation).await,
    }
}

fn send<'a>(by: Client<'a>, method: Method, path: &str, body: Option<Json>) -> Option<Request<'a>> {
    Some(Request { by, method, path: path.to_owned(), body, form: None })
}

fn post<'a>(by: Client<'a>, path: &str, body: Json) -> Option<Request<'a>> {
    send(by, Method::POST, path, Some(body))
}

fn get<'a>(by: Client<'a>, path: &str) -> Option<Request<'a>> {
    send(by, Method::GET, path, None)
}

/// A name that is not in use.
fn unused(name: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{name}.{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

#[expect(clippy::too_many_lines, reason = "a table with one recipe per arm")]
async fn case_operation<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let (manager, member) = (app.as_manager().await, app.as_member().await);
    let why = json!({"reason": "because"});
    let accepted = async || app.a_case().accepted().create().await;
    let tech2 = app.tech(2).await.id;
    match operation {
        "create_case" => {
            let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "submit": true, "urgency": "rush"});
            post(member, "cases", body)
        }
        "get_case" => get(manager, &accepted().await.path()),
        "get_case_file" => get(manager, &accepted().await.url("file")),
        "list_case_assignees" => get(manager, &accepted().await.url("assignees")),
        "list_case_reviews" => get(manager, &accepted().await.url("reviews")),
        "edit_case" => {
            let body = json!({"employee_last_name": "Reed", "special_notes": "call first"});
            send(member, Method::PATCH, &accepted().await.path(), Some(body))
        }
        "delete_case" => {
            let draft = app.a_case().create().await;
            send(member, Method::DELETE, &draft.path(), None)
        }
        "submit_case" => post(member, &app.a_case().create().await.url("submit"), json!({})),
        "accept_case" => {
            let body = json!({"tier": "tier_2", "credit_value": "1.0", "assigned_to": tech2});
            post(manager, &app.a_case().submitted().create().await.url("accept"), body)
        }
        "accept_case handed in again" => {
            // After resubmission it still has its assignee and its tier.
            let case = app.a_case().completed().create().await;
            app.pass(chrono::TimeDelta::seconds(1));
            member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
            member.post(&case.url("resubmit"), json!({})).await.expect(200);
            let body = json!({"tier": "tier_2", "credit_value": "1.0", "assigned_to": tech2});
            post(manager, &case.url("accept"), body)
        }
        "reject_case" => {
            let body = json!({"rejection_reason": "other", "rejection_notes": "because"});
            post(manager, &app.a_case().submitted().create().await.url("reject"), body)
        }
        "assign_case" => post(manager, &accepted().await.url("assign"), json!({"assigned_to": tech2, "reason": "because"})),
        "assign_case without an assignee" => {
            let case = accepted().await;
            manager.post(&case.url("assign"), json!({"assigned_to": null, "reason": "because"})).await.expect(200);
            post(manager, &case.url("assign"), json!({"assigned_to": tech2, "reason": "because"}))
        }
        "take_case" => {
            let case = accepted().await;
            let body = json!({"assigned_to": null, "reason": "because"});
            manager.post(&case.url("assign"), body).await.expect(200);
            post(app.as_tech(2).await, &case.url("take"), json!({}))
        }
        "change_case_tier" => post(manager, &accepted().await.url("tier"), json!({"tier": "tier_2", "reason": "because"})),
        "hold_case" => post(manager, &accepted().await.url("hold"), why),
        "change_case_hold" => send(manager, Method::PATCH, &app.a_case().held().create().await.url("hold"), Some(why)),
        "resume_case" => post(manager, &app.a_case().held().create().await.url("resume"), why),
        "adjust_case_credit" => {
            post(manager, &accepted().await.url("credit"), json!({"credit_value": "3.0", "reason": "because"}))
        }
        "complete_case" => {
            let tech1 = app.tech(1).await;
            let case = app.a_case().assigned_to(&tech1).accepted().create().await;
            post(manager, &case.url("complete"), json!({"override_incomplete": true}))
        }
        "approve_review" | "request_revisions" | "correct_review" => review(app, operation).await,
        "release_case" => {
            let case = app.a_case().completed_until(crate::app::at("2026-12-10T00:00:00Z")).create().await;
            post(manager, &case.url("release"), why)
        }
        "reopen_case" => post(manager, &app.a_case().completed().create().await.url("reopen"), why),
        "reopen_case of a former assignee" => {
            let gone = app.user(&unused("gone"), Role::Technician, Some(Level::Two)).await;
            let case = app.a_case().assigned_to(&gone).completed().create().await;
            app.as_admin().await.post(&format!("users/{}/deactivate", gone.id), why.clone()).await.expect(200);
            post(manager, &case.url("reopen"), why)
        }
        "resubmit_case of a former assignee" => {
            let gone = app.user(&unused("gone"), Role::Technician, Some(Level::Two)).await;
            let case = app.a_case().assigned_to(&gone).completed().create().await;
            app.as_admin().await.post(&format!("users/{}/deactivate", gone.id), why.clone()).await.expect(200);
            app.pass(chrono::TimeDelta::seconds(1));
            member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
            post(member, &case.url("resubmit"), json!({}))
        }
        "resubmit_case" => post(member, &resubmittable(app).await.url("resubmit"), json!({})),
        "change_case_member" => {
            let new = app.user(&unused("member"), Role::Member, None).await;
            let body = json!({"member_id": new.id, "reason": "because"});
            post(app.as_admin().await, &accepted().await.url("member"), body)
        }
        "acknowledge_case_updates" => {
            let case = accepted().await;
            send(manager, Method::POST, &case.url("acknowledge-updates"), None)
        }
        "list_cases" => get(manager, "cases"),
        "count_cases" => get(manager, "cases/counts?by=status"),
        "list_reviews" => get(manager, "reviews"),
        "list_alerts" => get(manager, "alerts"),
        "mark_all_alerts_read" => send(member, Method::POST, "alerts/read-all", None),
        "list_outbox" => get(manager, "outbox"),
        "mark_alert_read" | "dismiss_alert" => alert(app, operation).await,
        _ => None,
    }
}

/// A member's alert about a hold.
async fn alert<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let case = app.a_case().accepted().create().await;
    app.as_manager().await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
    let by = app.as_member().await;
    let alerts = by.get("alerts?limit=1").await.expect(200);
    let path = format!("alerts/{}", alerts["data"][0]["id"].as_str().expect("an id"));
    match operation {
        "mark_alert_read" => send(by, Method::POST, &format!("{path}/read"), None),
        _ => post(by, &format!("{path}/dismiss"), json!({"reason": "seen"})),
    }
}

async fn note<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    if !operation.contains("note") {
        return None;
    }
    let case = app.a_case().accepted().create().await;
    let (by, notes) = (app.as_manager().await, case.url("notes"));
    let body = json!({"body": "They called twice.", "visibility": "shared"});
    let note = by.post(&notes, body.clone()).await.expect(201);
    let path = format!("notes/{}", note["id"].as_str().expect("an id"));
    match operation {
        "list_case_notes" => get(by, &notes),
        "create_case_note" => post(by, &notes, body),
        "create_case_note by its member" => post(app.as_member().await, &notes, body),
        "get_note" => get(by, &path),
        "delete_note" => send(by, Method::DELETE, &path, None),
        _ => None,
    }
}

async fn review<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let verb = match operation {
        "approve_review" => "review/approve",
        "request_revisions" => "review/request-revisions",
        _ => "review/correct",
    };
    let case = app.a_case().pending_review().create().await;
    post(app.as_manager().await, &case.url(verb), json!({"notes": "because"}))
}

async fn document_operation<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let by = app.as_manager().await;
    let case = app.a_case().accepted().create().await;
    match operation {
        "upload_document" => {
            let (path, form) = (case.url("documents"), Some(report(1)));
            Some(Request { by, method: Method::POST, path, body: None, form })
        }
        "upload_document in the place of another" => {
            add_report(app, &case, 1).await;
            let (path, form) = (case.url("documents"), Some(report(1)));
            Some(Request { by, method: Method::POST, path, body: None, form })
        }
        "list_case_documents" => {
            add_report(app, &case, 1).await;
            get(by, &case.url("documents"))
        }
        "get_document" => get(by, &format!("documents/{}", add_report(app, &case, 1).await)),
        "download_document" => get(by, &format!("documents/{}/content", add_report(app, &case, 1).await)),
        "delete_document" => send(by, Method::DELETE, &format!("documents/{}", add_report(app, &case, 1).await), None),
        _ => None,
    }
}

/// One of the reports requested for a case.
pub fn report(number: u8) -> Form {
    let form = Form::new().text("document_type", "report").text("report_number", number.to_string());
    form.file(&format!("report-{number}.pdf"), "application/pdf", b"%PDF-1.7 what was asked for")
}

/// Adds a report to a case and returns its id.
pub async fn add_report(app: &TestApp, case: &Scene, number: u8) -> String {
    let added = app.as_manager().await.upload(&case.url("documents"), &report(number)).await.expect(201);
    added["id"].as_str().expect("an id").to_owned()
}

async fn resubmittable(app: &TestApp) -> Scene {
    let case = app.a_case().submitted().create().await;
    let rejection = json!({"rejection_reason": "other", "rejection_notes": "because"});
    app.as_manager().await.post(&case.url("reject"), rejection).await.expect(200);
    app.pass(chrono::TimeDelta::seconds(1));
    app.as_member().await.patch(&case.path(), json!({"client_email": "new@example.org"})).await.expect(200);
    case
}

/// A user with a password, created by the administrator.
async fn newcomer(app: &TestApp, username: &str) -> Json {
    let body = json!({
        "username": username, "email": format!("{username}@example.org"), "first_name": "New", "last_name": "Comer",
        "role": "technician", "user_level": "level_2", "password": PASSWORD,
    });
    app.as_admin().await.post("users", body).await.expect(201)
}

#[expect(clippy::too_many_lines, reason = "a table with one recipe per arm")]
async fn session_or_user<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let (anonymous, admin) = (app.as_anonymous(), app.as_admin().await);
    let someone = app.user(&unused("someone"), Role::Technician, Some(Level::Two)).await;
    let path = |verb: &str| format!("users/{}{verb}", someone.id);
    let why = json!({"reason": "because"});
    match operation {
        "login" => {
            let name = unused("comer-login");
            newcomer(app, &name).await;
            post(anonymous, "auth/login", json!({"username": name, "password": PASSWORD}))
        }
        "refresh_session" | "refresh_session once more" | "logout" => {
            let name = unused("comer-session");
            newcomer(app, &name).await;
            let pair = anonymous.post("auth/login", json!({"username": name, "password": PASSWORD})).await.expect(200);
            let body = json!({"refresh_token": pair["refresh_token"]});
            let bearer = format!("Bearer {}", pair["access_token"].as_str().expect("a token"));
            let caller = app.as_anonymous().with("Authorization", &bearer);
            let verb = if operation == "logout" { "auth/logout" } else { "auth/refresh" };
            if operation == "refresh_session once more" {
                caller.post(verb, body.clone()).await.expect(200);
            }
            post(caller, verb, body)
        }
        "get_own_account" => get(admin, "auth/me"),
        "edit_own_account" => send(app.as_member().await, Method::PATCH, "auth/me", Some(json!({"last_name": unused("Other")}))),
        "edit_own_account by the staff" => {
            send(app.as_tech(2).await, Method::PATCH, "auth/me", Some(json!({"last_name": unused("Other")})))
        }
        "change_own_password" => {
            let name = unused("comer-password");
            newcomer(app, &name).await;
            let body = json!({"username": name, "password": PASSWORD});
            let pair = anonymous.post("auth/login", body).await.expect(200);
            let bearer = format!("Bearer {}", pair["access_token"].as_str().expect("a token"));
            let caller = app.as_anonymous().with("Authorization", &bearer);
            let body = json!({"current_password": PASSWORD, "new_password": "another long passphrase"});
            post(caller, "auth/me/password", body)
        }
        "get_signing_keys" => get(anonymous, "/.well-known/jwks.json"),
        "get_settings" => get(admin, "settings"),
        "edit_settings" => {
            let body = json!({"reply_email_address": format!("{}@example.org", unused("desk"))});
            send(admin, Method::PATCH, "settings", Some(body))
        }
        "export_cases_csv" => get(admin, "exports/cases.csv"),
        "export_cases_ndjson" => get(admin, "exports/cases.ndjson"),
        "export_credit_allowances_csv" => get(admin, "exports/credit-allowances.csv"),
        "export_credit_allowances_ndjson" => get(admin, "exports/credit-allowances.ndjson"),
        "export_documents_csv" => get(admin, "exports/documents.csv"),
        "export_documents_ndjson" => get(admin, "exports/documents.ndjson"),
        "export_users_csv" => get(admin, "exports/users.csv"),
        "export_users_ndjson" => get(admin, "exports/users.ndjson"),
        "list_jobs" => get(admin, "jobs"),
        "run_job" => {
            let case = app.a_case().accepted().create().await;
            app.as_manager().await.post(&case.url("hold"), json!({"reason": "waiting for pay stub"})).await.expect(200);
            post(admin, "jobs/send_scheduled_emails/run", json!({}))
        }
        "run_job that releases" => {
            app.a_case().completed_until(app.clock.now() + chrono::TimeDelta::minutes(1)).create().await;
            app.pass(chrono::TimeDelta::minutes(2));
            post(app.as_admin().await, "jobs/release_scheduled_cases/run", json!({}))
        }
        "run_job that resets" => {
            app.user(&unused("saver"), Role::Member, None).await;
            post(admin, "jobs/quarterly_credit_reset/run", json!({}))
        }
        "list_job_runs" => get(admin, "job-runs"),
        "list_users" => get(admin, "users"),
        "get_user" => get(admin, &path("")),
        "create_user" => {
            let name = unused("brand.new");
            let body = json!({
                "username": name, "email": format!("{name}@example.org"), "first_name": "Brand", "last_name": "New",
                "role": "member", "workshop_code": "WS002", "password": PASSWORD,
            });
            post(admin, "users", body)
        }
        "edit_user" => send(admin, Method::PATCH, &path(""), Some(json!({"first_name": "Augusta"}))),
        "edit_user of a member" => {
            let member = app.user(&unused("member"), Role::Member, None).await;
            send(admin, Method::PATCH, &format!("users/{}", member.id), Some(json!({"first_name": "Augusta"})))
        }
        "delete_user" => send(admin, Method::DELETE, &path("?reason=left"), None),
        "change_user_role" => post(admin, &path("/role"), json!({"role": "manager", "reason": "because"})),
        "deactivate_user" => post(admin, &path("/deactivate"), why),
        "reactivate_user" => {
            admin.post(&path("/deactivate"), why.clone()).await.expect(200);
            post(admin, &path("/reactivate"), why)
        }
        "list_user_api_keys" | "create_user_api_key" | "revoke_user_api_key" => {
            let service = app.user(&unused("etl"), Role::Service, None).await;
            let keys = format!("users/{}/api-keys", service.id);
            match operation {
                "list_user_api_keys" => get(admin, &keys),
                "create_user_api_key" => post(admin, &keys, json!({"name": "Nightly import"})),
                _ => {
                    let key = admin.send(Method::POST, &keys, None).await.expect(201);
                    let path = format!("{keys}/{}", key["id"].as_str().expect("an id"));
                    send(admin, Method::DELETE, &path, None)
                }
            }
        }
        "list_user_sessions" | "end_user_sessions" | "end_user_session" => {
            let visitor = app.user(&unused("visitor"), Role::Member, None).await;
            app.as_user(&visitor).await;
            let sessions = format!("users/{}/sessions", visitor.id);
            match operation {
                "list_user_sessions" => get(admin, &sessions),
                "end_user_sessions" => send(admin, Method::DELETE, &sessions, None),
                _ => {
                    let list = admin.get(&sessions).await.expect(200);
                    let path = format!("{sessions}/{}", list["data"][0]["id"].as_str().expect("an id"));
                    send(admin, Method::DELETE, &path, None)
                }
            }
        }
        "reset_user_password" => post(admin, &path("/password-reset"), json!({"new_password": PASSWORD})),
        _ => None,
    }
}

async fn ingest<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let (path, body) = match operation {
        "ingest_cron_run" => ("cron-runs", json!({"job_name": "nightly-sync", "records_processed": 7, "status": "success"})),
        "ingest_email_notification" => {
            ("email-notifications", json!({"recipient": "recipient@example.com", "delivery_status": "sent"}))
        }
        "ingest_credit_resets" => {
            let member = app.user("member1", Role::Member, None).await.id;
            ("credit-resets", json!({"quarter": "2026-Q4", "resets": [{"user_id": member, "new_allowance": 100}]}))
        }
        "ingest_bulk_export" => ("bulk-exports", json!({"export_type": "cases", "format": "parquet", "record_count": 7})),
        "ingest_report_generation" => ("report-generations", json!({"report_type": "turnaround", "row_count": 7})),
        "ingest_audit_access" => ("audit-accesses", json!({"view_type": "siem_dashboard", "filters": {"outcome": ["denied"]}})),
        "ingest_activity" => {
            ("activities", json!({"event": "letter_sent", "description": "It went out", "metadata": {"pages": 2}}))
        }
        _ => return None,
    };
    post(app.as_admin().await, &format!("ingest/{path}"), body)
}

async fn credits<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let admin = app.as_admin().await;
    let member = app.user(&unused("saver"), Role::Member, None).await;
    let (all, one) = (format!("users/{}/credit-allowances", member.id), format!("users/{}/credit-allowances/2026-Q4", member.id));
    let body = Some(json!({"allowed_credits": 120, "notes": "twenty more"}));
    match operation {
        "list_credit_allowances" => get(admin, &all),
        "get_credit_allowance" => {
            admin.send(Method::PUT, &one, body).await.expect(201);
            get(admin, &one)
        }
        "set_credit_allowance" => send(admin, Method::PUT, &one, body),
        "reset_credits" => post(admin, "credit-resets", json!({"quarter": "2026-Q4", "new_allowance": 100})),
        _ => None,
    }
}

/// Operations that only read: the log, the reports, and information about the service itself.
async fn reading<'a>(app: &'a TestApp, operation: &str) -> Option<Request<'a>> {
    let by = app.as_manager().await;
    let case = app.a_case().accepted().create().await;
    let entry = app.all_entries().await[0]["id"].as_str().expect("an id").to_owned();
    let subject = by.id();
    let path = match operation {
        "get_service" => "service".to_owned(),
        "get_liveness" => "/livez".to_owned(),
        "get_readiness" => "/readyz".to_owned(),
        "get_metrics" => "/metrics".to_owned(),
        "get_openapi_json" => "/openapi.json".to_owned(),
        "get_openapi_yaml" => "/openapi.yaml".to_owned(),
        "get_problem" => "/problems/not_found".to_owned(),
        "list_audit_log" => "audit-log".to_owned(),
        "list_ledger_entries" => {
            app.seal().await;
            "ledger/entries".to_owned()
        }
        "get_audit_entry" => format!("audit-log/{entry}"),
        "export_audit_log_csv" => "audit-log/export.csv".to_owned(),
        "export_audit_log_ndjson" => "audit-log/export.ndjson".to_owned(),
        "list_case_audit_trail" => case.url("audit-trail"),
        "list_user_audit_trail" => format!("users/{subject}/audit-trail"),
        "list_own_activity" => "auth/me/activity".to_owned(),
        "list_audit_action_types" => "audit-action-types".to_owned(),
        "list_audited_fields" => "audited-fields".to_owned(),
        "list_reports" => "reports".to_owned(),
        "get_activity_summary" => "reports/activity-summary".to_owned(),
        "get_user_activity" => format!("reports/user-activity?user_id={subject}"),
        "list_user_activity" => "reports/user-activity/users".to_owned(),
        "get_case_changes" => "reports/case-changes".to_owned(),
        "get_quality_review_audit" => "reports/quality-review-audit".to_owned(),
        "get_system_events" => "reports/system-events".to_owned(),
        "export_activity_summary" => "reports/activity-summary.csv".to_owned(),
        "export_user_activity" => format!("reports/user-activity.csv?user_id={subject}"),
        "export_user_activity_list" => "reports/user-activity/users.csv".to_owned(),
        "export_case_changes" => "reports/case-changes.csv".to_owned(),
        "export_quality_review_audit" => "reports/quality-review-audit.csv".to_owned(),
        "export_system_events" => "reports/system-events.csv".to_owned(),
        _ => return None,
    };
    get(by, &path)
}
