//! Edit a case.

use super::settled::Today;
use super::{CaseDetail, CasePath, CaseTarget};
use crate::http::{Answer, Body, IfMatchHeader, PersonCaller, Result};
use crate::state::App;
use crate::wire::check::{displayable, not_blank};
use crate::wire::json::{patch, present};
use crate::wire::{Error, WriteProblems};
use actix_web::patch;
use chrono::NaiveDate;
use entity::case::lifecycle::Edit;
use entity::case::{CaseAction, Urgency, member_update};
use entity::user::Role;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for editing a case: an absent field keeps its value, null clears it
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"client_email": "ada.moss@example.org", "due_on": "2026-12-20"}))]
pub struct EditCase {
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 100), custom(function = "displayable"))]
    #[schema(min_length = 1, max_length = 100, nullable = false, pattern = "displayable")]
    employee_first_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 100), custom(function = "displayable"))]
    #[schema(min_length = 1, max_length = 100, nullable = false, pattern = "displayable")]
    employee_last_name: Option<String>,
    #[serde(default, deserialize_with = "patch")]
    #[validate(email, length(max = 254))]
    #[schema(value_type = Option<String>, format = Email, max_length = 254)]
    client_email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[validate(range(min = 1, max = 10))]
    #[schema(minimum = 1, maximum = 10, nullable = false)]
    num_reports_requested: Option<i32>,
    /// Must be today or later
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    due_on: Option<NaiveDate>,
    /// A rush that the due date requires cannot be lowered
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    urgency: Option<Urgency>,
    #[serde(default, deserialize_with = "patch")]
    #[validate(length(max = 10000))]
    #[schema(value_type = Option<String>, max_length = 10000)]
    special_notes: Option<Option<String>>,
    /// Staff only
    #[serde(default, deserialize_with = "patch")]
    #[validate(length(max = 10000))]
    #[schema(value_type = Option<String>, max_length = 10000)]
    internal_notes: Option<Option<String>>,
    /// Staff only
    #[serde(default, deserialize_with = "patch")]
    #[validate(length(max = 10000))]
    #[schema(value_type = Option<String>, max_length = 10000)]
    report_notes_to_member: Option<Option<String>>,
    /// Reason for the edit
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 2000), custom(function = "not_blank"))]
    #[schema(min_length = 1, max_length = 2000, nullable = false, pattern = "not_blank")]
    reason: Option<String>,
}

impl EditCase {
    fn is_for_staff(&self) -> bool {
        self.internal_notes.is_some() || self.report_notes_to_member.is_some()
    }

    fn edit(self) -> Edit {
        Edit {
            employee_first_name: self.employee_first_name,
            employee_last_name: self.employee_last_name,
            client_email: self.client_email,
            num_reports_requested: self.num_reports_requested,
            due_on: self.due_on,
            urgency: self.urgency,
            special_notes: self.special_notes,
            internal_notes: self.internal_notes,
            report_notes_to_member: self.report_notes_to_member,
        }
    }
}

/// Edit a case
///
/// Changes to names, email address, due date and number of reports are recorded in one audit entry, changes to urgency and notes
/// in another. Unchanged values are not recorded.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = EditCase,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["case_details_edited", "case_updated"], "denied": entity::audit::Action::CaseDetailsEdited,
    }))),
)]
#[patch("/cases/{case_id}")]
pub async fn edit_case(app: App, by: PersonCaller, target: CaseTarget, body: Body<EditCase>) -> Result<Answer<CaseDetail>> {
    let Body(body) = body;
    let is_member = by.role() == Role::Member;
    if is_member && body.is_for_staff() {
        return Err(Error::forbidden().into());
    }
    let (tx, by) = app.begin(&by).await?;
    let tx = tx.with_reason_if(body.reason.as_deref());
    let before = target.locked(&tx, &by, CaseAction::Edit).await?;
    let today = Today::read(&tx).await?;
    if let Some(due_on) = body.due_on.filter(|due_on| *due_on != before.due_on) {
        today.ensure_ahead(due_on)?;
    }
    let edited = before.clone().edit(body.edit(), |due_on| today.required_by(due_on), &by, tx.now())?;
    let case = tx.save(edited).await?;
    if case.version != before.version {
        member_update::raise_if_news(&tx, &case, &by).await?;
    }
    CaseDetail::committed(tx, case, &by).await
}
