//! Conflicts that belong to a field of the request body name it.

use crate::app::{Answer, Form, at};
use crate::documents::{PDF, pay_stub};
use entity::user::Role;
use serde_json::{Value as Json, json};

/// What a conflict names: the fields, with the code of the problem as the code of each.
fn named(answer: &Answer, code: &str) -> Vec<String> {
    let problem = answer.expect_problem(409, code);
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let describes =
        |error: &Json| error["code"] == code && error["detail"].as_str().is_some_and(|detail| detail.starts_with("must "));
    assert!(errors.iter().all(describes), "{problem}");
    answer.faults()
}

fn member(username: &str, email: &str) -> Json {
    json!({
        "username": username, "email": email, "first_name": "Mia", "last_name": "Chen", "role": "member",
        "workshop_code": "WS001", "password": "eleven green bottles",
    })
}

on_each_database! {
    async fn a_duplicate_names_the_field_that_is_taken(app) {
        let by = app.as_admin().await;
        by.post("users", member("mia", "mia@example.org")).await.expect(201);
        let other = by.post("users", member("ada", "ada@example.org")).await.expect(201);
        let again = by.post("users", member("mia", "third@example.org")).await;
        assert_eq!(named(&again, "duplicate_username"), ["body /username"]);
        let again = by.post("users", member("third", "MIA@example.org")).await;
        assert_eq!(named(&again, "duplicate_email"), ["body /email"]);
        let path = format!("users/{}", other["id"].as_str().unwrap());
        assert_eq!(named(&by.patch(&path, json!({"email": "mia@example.org"})).await, "duplicate_email"), ["body /email"]);
        let own = by.patch("auth/me", json!({"email": "mia@example.org"})).await;
        assert_eq!(named(&own, "duplicate_email"), ["body /email"]);
    }

    async fn a_conflict_about_the_assignee_or_the_tier_names_it(app) {
        let (by, tech1, member) = (app.as_manager().await, app.tech(1).await, app.as_member().await);
        let case = app.a_case().submitted().create().await;
        let terms = |tier: &str, id: String| json!({"tier": tier, "credit_value": "1.0", "assigned_to": id});
        let refused = by.post(&case.url("accept"), terms("tier_1", member.id())).await;
        assert_eq!(named(&refused, "not_assignable"), ["body /assigned_to"]);
        let refused = by.post(&case.url("accept"), terms("tier_3", tech1.id.to_string())).await;
        assert_eq!(named(&refused, "level_too_low"), ["body /assigned_to"]);
        by.post(&case.url("accept"), terms("tier_1", tech1.id.to_string())).await.expect(200);
        let refused = by.post(&case.url("assign"), json!({"assigned_to": member.id(), "reason": "a"})).await;
        assert_eq!(named(&refused, "not_assignable"), ["body /assigned_to"]);
        let refused = by.post(&case.url("tier"), json!({"tier": "tier_2", "reason": "harder"})).await;
        assert_eq!(named(&refused, "level_too_low"), ["body /tier"]);
    }

    async fn a_conflict_that_a_confirmation_solves_names_it(app) {
        let case = app.a_case().create().await;
        app.clock.set(at("2026-12-09T15:00:00Z"));
        let (member, tech, manager) = (app.as_member().await, app.as_tech(3).await, app.as_manager().await);
        let submitted = member.post(&case.url("submit"), json!({})).await;
        assert_eq!(named(&submitted, "rush_confirmation_required"), ["body /confirm_rush"]);
        let new = json!({
            "employee_first_name": "Ada", "employee_last_name": "Moss", "submit": true, "due_on": "2026-12-10",
        });
        assert_eq!(named(&member.post("cases", new).await, "rush_confirmation_required"), ["body /confirm_rush"]);
        member.post(&case.url("submit"), json!({"confirm_rush": true})).await.expect(200);
        let lowered = manager.patch(&case.path(), json!({"urgency": "normal"})).await;
        assert_eq!(named(&lowered, "rush_required"), ["body /urgency"]);
        let terms = json!({"tier": "tier_1", "credit_value": "1.0"});
        tech.post(&case.url("accept"), terms).await.expect(200);
        let completed = tech.post(&case.url("complete"), json!({})).await;
        assert_eq!(named(&completed, "missing_reports"), ["body /override_incomplete"]);
    }

    async fn a_file_beyond_a_quota_is_named(app) {
        app.as_admin().await.patch("settings", json!({"case_document_quota_mib": 1})).await.expect(200);
        let case = app.a_case().accepted().create().await;
        let large = Form::new().text("document_type", "other").file("a.txt", "text/plain", &vec![b'a'; 1_100_000]);
        let refused = app.as_manager().await.upload(&case.url("documents"), &large).await;
        assert_eq!(named(&refused, "quota_exceeded"), ["body /file"]);
    }

    async fn a_report_in_a_settled_case_is_named_by_its_type(app) {
        let case = app.a_case().completed().create().await;
        let by = app.as_manager().await;
        let report = Form::new().text("document_type", "report").text("report_number", "1");
        let report = report.file("report.pdf", "application/pdf", PDF);
        let refused = by.upload(&case.url("documents"), &report).await;
        assert_eq!(named(&refused, "invalid_case_state"), ["body /document_type"]);
        by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    }

    async fn a_member_who_worked_on_the_case_is_named(app) {
        let (case, by, worker) = (app.a_case().completed().create().await, app.as_admin().await, app.tech(3).await);
        let role = json!({"role": "member", "reason": "left the office"});
        by.post(&format!("users/{}/role", worker.id), role).await.expect(200);
        let refused = by.post(&case.url("member"), json!({"member_id": worker.id, "reason": "because"})).await;
        assert_eq!(named(&refused, "not_assignable"), ["body /member_id"]);
    }

    async fn a_role_that_cannot_be_changed_is_named_and_other_conflicts_of_accounts_name_nothing(app) {
        let (by, tech) = (app.as_admin().await, app.tech(3).await);
        app.a_case().accepted().assigned_to(&tech).create().await;
        let path = |verb: &str| format!("users/{}/{verb}", tech.id);
        let changed = by.post(&path("role"), json!({"role": "manager", "reason": "promoted"})).await;
        assert_eq!(named(&changed, "open_cases"), ["body /role"]);
        let deactivated = by.post(&path("deactivate"), json!({"reason": "left"})).await;
        assert_eq!(named(&deactivated, "open_cases"), [""; 0]);
        let own = by.post(&format!("users/{}/role", by.id()), json!({"role": "manager", "reason": "enough"})).await;
        assert_eq!(named(&own, "own_account"), [""; 0]);
        let service = app.user("service1", Role::Service, None).await;
        let body = json!({"new_password": "eleven green bottles"});
        let reset = by.post(&format!("users/{}/password-reset", service.id), body).await;
        assert_eq!(named(&reset, "no_password"), [""; 0]);
    }

    async fn a_conflict_with_the_state_of_a_case_names_no_field(app) {
        let case = app.a_case().completed().create().await;
        let by = app.as_manager().await;
        let held = by.post(&case.url("hold"), json!({"reason": "because"})).await;
        assert_eq!(named(&held, "invalid_case_state"), [""; 0]);
        let taken = app.a_case().accepted().create().await;
        assert_eq!(named(&app.as_tech(2).await.post(&taken.url("take"), json!({})).await, "already_assigned"), [""; 0]);
    }
}
