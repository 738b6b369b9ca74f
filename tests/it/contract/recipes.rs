//! How each operation succeeds: what is arranged, and the request that is then sent.

use crate::app::{Answer, Client, Scene, TestApp};
use entity::user::{Level, Role};
use reqwest::Method;
use serde_json::{Value as Json, json};

/// A request that succeeds, and the trail as it stood before.
pub struct Tried {
    pub answer: Answer,
    pub left: Vec<Json>,
}

const PASSWORD: &str = "a long enough passphrase";

/// Runs an operation once with success; `None` for one that nobody wrote a recipe for.
pub async fn run(app: &TestApp, operation: &str) -> Option<Tried> {
    if let Some(tried) = case_operation(app, operation).await {
        return Some(tried);
    }
    match session_or_user(app, operation).await {
        Some(tried) => Some(tried),
        None => reading(app, operation).await,
    }
}

async fn send(app: &TestApp, by: &Client<'_>, method: Method, path: &str, body: Option<Json>) -> Tried {
    let mark = app.mark().await;
    let answer = by.send(method, path, body).await;
    Tried { answer, left: app.since(&mark).await }
}

async fn post(app: &TestApp, by: &Client<'_>, path: &str, body: Json) -> Option<Tried> {
    Some(send(app, by, Method::POST, path, Some(body)).await)
}

async fn get(app: &TestApp, by: &Client<'_>, path: &str) -> Option<Tried> {
    Some(send(app, by, Method::GET, path, None).await)
}

#[expect(clippy::too_many_lines, reason = "a table, a recipe an arm")]
async fn case_operation(app: &TestApp, operation: &str) -> Option<Tried> {
    let (manager, member) = (app.as_manager().await, app.as_member().await);
    let why = json!({"reason": "because"});
    let accepted = async || app.a_case().accepted().create().await;
    let tech2 = app.tech(2).await.id;
    match operation {
        "create_case" => {
            let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "submit": true, "urgency": "rush"});
            post(app, &member, "cases", body).await
        }
        "get_case" => get(app, &manager, &accepted().await.path()).await,
        "list_case_reviews" => get(app, &manager, &accepted().await.url("reviews")).await,
        "edit_case" => {
            let body = json!({"employee_last_name": "Reed", "special_notes": "call first"});
            Some(send(app, &member, Method::PATCH, &accepted().await.path(), Some(body)).await)
        }
        "delete_case" => {
            let draft = app.a_case().create().await;
            Some(send(app, &member, Method::DELETE, &draft.path(), None).await)
        }
        "submit_case" => post(app, &member, &app.a_case().create().await.url("submit"), json!({})).await,
        "accept_case" => {
            let body = json!({"tier": "tier_2", "credit_value": "1.0", "assigned_to": tech2});
            post(app, &manager, &app.a_case().submitted().create().await.url("accept"), body).await
        }
        "reject_case" => {
            let body = json!({"rejection_reason": "other", "rejection_notes": "because"});
            post(app, &manager, &app.a_case().submitted().create().await.url("reject"), body).await
        }
        "assign_case" => {
            post(app, &manager, &accepted().await.url("assign"), json!({"assigned_to": tech2, "reason": "because"})).await
        }
        "take_case" => {
            let case = accepted().await;
            let body = json!({"assigned_to": null, "reason": "because"});
            manager.post(&case.url("assign"), body).await.expect(200);
            post(app, &app.as_tech(2).await, &case.url("take"), json!({})).await
        }
        "change_case_tier" => {
            post(app, &manager, &accepted().await.url("tier"), json!({"tier": "tier_2", "reason": "because"})).await
        }
        "hold_case" => post(app, &manager, &accepted().await.url("hold"), why).await,
        "resume_case" => post(app, &manager, &app.a_case().held().create().await.url("resume"), why).await,
        "adjust_case_credit" => {
            post(app, &manager, &accepted().await.url("credit"), json!({"credit_value": "3.0", "reason": "because"})).await
        }
        "complete_case" => {
            let tech1 = app.tech(1).await;
            let case = app.a_case().assigned_to(&tech1).accepted().create().await;
            post(app, &manager, &case.url("complete"), json!({})).await
        }
        "approve_review" | "request_revisions" | "correct_review" => review(app, operation).await,
        "release_case" => {
            let case = app.a_case().completed_until(crate::app::at("2026-12-10T00:00:00Z")).create().await;
            post(app, &manager, &case.url("release"), why).await
        }
        "reopen_case" => post(app, &manager, &app.a_case().completed().create().await.url("reopen"), why).await,
        "resubmit_case" => post(app, &member, &resubmittable(app).await.url("resubmit"), json!({})).await,
        "acknowledge_case_updates" => {
            let case = accepted().await;
            Some(send(app, &manager, Method::POST, &case.url("acknowledge-updates"), None).await)
        }
        "list_cases" => get(app, &manager, "cases").await,
        _ => None,
    }
}

async fn review(app: &TestApp, operation: &str) -> Option<Tried> {
    let verb = match operation {
        "approve_review" => "review/approve",
        "request_revisions" => "review/request-revisions",
        _ => "review/correct",
    };
    let case = app.a_case().pending_review().create().await;
    post(app, &app.as_manager().await, &case.url(verb), json!({"notes": "because"})).await
}

async fn resubmittable(app: &TestApp) -> Scene {
    let case = app.a_case().submitted().create().await;
    let rejection = json!({"rejection_reason": "other", "rejection_notes": "because"});
    app.as_manager().await.post(&case.url("reject"), rejection).await.expect(200);
    app.pass(chrono::TimeDelta::seconds(1));
    app.as_member().await.patch(&case.path(), json!({"client_email": "new@example.org"})).await.expect(200);
    case
}

/// Somebody with a password, made by the administrator.
async fn newcomer(app: &TestApp, username: &str) -> Json {
    let body = json!({
        "username": username, "email": format!("{username}@example.org"), "first_name": "New", "last_name": "Comer",
        "role": "technician", "user_level": "level_2", "password": PASSWORD,
    });
    app.as_admin().await.post("users", body).await.expect(201)
}

async fn session_or_user(app: &TestApp, operation: &str) -> Option<Tried> {
    let (nobody, admin) = (app.as_nobody(), app.as_admin().await);
    let someone = app.user(&format!("someone.{operation}"), Role::Technician, Some(Level::Two)).await;
    let path = |verb: &str| format!("users/{}{verb}", someone.id);
    let why = json!({"reason": "because"});
    match operation {
        "login" => {
            newcomer(app, "comer-login").await;
            post(app, &nobody, "auth/login", json!({"username": "comer-login", "password": PASSWORD})).await
        }
        "refresh_session" | "logout" => {
            let name = format!("comer-{}", operation.replace('_', "-"));
            newcomer(app, &name).await;
            let pair = nobody.post("auth/login", json!({"username": name, "password": PASSWORD})).await.expect(200);
            let body = json!({"refresh_token": pair["refresh_token"]});
            let bearer = format!("Bearer {}", pair["access_token"].as_str().expect("a token"));
            let himself = app.as_nobody().with("Authorization", &bearer);
            let verb = if operation == "logout" { "auth/logout" } else { "auth/refresh" };
            post(app, &himself, verb, body).await
        }
        "get_own_account" => get(app, &admin, "auth/me").await,
        "edit_own_account" => {
            Some(send(app, &app.as_member().await, Method::PATCH, "auth/me", Some(json!({"last_name": "Other"}))).await)
        }
        "change_own_password" => {
            newcomer(app, "comer-password").await;
            let body = json!({"username": "comer-password", "password": PASSWORD});
            let pair = nobody.post("auth/login", body).await.expect(200);
            let bearer = format!("Bearer {}", pair["access_token"].as_str().expect("a token"));
            let himself = app.as_nobody().with("Authorization", &bearer);
            let body = json!({"current_password": PASSWORD, "new_password": "another long passphrase"});
            post(app, &himself, "auth/me/password", body).await
        }
        "get_signing_keys" => get(app, &nobody, "/.well-known/jwks.json").await,
        "list_users" => get(app, &admin, "users").await,
        "get_user" => get(app, &admin, &path("")).await,
        "create_user" => {
            let body = json!({
                "username": "brand.new", "email": "brand.new@example.org", "first_name": "Brand", "last_name": "New",
                "role": "member", "workshop_code": "WS002", "password": PASSWORD,
            });
            post(app, &admin, "users", body).await
        }
        "edit_user" => Some(send(app, &admin, Method::PATCH, &path(""), Some(json!({"first_name": "Augusta"}))).await),
        "delete_user" => Some(send(app, &admin, Method::DELETE, &path("?reason=left"), None).await),
        "change_user_role" => post(app, &admin, &path("/role"), json!({"role": "manager", "reason": "because"})).await,
        "deactivate_user" => post(app, &admin, &path("/deactivate"), why).await,
        "reactivate_user" => {
            admin.post(&path("/deactivate"), why.clone()).await.expect(200);
            post(app, &admin, &path("/reactivate"), why).await
        }
        "reset_user_password" => post(app, &admin, &path("/password-reset"), json!({"new_password": PASSWORD})).await,
        _ => None,
    }
}

/// What only reads: the log, the reports, and what the service says about itself.
async fn reading(app: &TestApp, operation: &str) -> Option<Tried> {
    let by = app.as_manager().await;
    let case = app.a_case().accepted().create().await;
    let entry = app.whole_trail().await[0]["id"].as_str().expect("an id").to_owned();
    let subject = by.id();
    let path = match operation {
        "get_liveness" => "/livez".to_owned(),
        "get_readiness" => "/readyz".to_owned(),
        "get_metrics" => "/metrics".to_owned(),
        "get_openapi_json" => "/openapi.json".to_owned(),
        "get_openapi_yaml" => "/openapi.yaml".to_owned(),
        "get_problem" => "/problems/not_found".to_owned(),
        "list_audit_log" => "audit-log".to_owned(),
        "get_audit_entry" => format!("audit-log/{entry}"),
        "export_audit_log_csv" => "audit-log/export.csv".to_owned(),
        "export_audit_log_ndjson" => "audit-log/export.ndjson".to_owned(),
        "list_case_audit_trail" => case.url("audit-trail"),
        "list_user_audit_trail" => format!("users/{subject}/audit-trail"),
        "list_own_activity" => "auth/me/activity".to_owned(),
        "list_audit_action_types" => "audit-action-types".to_owned(),
        "list_reports" => "reports".to_owned(),
        "get_activity_summary" => "reports/activity-summary".to_owned(),
        "get_user_activity" => format!("reports/user-activity?user_id={subject}"),
        "get_case_changes" => "reports/case-changes".to_owned(),
        "get_quality_review_audit" => "reports/quality-review-audit".to_owned(),
        "get_system_events" => "reports/system-events".to_owned(),
        "export_activity_summary" => "reports/activity-summary.csv".to_owned(),
        "export_user_activity" => format!("reports/user-activity.csv?user_id={subject}"),
        "export_case_changes" => "reports/case-changes.csv".to_owned(),
        "export_quality_review_audit" => "reports/quality-review-audit.csv".to_owned(),
        "export_system_events" => "reports/system-events.csv".to_owned(),
        _ => return None,
    };
    get(app, &by, &path).await
}
