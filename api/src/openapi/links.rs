//! The operations that can follow a response, so that tools can follow a case from its creation to its end.

use super::each;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::{OpenApi as Contract, RefOr, Response};

type LinkParameters = &'static [(&'static str, &'static str)];

const CASE: LinkParameters = &[("case_id", "$response.body#/id")];
const CASE_AS_SEEN: LinkParameters = &[("case_id", "$response.body#/id"), ("If-Match", "$response.header.ETag")];
const USER: LinkParameters = &[("user_id", "$response.body#/id")];
const USER_AS_SEEN: LinkParameters = &[("user_id", "$response.body#/id"), ("If-Match", "$response.header.ETag")];
const SIGNED_IN: LinkParameters = &[("user_id", "$response.body#/user/id")];
const KEY: LinkParameters = &[("user_id", "$response.body#/user_id"), ("key_id", "$response.body#/id")];
const FIRST_KEY: LinkParameters = &[("user_id", "$response.body#/data/0/user_id"), ("key_id", "$response.body#/data/0/id")];
const FIRST_SESSION: LinkParameters =
    &[("user_id", "$response.body#/data/0/user_id"), ("session_id", "$response.body#/data/0/id")];
const MEMBER: LinkParameters = &[("user_id", "$response.body#/member_id")];
const ALLOWANCE_AS_SEEN: LinkParameters =
    &[("user_id", "$response.body#/member_id"), ("quarter", "$response.body#/quarter"), ("If-Match", "$response.header.ETag")];
const ALLOWANCE: LinkParameters = &[("user_id", "$response.body#/member_id"), ("quarter", "$response.body#/quarter")];
const FIRST_ALLOWANCE: LinkParameters =
    &[("user_id", "$response.body#/data/0/member_id"), ("quarter", "$response.body#/data/0/quarter")];
const DOCUMENT: LinkParameters = &[("document_id", "$response.body#/id")];
const FIRST_DOCUMENT: LinkParameters = &[("document_id", "$response.body#/data/0/id")];
const FIRST_CASE: LinkParameters = &[("case_id", "$response.body#/data/0/id")];
const FIRST_USER: LinkParameters = &[("user_id", "$response.body#/data/0/id")];
const REVIEWED_CASE: LinkParameters = &[("case_id", "$response.body#/data/0/case/id")];
const FIRST_ALERT: LinkParameters = &[("alert_id", "$response.body#/data/0/id")];
const ALERT: LinkParameters = &[("alert_id", "$response.body#/id")];
const CASE_OF_MESSAGE: LinkParameters = &[("case_id", "$response.body#/data/0/case/id")];
const FIRST_NOTE: LinkParameters = &[("note_id", "$response.body#/data/0/id")];
const NOTE: LinkParameters = &[("note_id", "$response.body#/id")];
const NOTE_AS_SEEN: LinkParameters = &[("note_id", "$response.body#/id"), ("If-Match", "$response.header.ETag")];
const FIRST_ENTRY: LinkParameters = &[("entry_id", "$response.body#/data/0/id")];
const SEALED_ENTRY: LinkParameters = &[("entry_id", "$response.body#/items/0/entry/id")];
const REPORTED_ENTRY: LinkParameters = &[("entry_id", "$response.body#/entries/data/0/id")];
const PERIOD: LinkParameters = &[("since", "$response.body#/period/since"), ("until", "$response.body#/period/until")];
const USERS_PERIOD: LinkParameters = &[
    ("user_id", "$response.body#/user/id"),
    ("since", "$response.body#/period/since"),
    ("until", "$response.body#/period/until"),
];
const MOST_ACTIVE: LinkParameters = &[
    ("user_id", "$response.body#/top_users/0/user_id"),
    ("since", "$response.body#/period/since"),
    ("until", "$response.body#/period/until"),
];

const LISTED: LinkParameters = &[
    ("user_id", "$response.body#/entries/data/0/id"),
    ("since", "$response.body#/period/since"),
    ("until", "$response.body#/period/until"),
];

/// After which operations, which ones can follow, and with which parameters.
const NEXT: &[(&[&str], &[&str], LinkParameters)] = &[
    (
        &["create_case"],
        &[
            "edit_case",
            "delete_case",
            "submit_case",
            "get_case_file",
            "list_case_reviews",
            "list_case_notes",
            "create_case_note",
            "upload_document",
        ],
        CASE,
    ),
    (&["create_case_note"], &["get_note", "delete_note"], NOTE),
    (&["list_case_notes"], &["get_note", "delete_note"], FIRST_NOTE),
    (&["get_note"], &["delete_note"], NOTE_AS_SEEN),
    (&["upload_document"], &["get_document", "download_document", "delete_document"], DOCUMENT),
    (&["upload_document"], &["list_case_documents"], &[("case_id", "$response.body#/case/id")]),
    (&["get_document"], &["download_document"], DOCUMENT),
    (&["list_case_documents"], &["get_document", "download_document"], FIRST_DOCUMENT),
    (&["submit_case", "resubmit_case"], &["list_case_assignees", "accept_case", "reject_case"], CASE),
    (&["reject_case"], &["edit_case", "resubmit_case"], CASE),
    (
        &["accept_case", "resume_case", "reopen_case", "request_revisions"],
        &["assign_case", "change_case_tier", "adjust_case_credit", "hold_case", "complete_case", "acknowledge_case_updates"],
        CASE,
    ),
    (&["assign_case"], &["take_case", "hold_case", "complete_case"], CASE),
    (&["take_case", "change_case_tier", "adjust_case_credit", "acknowledge_case_updates"], &["hold_case", "complete_case"], CASE),
    (&["hold_case"], &["resume_case", "assign_case"], CASE),
    (
        &["complete_case"],
        &["approve_review", "request_revisions", "correct_review", "release_case", "reopen_case", "list_case_reviews"],
        CASE,
    ),
    (&["approve_review", "correct_review"], &["release_case", "reopen_case", "list_case_reviews"], CASE),
    (&["release_case"], &["resubmit_case", "reopen_case"], CASE),
    (&["edit_case"], &["submit_case"], CASE),
    (&["get_case"], &["edit_case"], CASE_AS_SEEN),
    (&["list_cases"], &["get_case", "edit_case", "list_case_audit_trail"], FIRST_CASE),
    (&["list_alerts"], &["mark_alert_read", "dismiss_alert"], FIRST_ALERT),
    (&["list_alerts", "list_outbox"], &["get_case"], CASE_OF_MESSAGE),
    (&["mark_alert_read"], &["dismiss_alert"], ALERT),
    (&["list_case_reviews"], &["get_case"], REVIEWED_CASE),
    (
        &["list_reviews"],
        &["get_case", "approve_review", "request_revisions", "correct_review", "list_case_reviews"],
        REVIEWED_CASE,
    ),
    (
        &["create_user"],
        &[
            "get_user",
            "edit_user",
            "delete_user",
            "change_user_role",
            "deactivate_user",
            "reset_user_password",
            "list_user_audit_trail",
            "list_credit_allowances",
            "list_user_api_keys",
            "create_user_api_key",
        ],
        USER,
    ),
    (&["create_user_api_key"], &["revoke_user_api_key"], KEY),
    (&["list_user_api_keys"], &["revoke_user_api_key"], FIRST_KEY),
    (&["list_user_sessions"], &["end_user_session"], FIRST_SESSION),
    (&["set_credit_allowance"], &["get_credit_allowance"], ALLOWANCE),
    (&["set_credit_allowance"], &["list_credit_allowances"], MEMBER),
    (&["get_credit_allowance"], &["set_credit_allowance"], ALLOWANCE_AS_SEEN),
    (&["list_credit_allowances"], &["get_credit_allowance"], FIRST_ALLOWANCE),
    (&["deactivate_user"], &["get_user", "reactivate_user"], USER),
    (&["edit_user", "change_user_role", "reactivate_user"], &["get_user", "list_user_audit_trail"], USER),
    (&["get_user"], &["edit_user"], USER_AS_SEEN),
    (&["list_users"], &["get_user", "edit_user", "list_user_audit_trail"], FIRST_USER),
    (&["login", "refresh_session"], &["get_user", "list_user_sessions"], SIGNED_IN),
    (&["list_audit_log", "list_user_audit_trail"], &["get_audit_entry"], FIRST_ENTRY),
    (&["list_ledger_entries"], &["get_audit_entry"], SEALED_ENTRY),
    (
        &["get_user_activity", "get_case_changes", "get_quality_review_audit", "get_system_events"],
        &["get_audit_entry"],
        REPORTED_ENTRY,
    ),
    (&["get_activity_summary"], &["export_activity_summary"], PERIOD),
    (&["get_activity_summary"], &["get_user_activity"], MOST_ACTIVE),
    (&["get_user_activity"], &["export_user_activity"], USERS_PERIOD),
    (&["list_user_activity"], &["get_user_activity"], LISTED),
    (&["list_user_activity"], &["export_user_activity_list"], PERIOD),
    (&["get_case_changes"], &["export_case_changes"], PERIOD),
    (&["get_quality_review_audit"], &["export_quality_review_audit"], PERIOD),
    (&["get_system_events"], &["export_system_events"], PERIOD),
];

/// Adds to each success the operations that can follow.
pub fn apply(contract: &mut Contract) {
    let summaries: BTreeMap<String, String> = each(contract)
        .filter_map(|declared| Some((declared.operation.operation_id.clone()?, declared.operation.summary.clone()?)))
        .collect();
    for declared in each(contract) {
        let id = declared.operation.operation_id.clone().unwrap_or_default();
        let success = declared.operation.responses.responses.iter_mut().find(|(status, _)| status.starts_with('2'));
        let Some((_, RefOr::T(response))) = success else { continue };
        for (next, parameters) in next(&id, response) {
            let link = link(next, summaries.get(next), parameters, &id);
            response.links.insert(next.to_owned(), link.into());
        }
    }
}

/// The operations that may follow an operation, with their parameters. A response with a case always links to the case and its
/// log.
fn next(id: &str, response: &Response) -> Vec<(&'static str, LinkParameters)> {
    let listed = NEXT.iter().filter(|(after, ..)| after.contains(&id));
    let mut next: Vec<_> = listed.flat_map(|(_, next, parameters)| next.iter().map(|next| (*next, *parameters))).collect();
    let answer = json!(response.content.values().next());
    if answer.pointer("/schema/$ref").is_some_and(|schema| schema == "#/components/schemas/CaseDetail") {
        next.extend(["get_case", "list_case_audit_trail"].map(|next| (next, CASE)));
    }
    if answer.pointer("/schema/$ref").is_some_and(|schema| schema == "#/components/schemas/TokenPair") {
        next.extend(["refresh_session", "logout"].map(|next| (next, [].as_slice())));
    }
    next.retain(|(next, _)| *next != id || *next == "refresh_session");
    next
}

fn link(next: &str, summary: Option<&String>, parameters: LinkParameters, after: &str) -> Link {
    let description = summary.cloned().unwrap_or_default();
    let link = LinkBuilder::new().operation_id(next).description(description);
    let link = parameters.iter().fold(link, |link, (name, expression)| link.parameter(*name, *expression));
    let goes_on = matches!((after, next), ("login" | "refresh_session", "refresh_session" | "logout"));
    let body: Option<Json> = goes_on.then(|| json!({"refresh_token": "$response.body#/refresh_token"}));
    link.request_body(body).build()
}
