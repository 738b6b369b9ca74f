//! Accept a case.

use super::people::{assignee, overrides_level};
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Anyone, Body, CasePath, IfMatchHeader, Staff};
use crate::state::App;
use crate::wire::fields::{Id, Notes, Reason};
use crate::wire::{CreditValue, Error, Interruption, Result, WriteProblems, json};
use actix_web::post;
use entity::audit::key;
use entity::case::lifecycle::Acceptance;
use entity::case::{CaseAction, Tier};
use entity::user::Role;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

/// Request body for accepting a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tier": "tier_2", "credit_value": "2.0", "docs_verified": true}))]
pub struct AcceptCase {
    tier: Tier,
    credit_value: CreditValue,
    /// The assignee. A technician may omit it and is then the assignee
    assigned_to: Option<Id>,
    /// Whether the documents were checked; recorded in the audit entry only
    #[serde(default)]
    docs_verified: bool,
    /// Recorded in the audit entry only
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    notes: Option<Notes>,
    /// Reason for overriding the level rule; administrators only. Recorded if the rule is overridden
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    override_reason: Option<Reason>,
}

impl AcceptCase {
    fn assigned_to(&self, by: &Anyone) -> Result<Uuid> {
        let caller = (by.role() == Role::Technician).then(|| by.id());
        self.assigned_to.map(Id::get).or(caller).ok_or_else(|| Error::field("/assigned_to", "required", "is required"))
    }
}

/// Accept a submitted case
///
/// Sets the tier, the credit value and the assignee. Allowed from: `submitted`, `resubmitted`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = AcceptCase,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_status_changed"],
        "may": ["case_assigned", "case_reassigned", "case_tier_changed"],
        "denied": entity::audit::Action::CaseStatusChanged,
    }))),
)]
#[post("/cases/{case_id}/accept")]
pub async fn accept_case(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: Body<AcceptCase>,
) -> Result<Answer<CaseDetail>, Interruption> {
    let assigned_to = body.assigned_to(&by)?;
    let override_level = overrides_level(&by, body.override_reason.as_deref())?;
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_note(key::DOCS_VERIFIED, body.docs_verified);
    if let Some(notes) = &body.notes {
        tx.note(key::NOTES, notes.as_str());
    }
    let case = target.locked(&tx, &by, CaseAction::Accept).await?;
    if let Some(reason) = &body.override_reason {
        tx.note(key::OVERRIDE_REASON, Some(reason.as_str()));
    }
    let assignee = assignee(&tx, assigned_to).await?;
    let (tier, credit_tenths) = (body.tier, body.credit_value.0);
    let terms = Acceptance { tier, credit_tenths, assignee: &assignee, accepted_by: by.id(), override_level };
    let case = tx.save(case.accept(terms, tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
