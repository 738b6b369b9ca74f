//! Edit a case.

use super::settled::Today;
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, PersonCaller, Result};
use crate::state::App;
use crate::wire::fields::{CaseNotes, CivilDay, ClientEmail, EmployeeName, Reason, ReportNumber};
use crate::wire::json::{optional, patch, present};
use crate::wire::{Error, WriteProblems};
use actix_web::patch;
use entity::case::lifecycle::Edit;
use entity::case::{CaseAction, Urgency};
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
    #[validate(nested)]
    #[schema(nullable = false)]
    employee_first_name: Option<EmployeeName>,
    #[serde(default, deserialize_with = "present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    employee_last_name: Option<EmployeeName>,
    #[serde(default, deserialize_with = "patch")]
    #[validate(nested)]
    client_email: Option<Option<ClientEmail>>,
    #[serde(default, deserialize_with = "present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    num_reports_requested: Option<ReportNumber>,
    /// Must be today or later
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    due_on: Option<CivilDay>,
    /// A rush that the due date requires cannot be lowered
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    urgency: Option<Urgency>,
    #[serde(default, deserialize_with = "patch")]
    #[validate(nested)]
    special_notes: Option<Option<CaseNotes>>,
    /// Staff only
    #[serde(default, deserialize_with = "patch")]
    #[validate(nested)]
    internal_notes: Option<Option<CaseNotes>>,
    /// Staff only
    #[serde(default, deserialize_with = "patch")]
    #[validate(nested)]
    report_notes_to_member: Option<Option<CaseNotes>>,
    /// Reason for the edit
    #[serde(default, deserialize_with = "optional")]
    #[validate(nested)]
    reason: Option<Reason>,
}

impl EditCase {
    fn is_for_staff(&self) -> bool {
        self.internal_notes.is_some() || self.report_notes_to_member.is_some()
    }

    fn edit(self) -> Edit {
        Edit {
            employee_first_name: self.employee_first_name.map(String::from),
            employee_last_name: self.employee_last_name.map(String::from),
            client_email: self.client_email.map(|email| email.map(String::from)),
            num_reports_requested: self.num_reports_requested.map(ReportNumber::get),
            due_on: self.due_on.map(CivilDay::get),
            urgency: self.urgency,
            special_notes: self.special_notes.map(|notes| notes.map(String::from)),
            internal_notes: self.internal_notes.map(|notes| notes.map(String::from)),
            report_notes_to_member: self.report_notes_to_member.map(|notes| notes.map(String::from)),
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
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason_if(body.reason.as_deref());
    let before = target.locked(&tx, &by, CaseAction::Edit).await?;
    // Only a due date and an urgency are judged by the day and the settings.
    let today = if body.due_on.is_some() || body.urgency.is_some() { Some(Today::read(&tx).await?) } else { None };
    let moved_to = body.due_on.map(CivilDay::get).filter(|due_on| *due_on != before.due_on);
    if let (Some(today), Some(due_on)) = (&today, moved_to) {
        today.ensure_ahead(due_on)?;
    }
    let required = |due_on| today.as_ref().map_or(Urgency::Normal, |today| today.required_by(due_on));
    let edited = before.edit(body.edit(), required, &by, tx.now())?;
    let case = tx.save(edited).await?;
    CaseDetail::committed(tx, case, &by).await
}
