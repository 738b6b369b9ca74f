//! List cases.

use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Anyone, PersonCaller, PersonSummary, QueryParts};
use crate::state::App;
use crate::wire::fields::{CivilDay, SearchText, WorkshopFilter, at_most_all};
use crate::wire::{CreditValue, Error, Instant, ListProblems, Result};
use actix_web::{HttpRequest, get};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use entity::case::{self, CaseStatus, Column, Tier, Urgency, member_update};
use entity::clock;
use entity::page::{Direction, Position, SortKey};
use entity::text;
use entity::user::{self, Person, Role};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Value};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// Filters of the case list. Repeated values of one parameter are combined with OR
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct ListCases {
    /// May be repeated. For its member, a completed case that has not been released is `accepted`
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    status: Vec<CaseStatus>,
    /// May be repeated; not available to members
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    tier: Vec<Tier>,
    /// As requested, or as required by the due date
    #[param(nullable = false)]
    urgency: Option<Urgency>,
    /// The user the case is assigned to
    #[param(nullable = false)]
    assigned_to: Option<Uuid>,
    /// Whether the case has no assignee
    #[param(nullable = false)]
    unassigned: Option<bool>,
    /// The member who owns the case
    #[param(nullable = false)]
    member_id: Option<Uuid>,
    /// The workshop the case belongs to, case-insensitive
    #[validate(nested)]
    #[param(inline, nullable = false, example = "WS001")]
    workshop_code: Option<WorkshopFilter>,
    /// Whether the case is on hold
    #[param(nullable = false)]
    is_on_hold: Option<bool>,
    /// Whether its member made updates that the staff has not acknowledged
    #[param(nullable = false)]
    has_member_updates: Option<bool>,
    /// Due before this date
    #[param(inline, nullable = false)]
    due_before: Option<CivilDay>,
    /// Free text in case number, names and email address
    #[validate(nested)]
    #[param(inline, nullable = false, example = "moss")]
    q: Option<SearchText>,
}

/// The order of the case list
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct CaseOrder {
    /// Sort order; defaults to newest first
    #[serde(default)]
    #[param(nullable = false)]
    sort: CaseSort,
}

/// Sort order; a minus sign means descending
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum CaseSort {
    #[default]
    #[serde(rename = "-created_at")]
    NewestFirst,
    #[serde(rename = "created_at")]
    OldestFirst,
    #[serde(rename = "due_on")]
    DueFirst,
    #[serde(rename = "-due_on")]
    DueLast,
    #[serde(rename = "updated_at")]
    UpdatedFirst,
    #[serde(rename = "-updated_at")]
    UpdatedLast,
}

/// A case as shown in lists
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042", "version": 7, "status": "hold",
    "is_on_hold": true, "workshop_code": "WS001", "employee_first_name": "Ada", "employee_last_name": "Moss",
    "urgency": "normal", "due_on": "2026-12-15", "tier": "tier_2", "credit_value": "2.0",
    "member": {"id": "01a20725-be30-7584-bca5-f00e655c90d1", "username": "member1", "full_name": "Mia Chen"},
    "assigned_to": {"id": "01a20725-be30-7584-bca5-f00e655c90d2", "username": "tech2", "full_name": "Tom Reyes"},
    "has_member_updates": false, "submitted_at": "2026-11-20T15:12:40.005Z", "created_at": "2026-11-20T15:10:02.480Z",
    "updated_at": "2026-11-22T08:00:00.123Z"
}))]
pub struct CaseSummary {
    pub id: Uuid,
    #[schema(max_length = 32)]
    pub case_number: String,
    #[schema(minimum = 1)]
    pub version: i32,
    pub status: CaseStatus,
    pub is_on_hold: bool,
    #[schema(max_length = 50)]
    pub workshop_code: String,
    #[schema(max_length = 100)]
    pub employee_first_name: String,
    #[schema(max_length = 100)]
    pub employee_last_name: String,
    pub urgency: Urgency,
    pub due_on: NaiveDate,
    /// Null for members
    pub tier: Option<Tier>,
    pub credit_value: CreditValue,
    pub member: Option<PersonSummary>,
    pub assigned_to: Option<PersonSummary>,
    pub has_member_updates: bool,
    pub submitted_at: Option<Instant>,
    pub created_at: Instant,
    pub updated_at: Instant,
}

crate::list_of! {
    /// A page of cases
    CaseList = CaseSummary
}

/// List cases
///
/// Returns the cases visible to the caller: members see their own, technicians all except others' drafts, managers and
/// administrators all. The period is that of their creation.
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
    let page = paging.page_request(&request, &app, &by, 50)?;
    let created = period.ids(&app).await?.map(|ids| Column::Id.gte(ids.from).and(Column::Id.lt(ids.before)));
    let condition = filter.condition(&by, app.now())?.add_option(created);
    let found = case::visible_to(&by).filter(condition);
    let (rows, page) = page.read(app.readers(), found, &sort.key(&by), |row| sort.position(row, &by)).await?;
    let beside = Beside::read(&app, &rows).await?;
    let data = rows.into_iter().map(|row| CaseSummary::new(row, &by, &beside, app.now())).collect();
    Ok(Answer::plain(CaseList { data, page }))
}

impl ListCases {
    fn condition(&self, by: &Anyone, now: DateTime<Utc>) -> Result<Condition> {
        if by.role() == Role::Member && !self.tier.is_empty() {
            return Err(Error::parameter("tier", "not_available", "is not available to members"));
        }
        let due_before = self.due_before.map(CivilDay::get);
        if due_before.is_some_and(|day| !(2000..=2100).contains(&day.year())) {
            return Err(Error::parameter("due_before", "range", "must lie between the years 2000 and 2100"));
        }
        Ok(Condition::all()
            .add_option((!self.status.is_empty()).then(|| case::has_status(&self.status, by, now)))
            .add_option((!self.tier.is_empty()).then(|| Column::Tier.is_in(self.tier.iter().copied())))
            .add_option(self.urgency.map(|urgency| Column::Urgency.eq(urgency)))
            .add_option(self.assigned_to.map(|id| Column::AssignedToId.eq(id)))
            .add_option(self.unassigned.map(is_unassigned))
            .add_option(self.member_id.map(|id| Column::MemberId.eq(id)))
            .add_option(self.workshop_code.as_deref().map(|code| Column::WorkshopCode.eq(code.to_uppercase())))
            .add_option(self.is_on_hold.map(is_on_hold))
            .add_option(self.has_member_updates.map(has_member_updates))
            .add_option(due_before.map(|day| Column::DueOn.lt(day)))
            .add_option(self.q.as_deref().map(matches_text)))
    }
}

fn is_unassigned(unassigned: bool) -> Expr {
    if unassigned { Column::AssignedToId.is_null() } else { Column::AssignedToId.is_not_null() }
}

fn is_on_hold(on_hold: bool) -> Expr {
    if on_hold { Column::Status.eq(CaseStatus::Hold) } else { Column::Status.ne(CaseStatus::Hold) }
}

fn has_member_updates(has: bool) -> Expr {
    let raised = member_update::Entity::find()
        .select_only()
        .column(member_update::Column::CaseId)
        .filter(member_update::Column::HasMemberUpdates.eq(true))
        .into_query();
    if has { Column::Id.in_subquery(raised) } else { Column::Id.not_in_subquery(raised) }
}

fn matches_text(q: &str) -> Expr {
    Expr::col(Column::SearchText).like(LikeExpr::new(text::contains_pattern(q)).escape('\\'))
}

impl CaseSort {
    fn key(self, by: &Anyone) -> SortKey {
        let due = |direction| SortKey::expression(Expr::col(Column::DueOn.as_column_ref()), day, Column::Id, direction);
        let updated = |direction| SortKey::expression(case::secrecy::updated_at_for(by), instant, Column::Id, direction);
        match self {
            Self::NewestFirst => SortKey::id(Column::Id, Direction::Descending),
            Self::OldestFirst => SortKey::id(Column::Id, Direction::Ascending),
            Self::DueFirst => due(Direction::Ascending),
            Self::DueLast => due(Direction::Descending),
            Self::UpdatedFirst => updated(Direction::Ascending),
            Self::UpdatedLast => updated(Direction::Descending),
        }
    }

    fn position(self, row: &case::Model, by: &Anyone) -> Position {
        let value = match self {
            Self::NewestFirst | Self::OldestFirst => None,
            Self::DueFirst | Self::DueLast => Some(row.due_on.to_string()),
            Self::UpdatedFirst | Self::UpdatedLast => Some(clock::rfc3339(row.updated_at_for(by))),
        };
        Position { value, id: row.id }
    }
}

fn day(text: &str) -> Option<Value> {
    text.parse::<NaiveDate>().ok().map(Value::from)
}

fn instant(text: &str) -> Option<Value> {
    text.parse::<DateTime<Utc>>().ok().map(Value::from)
}

/// Data shown with the rows of one page: two queries, regardless of the number of rows.
struct Beside {
    people: HashMap<Uuid, Person>,
    updated: HashSet<Uuid>,
}

impl Beside {
    async fn read(app: &App, rows: &[case::Model]) -> Result<Self> {
        let named = rows.iter().flat_map(|row| [Some(row.member_id), row.assigned_to_id]).flatten();
        let named: HashSet<Uuid> = named.collect();
        let people = user::people(app.readers(), named.into_iter().collect()).await?;
        let raised = member_update::Entity::find()
            .filter(member_update::Column::CaseId.is_in(rows.iter().map(|row| row.id)))
            .filter(member_update::Column::HasMemberUpdates.eq(true));
        let updated = raised.all(app.readers()).await?.into_iter().map(|row| row.case_id).collect();
        Ok(Self { people: people.into_iter().map(|person| (person.id, person)).collect(), updated })
    }
}

impl CaseSummary {
    fn new(row: case::Model, by: &Anyone, beside: &Beside, now: DateTime<Utc>) -> Self {
        let person = |id: Option<Uuid>| beside.people.get(&id?).map(PersonSummary::from);
        Self {
            status: row.status_for(by, now),
            is_on_hold: row.status == CaseStatus::Hold,
            tier: row.tier.filter(|_| by.role() != Role::Member),
            credit_value: CreditValue(row.credit_tenths),
            member: person(Some(row.member_id)),
            assigned_to: person(row.assigned_to_id),
            has_member_updates: beside.updated.contains(&row.id),
            submitted_at: row.submitted_at.map(Instant),
            created_at: row.created_at.into(),
            updated_at: row.updated_at_for(by).into(),
            version: row.version_for(by),
            id: row.id,
            case_number: row.case_number,
            workshop_code: row.workshop_code,
            employee_first_name: row.employee_first_name,
            employee_last_name: row.employee_last_name,
            urgency: row.urgency,
            due_on: row.due_on,
        }
    }
}
