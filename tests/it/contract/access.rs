//! Every operation × every role: who is allowed at all, and for whose cases.

use super::operations;
use crate::app::{Client, TestApp};
use entity::user::Role;
use serde_json::{Value as Json, json};

/// The roles an operation allows: M member, T technician, G manager, A administrator, S a service account with every reading
/// scope, `*` anyone. Object ownership is checked in addition.
pub const ALLOWED_ROLES: &[(&str, &str)] = &[
    ("login", "*"),
    ("refresh_session", "*"),
    // The refresh token itself determines whose session ends.
    ("logout", "*"),
    ("get_signing_keys", "*"),
    ("get_service", "*"),
    ("get_liveness", "*"),
    ("get_readiness", "*"),
    ("get_metrics", "*"),
    ("get_openapi_json", "*"),
    ("get_openapi_yaml", "*"),
    ("get_problem", "*"),
    ("get_own_account", "MTGAS"),
    ("edit_own_account", "MTGA"),
    ("change_own_password", "MTGA"),
    ("list_own_activity", "MTGA"),
    ("list_users", "TGA"),
    ("create_user", "TA"),
    ("get_user", "MTGAS"),
    ("edit_user", "MTGA"),
    ("delete_user", "A"),
    ("change_user_role", "A"),
    ("deactivate_user", "TA"),
    ("reactivate_user", "TA"),
    ("reset_user_password", "TA"),
    ("list_user_api_keys", "A"),
    ("create_user_api_key", "A"),
    ("revoke_user_api_key", "A"),
    ("list_user_sessions", "MTGA"),
    ("end_user_sessions", "MTGA"),
    ("end_user_session", "MTGA"),
    ("list_user_audit_trail", "GAS"),
    ("ingest_cron_run", "AS"),
    ("ingest_email_notification", "AS"),
    ("ingest_credit_resets", "AS"),
    ("ingest_bulk_export", "AS"),
    ("ingest_report_generation", "AS"),
    ("ingest_audit_access", "AS"),
    ("ingest_activity", "AS"),
    ("list_credit_allowances", "MTGA"),
    ("get_credit_allowance", "MTGA"),
    ("set_credit_allowance", "A"),
    ("reset_credits", "A"),
    ("list_cases", "MTGA"),
    ("count_cases", "MTGA"),
    ("create_case", "MA"),
    ("get_case", "MTGA"),
    ("get_case_file", "MTGA"),
    ("edit_case", "MTGA"),
    ("delete_case", "MA"),
    ("submit_case", "M"),
    ("accept_case", "TGA"),
    ("reject_case", "TGA"),
    ("assign_case", "TGA"),
    ("take_case", "TGA"),
    ("change_case_tier", "TGA"),
    ("hold_case", "TGA"),
    ("change_case_hold", "TGA"),
    ("resume_case", "TGA"),
    ("adjust_case_credit", "TGA"),
    ("complete_case", "TGA"),
    ("approve_review", "TGA"),
    ("request_revisions", "TGA"),
    ("correct_review", "TGA"),
    ("release_case", "TGA"),
    ("resubmit_case", "M"),
    ("reopen_case", "TGA"),
    ("acknowledge_case_updates", "TGA"),
    ("change_case_member", "A"),
    ("list_case_assignees", "TGA"),
    ("list_case_reviews", "TGA"),
    ("list_alerts", "MTGA"),
    ("mark_alert_read", "MTGA"),
    ("mark_all_alerts_read", "MTGA"),
    ("dismiss_alert", "MTGA"),
    ("list_outbox", "GA"),
    ("list_reviews", "TGA"),
    ("list_case_notes", "MTGA"),
    ("create_case_note", "MTGA"),
    ("get_note", "MTGA"),
    ("delete_note", "MTGA"),
    ("list_case_documents", "MTGA"),
    ("upload_document", "MTGA"),
    ("get_document", "MTGA"),
    ("delete_document", "MTGA"),
    ("download_document", "MTGA"),
    ("list_case_audit_trail", "MTGAS"),
    ("get_settings", "TGA"),
    ("edit_settings", "A"),
    ("export_cases_csv", "GA"),
    ("export_cases_ndjson", "GA"),
    ("export_credit_allowances_csv", "A"),
    ("export_credit_allowances_ndjson", "A"),
    ("export_documents_csv", "A"),
    ("export_documents_ndjson", "A"),
    ("export_users_csv", "A"),
    ("export_users_ndjson", "A"),
    ("list_jobs", "GA"),
    ("run_job", "A"),
    ("list_job_runs", "GA"),
    ("list_audit_log", "GAS"),
    ("list_ledger_entries", "GAS"),
    ("get_audit_entry", "GAS"),
    ("export_audit_log_csv", "GAS"),
    ("export_audit_log_ndjson", "GAS"),
    ("list_audit_action_types", "MTGAS"),
    ("list_audited_fields", "MTGAS"),
    ("list_reports", "GAS"),
    ("get_activity_summary", "GAS"),
    ("get_user_activity", "GAS"),
    ("list_user_activity", "GAS"),
    ("get_case_changes", "GAS"),
    ("get_quality_review_audit", "GAS"),
    ("get_system_events", "GAS"),
    ("export_activity_summary", "GAS"),
    ("export_user_activity", "GAS"),
    ("export_user_activity_list", "GAS"),
    ("export_case_changes", "GAS"),
    ("export_quality_review_audit", "GAS"),
    ("export_system_events", "GAS"),
];

pub async fn callers(app: &TestApp) -> Vec<(char, Client<'_>)> {
    let service = app.user("service1", Role::Service, None).await;
    vec![
        ('M', app.as_member().await),
        ('T', app.as_tech(2).await),
        ('G', app.as_manager().await),
        ('A', app.as_admin().await),
        ('S', app.as_user(&service).await),
    ]
}

/// What each caller may do to a case they can see: the owning member, the assigned technician, another technician of level 2, a
/// manager, an administrator. Regardless of the case's state: a state that forbids the action results in 409.
const ON_A_CASE: &[(&str, &str, &str)] = &[
    ("submit", "{}", "M"),
    ("accept", r#"{"tier":"tier_1","credit_value":"1.0","assigned_to":"01a20725-be30-7584-bca5-f00e655c90d6"}"#, "TtGA"),
    ("reject", r#"{"rejection_reason":"other","rejection_notes":"x"}"#, "TtGA"),
    ("assign", r#"{"assigned_to":null,"reason":"x"}"#, "TGA"),
    ("take", "{}", "TtA"),
    ("tier", r#"{"tier":"tier_1","reason":"x"}"#, "TGA"),
    ("hold", r#"{"reason":"x"}"#, "TGA"),
    ("resume", r#"{"reason":"x"}"#, "TGA"),
    ("credit", r#"{"credit_value":"1.0","reason":"x"}"#, "TGA"),
    ("complete", "{}", "TGA"),
    ("review/approve", "{}", "tGA"),
    ("review/request-revisions", r#"{"notes":"x"}"#, "tGA"),
    ("review/correct", r#"{"notes":"x"}"#, "tGA"),
    ("release", "{}", "TGA"),
    ("resubmit", "{}", "M"),
    ("reopen", r#"{"reason":"x"}"#, "TGA"),
    ("member", r#"{"member_id":"01a20725-be30-7584-bca5-f00e655c90d6","reason":"x"}"#, "A"),
];

on_each_database! {
    async fn each_operation_allows_exactly_the_roles_of_the_table(app) {
        let operations = operations();
        let callers = callers(app).await;
        let mut wrong = Vec::new();
        for operation in &operations {
            let row = ALLOWED_ROLES.iter().find(|(id, _)| *id == operation.id());
            let Some((_, allowed)) = row else { panic!("{} is not in the table", operation.id()) };
            assert_eq!(operation.is_public(), *allowed == "*", "{}: security", operation.id());
            for (role, by) in callers.iter().filter(|_| *allowed != "*") {
                let mark = app.mark().await;
                let body = operation.has_body().then(|| json!({}));
                let answer = by.send(operation.method.clone(), &operation.absent(), body).await;
                let refused = answer.status() == 403;
                if answer.status() == 401 || refused == allowed.contains(*role) {
                    wrong.push(format!("{} as {role}: {}", operation.id(), answer.status()));
                }
                if refused {
                    let left = app.since(&mark).await;
                    // A flood of refusals is folded, which is the case here.
                    assert!(
                        left.iter().all(|entry| entry["outcome"] == "denied" && entry["metadata"]["operation"] == operation.id())
                    );
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let stale: Vec<_> =
            ALLOWED_ROLES.iter().filter(|(id, _)| !operations.iter().any(|operation| operation.id() == *id)).collect();
        assert!(stale.is_empty(), "not operations any more: {stale:?}");
    }

    async fn case_actions_depend_on_the_callers_relation_to_the_case(app) {
        let owner = app.user("member1", Role::Member, None).await;
        let stranger = app.user("member2", Role::Member, None).await;
        let worker = app.tech(3).await;
        let callers = [
            ('M', app.as_user(&owner).await),
            ('T', app.as_user(&worker).await),
            ('t', app.as_tech(2).await),
            ('G', app.as_manager().await),
            ('A', app.as_admin().await),
        ];
        for (verb, body, may) in ON_A_CASE {
            let body: Json = serde_json::from_str(body).unwrap();
            for (who, by) in &callers {
                let case = app.a_case().held().create().await;
                let answer = by.post(&case.url(verb), body.clone()).await;
                assert_eq!(answer.status() != 403, may.contains(*who), "{verb} as {who}: {}", answer.text);
            }
            let case = app.a_case().held().create().await;
            let answer = app.as_user(&stranger).await.post(&case.url(verb), body.clone()).await;
            let member_only = ["submit", "resubmit"].contains(verb);
            assert_eq!(answer.status(), if member_only { 404 } else { 403 }, "{verb} as a stranger");
        }
    }
}
