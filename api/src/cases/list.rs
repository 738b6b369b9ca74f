//! List cases.

use super::filter::{ListCases, ListedAt};
use super::order::CaseOrder;
use super::view::{HoldBlock, ReleaseBlock};
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Anyone, CallerWith, PersonCaller, PersonSummary, QueryParts};
use crate::state::App;
use crate::wire::fields::ReportNumber;
use crate::wire::fields::shown::{ShownCaseNumber, ShownEmployeeName, ShownWorkshopCode};
use crate::wire::{CreditValue, Instant, ListProblems, Result};
use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use entity::case::listed::{self, ListedCase};
use entity::case::secrecy::ListingSettings;
use entity::case::{self, CaseAction, CaseStatus, Circumstances, Tier, Urgency, listing};
use entity::document;
use entity::user::Role;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A case as shown in lists
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042", "version": 7, "status": "hold",
    "is_on_hold": true, "workshop_code": "WS001", "employee_first_name": "Ada", "employee_last_name": "Moss",
    "num_reports_requested": 3, "urgency": "normal", "due_on": "2026-12-15", "tier": "tier_2", "credit_value": "2.0",
    "member": {"id": "01a20725-be30-7584-bca5-f00e655c90d1", "username": "member1", "full_name": "Mia Chen"},
    "assigned_to": {"id": "01a20725-be30-7584-bca5-f00e655c90d2", "username": "tech2", "full_name": "Tom Reyes"},
    "hold": {"reason": "waiting for pay stub", "held_at": "2026-11-22T08:00:00.123Z", "duration_days": 14.0,
        "expected_end_at": "2026-12-06T08:00:00.123Z"},
    "release": null, "has_member_updates": false, "document_count": 4, "note_count": 1,
    "submitted_at": "2026-11-20T15:12:40.005Z", "accepted_at": "2026-11-21T09:30:11.250Z", "completed_at": null,
    "created_at": "2026-11-20T15:10:02.480Z", "updated_at": "2026-11-22T08:00:00.123Z",
    "allowed_actions": ["assign", "tier", "resume", "edit", "credit", "acknowledge_updates", "upload", "comment"]
}))]
pub struct CaseSummary {
    pub id: Uuid,
    #[schema(value_type = ShownCaseNumber)]
    pub case_number: String,
    #[schema(minimum = 1)]
    pub version: i32,
    pub status: CaseStatus,
    pub is_on_hold: bool,
    #[schema(value_type = ShownWorkshopCode)]
    pub workshop_code: String,
    #[schema(value_type = ShownEmployeeName)]
    pub employee_first_name: String,
    #[schema(value_type = ShownEmployeeName)]
    pub employee_last_name: String,
    pub num_reports_requested: ReportNumber,
    /// As requested, or as the due date requires; for a draft as the due date requires today
    pub urgency: Urgency,
    pub due_on: NaiveDate,
    /// Null for members
    pub tier: Option<Tier>,
    pub credit_value: CreditValue,
    pub member: Option<PersonSummary>,
    pub assigned_to: Option<PersonSummary>,
    pub hold: Option<HoldBlock>,
    pub release: Option<ReleaseBlock>,
    pub has_member_updates: bool,
    /// Documents that are visible to the caller
    #[schema(minimum = 0)]
    pub document_count: u64,
    /// Notes that the caller may read
    #[schema(minimum = 0)]
    pub note_count: u64,
    pub submitted_at: Option<Instant>,
    pub accepted_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub created_at: Instant,
    pub updated_at: Instant,
    /// The actions the caller could perform on it now, as in the case itself
    #[schema(max_items = 20)]
    pub allowed_actions: Vec<CaseAction>,
}

crate::list_of! {
    /// A page of cases
    CaseList = CaseSummary
}

/// List cases
///
/// Returns the cases visible to the caller: members see their own, technicians all except others' drafts, managers and
/// administrators all. The period is that of their creation. To follow changes, sort by `updated_at` with `updated_since`: a case
/// that changes while the pages are read moves to their end, and none is missed if each poll begins 5 minutes before the latest
/// `updated_at` of the poll before.
#[utoipa::path(
    tag = "cases",
    params(ListCases, PeriodParameters, CaseOrder, Paging),
    responses((status = OK, description = "A page of cases", body = CaseList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("routine reads are not audited; denied attempts are")),
    ),
)]
#[get("/cases")]
pub async fn list_cases(
    app: App,
    by: CallerWith<PersonCaller, ListingSettings>,
    query: QueryParts<(ListCases, PeriodParameters, CaseOrder, Paging)>,
    request: HttpRequest,
) -> Result<Answer<CaseList>> {
    let (filter, period, CaseOrder { sort }, paging) = &query.parts;
    sort.ensure_available(&by)?;
    let page = paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let (backend, at) = (app.readers().backend(), ListedAt::new(app.now(), &by, page.as_of)?);
    let found = listing::with_text(filter.find(&app, &by, period, &at)?, sort.text(), backend);
    let key = sort.key(&at, backend);
    let related = |page| listed::with_related(page, &key, &by, at.now);
    let position = |listed: &ListedCase| sort.position(listed, &by, &at);
    let (rows, page) = page.read_with(app.readers(), found, &key, related, position).await?;
    let cases = rows.iter().map(|listed| &listed.case);
    let new_documents = document::new_documents_of_each(app.readers(), cases, &by, at.now).await?;
    let data = rows.into_iter().map(|listed| CaseSummary::new(listed, &by, &at, &new_documents)).collect();
    Ok(Answer::page(CaseList { data, page }))
}

/// The actions that are open to the caller.
fn allowed_actions(case: &case::Model, by: &Anyone, when: &Circumstances) -> Vec<CaseAction> {
    CaseAction::verdicts(by, case, when).filter(|(_, verdict)| verdict.is_ok()).map(|(action, _)| action).collect()
}

impl CaseSummary {
    fn new(listed: ListedCase, by: &Anyone, at: &ListedAt, new_documents: &HashMap<Uuid, u64>) -> Self {
        let ListedCase { case: row, text: _, member, assignee, has_member_updates, document_count, note_count } = listed;
        let when = Circumstances { now: at.now, new_documents: new_documents.get(&row.id).copied().unwrap_or_default() };
        let status = row.status_for(by, at.now);
        let is_result_hidden = status != row.status;
        Self {
            status,
            urgency: at.rush.urgency(&row),
            is_on_hold: row.status == CaseStatus::Hold,
            num_reports_requested: row.num_reports_requested.into(),
            tier: row.tier.filter(|_| by.role() != Role::Member),
            credit_value: CreditValue(row.credit_tenths),
            member: member.map(|names| PersonSummary::new(row.member_id, names)),
            assigned_to: row.assigned_to_id.zip(assignee).map(|(id, names)| PersonSummary::new(id, names)),
            hold: HoldBlock::from_row(&row),
            release: ReleaseBlock::from_row(&row).filter(|_| !is_result_hidden),
            has_member_updates,
            document_count,
            note_count,
            submitted_at: row.submitted_at.map(Instant),
            accepted_at: row.accepted_at.map(Instant),
            completed_at: row.completed_at.filter(|_| !is_result_hidden).map(Instant),
            created_at: row.created_at.into(),
            updated_at: row.updated_at_for(by).into(),
            allowed_actions: allowed_actions(&row, by, &when),
            version: row.version_for(by),
            id: row.id,
            case_number: row.case_number,
            workshop_code: row.workshop_code,
            employee_first_name: row.employee_first_name,
            employee_last_name: row.employee_last_name,
            due_on: row.due_on,
        }
    }
}
