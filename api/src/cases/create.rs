//! Create a case.

use super::CaseDetail;
use super::people::active_member;
use super::settled::Today;
use crate::http::{Answer, Anyone, Body, MemberOrAdministrator};
use crate::state::App;
use crate::wire::fields::{CaseNotes, CivilDay, ClientEmail, EmployeeName, Id, ReportNumber, WorkshopCode};
use crate::wire::{CreateProblems, Error, Interruption, Result, json};
use actix_web::post;
use entity::audit::AuditTx;
use entity::case::lifecycle::NewCase;
use entity::case::{Urgency, number};
use entity::user::Role;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

/// Request body for creating a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "employee_first_name": "Ada", "employee_last_name": "Moss", "num_reports_requested": 3, "due_on": "2026-12-15"
}))]
pub struct CreateCase {
    #[validate(nested)]
    employee_first_name: EmployeeName,
    #[validate(nested)]
    employee_last_name: EmployeeName,
    /// The member who owns the case; required for administrators
    member_id: Option<Id>,
    /// Defaults to the member's own workshop code
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    workshop_code: Option<WorkshopCode>,
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    client_email: Option<ClientEmail>,
    /// Defaults to 1
    #[serde(default = "one")]
    #[validate(nested)]
    num_reports_requested: ReportNumber,
    /// Must be today or later; the default comes from the settings
    due_on: Option<CivilDay>,
    /// Defaults to `normal`
    #[serde(default = "normal")]
    urgency: Urgency,
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    special_notes: Option<CaseNotes>,
    /// Whether to submit the case immediately; only its member may
    #[serde(default)]
    submit: bool,
    /// Required to submit a case whose due date makes it a rush case, which costs a fee
    #[serde(default)]
    confirm_rush: bool,
}

fn one() -> ReportNumber {
    1.into()
}

fn normal() -> Urgency {
    Urgency::Normal
}

/// Create a case
///
/// Members create their own cases; an administrator creates one for the member given in `member_id`. The new case is a draft, or
/// is submitted immediately.
#[utoipa::path(
    tag = "cases",
    request_body = CreateCase,
    responses((status = CREATED, description = "The new case", body = CaseDetail), CreateProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_created"], "may": ["case_submitted"], "denied": entity::audit::Action::CaseCreated,
    }))),
)]
#[post("/cases")]
pub async fn create_case(
    app: App,
    by: MemberOrAdministrator,
    body: Body<CreateCase>,
) -> Result<Answer<CaseDetail>, Interruption> {
    let Body(body) = body;
    let member_id = body.member_id(&by)?;
    let (submit, confirm_rush) = (body.submit, body.confirm_rush);
    let (tx, by) = app.begin(&by).await?;
    let today = Today::read(&tx).await?;
    let new = body.named(&tx, &today, member_id, by.id()).await?;
    let mut case = tx.save(new.draft()).await?;
    if submit {
        let required = today.required_by(case.due_on);
        case = tx.save(case.submit(required, confirm_rush, tx.now())?).await?;
    }
    CaseDetail::created(tx, case, &by).await
}

impl CreateCase {
    /// The member who will own the case: only members submit, and members create only their own cases.
    fn member_id(&self, by: &Anyone) -> Result<Uuid> {
        let is_member = by.role() == Role::Member;
        match self.member_id.map(Id::get) {
            _ if self.submit && !is_member => Err(Error::forbidden()),
            Some(other) if is_member && other != by.id() => Err(Error::forbidden()),
            None if !is_member => Err(Error::field("/member_id", "required", "is required")),
            given => Ok(given.unwrap_or(by.id())),
        }
    }

    /// Adds the case number, the workshop and the due date.
    async fn named(self, tx: &AuditTx, today: &Today, member_id: Uuid, created_by_id: Uuid) -> Result<NewCase> {
        let member = active_member(tx, member_id).await?;
        let due_on = self.due_on.map_or_else(|| today.default_due_on(), CivilDay::get);
        today.ensure_ahead(due_on)?;
        let workshop_code = self.workshop_code.map(|code| code.to_uppercase()).or(member.workshop_code);
        let workshop_code = workshop_code
            .ok_or_else(|| Error::field("/workshop_code", "required", "is required because the member has no workshop code"))?;
        Ok(NewCase {
            id: tx.new_id(),
            case_number: number::next(tx, &workshop_code, today.date).await?,
            workshop_code,
            member_id,
            created_by_id,
            employee_first_name: self.employee_first_name.into(),
            employee_last_name: self.employee_last_name.into(),
            client_email: self.client_email.map(String::from),
            num_reports_requested: self.num_reports_requested.get(),
            urgency: self.urgency,
            due_on,
            special_notes: self.special_notes.map(String::from),
        })
    }
}
