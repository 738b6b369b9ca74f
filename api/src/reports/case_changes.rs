//! The case change history.

use super::changed_cases::{CaseChangesByActor, CaseChangesByPerson, CaseChangesByWorkshop, CaseChangesFigures};
use super::columns::{self, Column, Line};
use super::entry::{self, EntryBody, FieldChange, ReportEntry};
use super::export;
use super::frame::{Filters, PeriodView, SeriesPoint, timeseries};
use super::generate::{self, About, Frame, Head, ListReport, Report};
use super::query::{AllTime, ListPage, ReportExportQuery, ReportQuery, SeriesParameters};
use crate::http::answer::entry::person;
use crate::http::answer::file::CsvParameters;
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Paged, ReportReader};
use crate::list_of;
use crate::state::App;
use crate::wire::fields::{WorkshopFilter, at_most_all};
use crate::wire::{Error, Instant, ListProblems, Result};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::audit::ChangeType;
use entity::page::Position;
use entity::period::Period;
use entity::registry::field_label;
use entity::report::case_changes::{self as changes, CaseChangesCriteria};
use entity::report::{self, CaseScope, ListedEntry};
use entity::user::{self, Person};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// The columns that only this report has.
const OWN_COLUMNS: [Column<CaseChange>; 2] = [
    ("badge", |change| change.badge.code().into()),
    ("before_after", |change| serde_json::to_string(&change.before_after).unwrap_or_default().into()),
];

/// Filters of the case change history
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct CaseChangesFilter {
    /// List only changes of these kinds
    #[validate(custom(function = "at_most_all"))]
    #[param(required = false)]
    change_type: Vec<ChangeType>,
    /// Count and list only changes to this case
    #[param(nullable = false)]
    case_id: Option<Uuid>,
    /// Count and list only changes to cases that this member has now
    #[param(nullable = false)]
    member_id: Option<Uuid>,
    /// Count and list only changes to cases of this workshop, case-insensitive
    #[validate(nested)]
    #[param(inline, nullable = false, example = "WS001")]
    workshop_code: Option<WorkshopFilter>,
    /// Count and list only changes to cases that are assigned to this user now
    #[param(nullable = false)]
    assigned_to: Option<Uuid>,
    /// List only changes made by this user
    #[param(nullable = false)]
    actor_id: Option<Uuid>,
}

/// One change to a case
#[derive(Serialize, ToSchema)]
pub struct CaseChange {
    #[serde(flatten)]
    entry: ReportEntry,
    /// The most specific kind of change that applies
    badge: ChangeType,
    /// Each changed field; users are given by username
    #[schema(max_items = 64)]
    before_after: Vec<FieldChange>,
}

list_of! {
    /// A page of case changes
    CaseChangeList = CaseChange
}

/// The case change history of a period
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "report": "case_changes", "generated_at": "2026-11-23T15:00:00.000Z",
    "period": {"since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago",
        "defaulted": true},
    "filters": {"change_type": ["hold"]},
    "summary": {"total_changes": 1, "status_changes": 1, "tier_changes": 0, "reassignments": 0, "resubmissions": 0, "holds": 1,
        "placed_on_hold": 1, "details_changes": 0, "cases_touched": 1},
    "by_member": [{"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d5", "username": "member1", "full_name": "Mia Chen",
        "total_changes": 1, "status_changes": 1, "tier_changes": 0, "reassignments": 0, "resubmissions": 0, "holds": 1,
        "placed_on_hold": 1, "details_changes": 0, "cases_touched": 1}],
    "members_total": 1,
    "by_workshop": [{"workshop_code": "WS001",
        "total_changes": 1, "status_changes": 1, "tier_changes": 0, "reassignments": 0, "resubmissions": 0, "holds": 1,
        "placed_on_hold": 1, "details_changes": 0, "cases_touched": 1}],
    "workshops_total": 1,
    "by_assignee": [{"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "username": "tech2", "full_name": "Tom Reyes",
        "total_changes": 1, "status_changes": 1, "tier_changes": 0, "reassignments": 0, "resubmissions": 0, "holds": 1,
        "placed_on_hold": 1, "details_changes": 0, "cases_touched": 1}],
    "assignees_total": 1,
    "by_actor": [{"actor_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "actor_label": "tech2", "full_name": "Tom Reyes",
        "total_changes": 1, "status_changes": 1, "tier_changes": 0, "reassignments": 0, "resubmissions": 0, "holds": 1,
        "placed_on_hold": 1, "details_changes": 0}],
    "actors_total": 1,
    "timeseries": [{"bucket_start": "2026-11-22T06:00:00.000Z", "bucket_on": "2026-11-22", "series": "hold", "value": 1}],
    "entries": {"data": [example_change()],
        "page": {"next_cursor": null, "has_more": false, "limit": 40, "total": null, "total_is_capped": false}}
}))]
pub struct CaseChangesReport {
    #[schema(max_length = 32)]
    report: &'static str,
    generated_at: Instant,
    period: PeriodView,
    filters: Filters,
    summary: CaseChangesFigures,
    /// By the members whose cases changed, at most the 100 with the most changes
    #[schema(max_items = 100)]
    by_member: Vec<CaseChangesByPerson>,
    /// Number of members whose cases changed
    #[schema(minimum = 0)]
    members_total: i64,
    /// By the workshops whose cases changed, at most the 100 with the most changes
    #[schema(max_items = 100)]
    by_workshop: Vec<CaseChangesByWorkshop>,
    /// Number of workshops whose cases changed
    #[schema(minimum = 0)]
    workshops_total: i64,
    /// By the users to whom the changed cases are assigned now, at most the 100 with the most changes
    #[schema(max_items = 100)]
    by_assignee: Vec<CaseChangesByPerson>,
    /// Number of users to whom the changed cases are assigned now; cases without an assignee count as one
    #[schema(minimum = 0)]
    assignees_total: i64,
    /// By those who made the changes, at most the 100 with the most changes; null if a filter selects cases
    #[schema(max_items = 100)]
    by_actor: Option<Vec<CaseChangesByActor>>,
    /// Number of those who made the changes; null if a filter selects cases
    #[schema(minimum = 0)]
    actors_total: Option<i64>,
    #[schema(max_items = 10000)]
    timeseries: Vec<SeriesPoint>,
    entries: CaseChangeList,
}

/// One change, as the contract shows it.
fn example_change() -> serde_json::Value {
    serde_json::json!({"id": "01a20725-be30-7584-bca5-f00e655c90d6", "occurred_at": "2026-11-22T08:00:00.123Z",
        "action_type": "case_held", "action_label": "Case Placed on Hold", "category": "case", "outcome": "success",
        "source": "automatic", "actor_type": "user",
        "actor_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "actor_label": "tech2", "actor_full_name": "Tom Reyes",
        "actor_role": "technician", "description": "Case WS001-2026-11-0042 placed on hold: waiting for pay stub",
        "case_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2",
        "case_number": "WS001-2026-11-0042", "related_user_id": null, "related_username": null, "object_type": "case",
        "object_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2", "ip_address": "127.0.0.1",
        "request_id": "01a20725-be30-7584-bca5-f00e655c90d7", "sequence": null,
        "badge": "hold", "before_after": [FieldChange::example()]})
}

/// Get the case change history
///
/// `case_id`, `member_id`, `workshop_code` and `assigned_to` select cases, and filter the figures and the list; `change_type` and
/// `actor_id` filter only the list. A case belongs to the member, workshop and assignee that it has now. `by_actor` counts the
/// changes by who made them; changes to some cases are not counted so, and it is null with a filter that selects cases. The
/// series of the time series are the change types, and each sums to its figure. A change of two types, such as a hold, counts in
/// both; the creation of a case is in none.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, SeriesParameters, OrderParameters, CaseChangesFilter, Paging),
    responses((status = OK, description = "The changes of the period", body = CaseChangesReport), ListProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["report_generated"], "may": [], "denied": entity::audit::Action::ReportGenerated,
    }))),
)]
#[get("/reports/case-changes")]
pub async fn get_case_changes(
    app: App,
    by: ReportReader,
    request: HttpRequest,
    query: ReportQuery<CaseChangesFilter>,
) -> Result<Answer<CaseChangesReport>> {
    generate::page(&app, &by, &request, query).await
}

impl Paged for CaseChangesReport {
    fn next_cursor(&self) -> Option<&str> {
        self.entries.next_cursor()
    }
}

impl Report for CaseChangesReport {
    const NAME: &'static str = changes::NAME;
    const ABOUT: About = About {
        title: "Case change history",
        description: "Changes to cases: status, tier, assignee and details, with values before and after.",
        filters: "change_type, case_id, member_id, workshop_code, assigned_to, actor_id",
    };
    type Filter = CaseChangesFilter;
    type Subject = CaseChangesCriteria;
    type Page = ListPage;

    async fn subject(_: &DatabaseTransaction, filter: CaseChangesFilter) -> Result<CaseChangesCriteria> {
        let CaseChangesFilter { change_type, case_id, member_id, workshop_code, assigned_to, actor_id } = filter;
        let workshop_code = workshop_code.map(|code| code.to_uppercase());
        let cases = CaseScope { case_id, member_id, workshop_code, assigned_to_id: assigned_to };
        Ok(CaseChangesCriteria { cases, change_types: change_type, actor_id })
    }

    async fn compute(
        db: &DatabaseTransaction,
        filters: CaseChangesCriteria,
        frame: Frame,
        page: ListPage,
    ) -> Result<(Self, i64)> {
        let mut found = changes::case_changes(db, &frame.period, frame.interval, &filters, &page.paging).await?;
        let page = page.cut(&mut found.entries, found.matching, &frame.period, |row| row.id);
        let data = CaseChange::all(db, std::mem::take(&mut found.entries)).await?;
        let Head { report, generated_at, period, filters } = frame.head::<Self>();
        let (by_actor, actors_total) = found.actors.map(|actors| (actors.rows, actors.total)).unzip();
        let view = Self {
            report,
            generated_at,
            period,
            filters,
            summary: found.figures.into(),
            by_member: found.groups.by_member.into_iter().map(Into::into).collect(),
            members_total: found.groups.members_total,
            by_workshop: found.groups.by_workshop.into_iter().map(Into::into).collect(),
            workshops_total: found.groups.workshops_total,
            by_assignee: found.groups.by_assignee.into_iter().map(Into::into).collect(),
            assignees_total: found.groups.assignees_total,
            by_actor: by_actor.map(|rows| rows.into_iter().map(Into::into).collect()),
            actors_total,
            timeseries: timeseries(found.timeseries),
            entries: CaseChangeList { data, page },
        };
        Ok((view, found.matching))
    }
}

/// Export the case change history as CSV
///
/// One row per entry; `before_after` is JSON.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, OrderParameters, CaseChangesFilter, CsvParameters),
    responses(
        (status = OK, description = "One row per entry", body = String, content_type = "text/csv",
            example = json!(CaseChangesReport::csv_example())),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["export_generated"], "may": [], "denied": entity::audit::Action::ExportGenerated,
    }))),
)]
#[get("/reports/case-changes.csv")]
pub async fn export_case_changes(
    app: App,
    by: ReportReader,
    query: ReportExportQuery<CaseChangesFilter>,
) -> Result<HttpResponse> {
    export::send::<CaseChangesReport>(&app, &by, query).await
}

impl ListReport for CaseChangesReport {
    const LIMIT: u64 = 40;

    fn header() -> Line {
        entry::header(columns::header(&OWN_COLUMNS))
    }

    fn example() -> Line {
        CaseChange {
            entry: ReportEntry::example(),
            badge: ChangeType::Status,
            before_after: vec![FieldChange {
                from: Some("draft".to_owned()),
                to: Some("submitted".to_owned()),
                ..FieldChange::example()
            }],
        }
        .cells()
    }

    async fn rows(
        db: &DatabaseTransaction,
        period: &Period,
        filters: &CaseChangesCriteria,
        paging: &report::ReportPage,
    ) -> Result<Vec<(Position, Line)>> {
        let rows = report::entries(db, period.ids(), &filters.list(), paging).await?;
        Ok(CaseChange::all(db, rows).await?.iter().map(|change| (change.entry.id.into(), change.cells())).collect())
    }
}

impl CaseChange {
    /// Entries with the people their changes name: one query, regardless of the number of rows.
    async fn all<C: ConnectionTrait>(db: &C, rows: Vec<ListedEntry>) -> Result<Vec<Self>> {
        let bodies = rows.iter().map(EntryBody::new).collect::<Result<Vec<_>>>()?;
        let people = user::people_by_id(db, bodies.iter().flat_map(|body| &body.changes).flat_map(people_in)).await?;
        rows.into_iter().zip(&bodies).map(|(row, body)| Self::new(row, body, &people)).collect()
    }

    fn new(row: ListedEntry, body: &EntryBody, people: &HashMap<Uuid, Person>) -> Result<Self> {
        let entry = ReportEntry::new(row, body)?;
        let badge = entry.action_type.badge().ok_or_else(|| Error::internal(format!("{} has no badge", entry.action_type)))?;
        let shown = |change: &Json, side: &str| shown(change.get(side)?, people);
        let name = |field: &str, change: &Json, side: &str| {
            let id = person(field, change.get(side)?)?;
            body.names.get(&id).or(people.get(&id).map(|person| &person.full_name)).cloned()
        };
        let before_after = body.changes.iter().map(|(field, change)| FieldChange {
            field: field.clone(),
            field_label: field_label(field),
            from: shown(change, "from"),
            from_label: name(field, change, "from"),
            to: shown(change, "to"),
            to_label: name(field, change, "to"),
        });
        Ok(Self { badge, before_after: before_after.collect(), entry })
    }

    fn cells(&self) -> Line {
        self.entry.line(columns::line(&OWN_COLUMNS, self))
    }
}

/// The people a change refers to.
fn people_in((field, change): (&String, &Json)) -> Vec<Uuid> {
    ["from", "to"].into_iter().filter_map(|side| person(field, change.get(side)?)).collect()
}

/// A value as displayed: the text, a person's username, or the length of a long text.
fn shown(value: &Json, people: &HashMap<Uuid, Person>) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => {
            let person = text.parse().ok().and_then(|id: Uuid| people.get(&id));
            Some(person.map_or(text, |person| &person.username).clone())
        }
        Json::Object(long) if long.contains_key("sha256") => long.get("length").map(|length| format!("({length} characters)")),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => Some(value.to_string()),
    }
}
