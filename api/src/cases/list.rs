//! List cases.

use super::filter::{ListCases, ListedAt};
use super::order::CaseOrder;
use super::view::{HoldBlock, ReleaseBlock};
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Anyone, PersonCaller, PersonSummary, QueryParts};
use crate::state::App;
use crate::wire::fields::ReportNumber;
use crate::wire::fields::shown::{ShownCaseNumber, ShownEmployeeName, ShownWorkshopCode};
use crate::wire::{CreditValue, Instant, ListProblems, Result};
use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use entity::case::listing::{self, ListedCase};
use entity::case::{self, CaseAction, CaseStatus, Circumstances, Tier, Urgency, member_update};
use entity::db::numbers_by_id;
use entity::user::{self, Person, Role};
use entity::{document, note};
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
    by: PersonCaller,
    query: QueryParts<(ListCases, PeriodParameters, CaseOrder, Paging)>,
    request: HttpRequest,
) -> Result<Answer<CaseList>> {
    let (filter, period, CaseOrder { sort }, paging) = &query.parts;
    sort.ensure_available(&by)?;
    let page = paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let (backend, at) = (app.readers().backend(), ListedAt::read(&app, &by, page.as_of).await?);
    let found = listing::with_text(filter.find(&app, &by, period, &at)?, sort.text(), backend);
    let position = |listed: &ListedCase| sort.position(listed, &by, &at);
    let (rows, page) = page.read(app.readers(), found, &sort.key(&at, backend), position).await?;
    let rows: Vec<case::Model> = rows.into_iter().map(|listed| listed.case).collect();
    let related = PageRelatedData::read(&app, &rows, &by, at).await?;
    let data = rows.into_iter().map(|row| CaseSummary::new(row, &by, &related)).collect();
    Ok(Answer::plain(CaseList { data, page }))
}

/// Data shown with the rows of one page: two queries, regardless of the number of rows, and a third for a member who may
/// resubmit one of the cases.
struct PageRelatedData {
    at: ListedAt,
    people: HashMap<Uuid, Person>,
    updates: HashMap<Uuid, u64>,
    documents: HashMap<Uuid, u64>,
    notes: HashMap<Uuid, u64>,
    new_documents: HashMap<Uuid, u64>,
}

impl PageRelatedData {
    async fn read(app: &App, rows: &[case::Model], by: &Anyone, at: ListedAt) -> Result<Self> {
        let (db, now) = (app.readers(), at.now);
        let named = rows.iter().flat_map(|row| [Some(row.member_id), row.assigned_to_id]).flatten();
        let people = user::people_by_id(db, named).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let numbers =
            [member_update::flagged_of_each(&ids), document::visible_of_each(&ids, by, now), note::legible_of_each(&ids, by)];
        let [updates, documents, notes] = numbers_by_id(db, numbers).await?;
        let new_documents = document::new_documents_of_each(db, rows, by, now).await?;
        Ok(Self { at, people, updates, documents, notes, new_documents })
    }

    /// The actions that are open to the caller.
    fn allowed_actions(&self, row: &case::Model, by: &Anyone) -> Vec<CaseAction> {
        let when = Circumstances { now: self.at.now, new_documents: count(&self.new_documents, row) };
        let verdicts = CaseAction::verdicts(by, row, &when);
        verdicts.filter(|(_, verdict)| verdict.is_ok()).map(|(action, _)| action).collect()
    }
}

fn count(counts: &HashMap<Uuid, u64>, row: &case::Model) -> u64 {
    counts.get(&row.id).copied().unwrap_or_default()
}

impl CaseSummary {
    fn new(row: case::Model, by: &Anyone, related: &PageRelatedData) -> Self {
        let person = |id: Option<Uuid>| related.people.get(&id?).map(PersonSummary::from);
        let status = row.status_for(by, related.at.now);
        let is_result_hidden = status != row.status;
        Self {
            status,
            urgency: related.at.rush.urgency(&row),
            is_on_hold: row.status == CaseStatus::Hold,
            num_reports_requested: row.num_reports_requested.into(),
            tier: row.tier.filter(|_| by.role() != Role::Member),
            credit_value: CreditValue(row.credit_tenths),
            member: person(Some(row.member_id)),
            assigned_to: person(row.assigned_to_id),
            hold: HoldBlock::from_row(&row),
            release: ReleaseBlock::from_row(&row).filter(|_| !is_result_hidden),
            has_member_updates: related.updates.contains_key(&row.id),
            document_count: count(&related.documents, &row),
            note_count: count(&related.notes, &row),
            submitted_at: row.submitted_at.map(Instant),
            accepted_at: row.accepted_at.map(Instant),
            completed_at: row.completed_at.filter(|_| !is_result_hidden).map(Instant),
            created_at: row.created_at.into(),
            updated_at: row.updated_at_for(by).into(),
            allowed_actions: related.allowed_actions(&row, by),
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
