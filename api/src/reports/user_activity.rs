//! The activity of one user.

use super::entry::{self, COLUMNS, ReportEntry};
use super::export::{Export, Line, Rows};
use super::frame::{ActionTypeCount, Filters, PeriodView, SeriesPoint, timeseries};
use super::query::{AllTime, ExportQuery, OrderParameters, ReportQuery, ReportRequest, SeriesParameters, period, row_count};
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, ReportReader};
use crate::list_of;
use crate::state::App;
use crate::wire::{Error, Instant, ReadProblems, Result};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::audit::Event;
use entity::period::Period;
use entity::report::{self, user_activity as activity};
use entity::user::{self, Level, Role};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// The CSV example in the contract.
const CSV_EXAMPLE: &str = "id,occurred_at,action_type,action_label,category,outcome,actor,actor_role,description,case_number,related_user,ip_address,request_id\r\n01a20725-be30-7584-bca5-f00e655c90d6,2026-11-22T08:00:00.123Z,case_submitted,Case Submitted,case,success,member1,member,Case WS001-2026-11-0042 submitted,WS001-2026-11-0042,,127.0.0.1,01a20725-be30-7584-bca5-f00e655c90d7\r\n";

const REPORT: &str = "user_activity";
const LIMIT: u64 = 30;

/// Filters of the user activity
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct UserActivityFilter {
    /// The user, who may have been deleted
    user_id: Uuid,
}

/// The user of a report, in their current state
#[derive(Serialize, ToSchema)]
pub struct ReportedUser {
    id: Uuid,
    #[schema(max_length = 64)]
    username: String,
    #[schema(max_length = 257)]
    full_name: String,
    #[schema(max_length = 254)]
    email: String,
    role: Role,
    user_level: Option<Level>,
    is_active: bool,
    deleted_at: Option<Instant>,
}

/// The figures of a user's activity
#[derive(Serialize, ToSchema)]
pub struct UserActivityFigures {
    #[schema(minimum = 0)]
    total_activities: i64,
    /// Last activity in the period
    last_activity_at: Option<Instant>,
    /// Last activity at any time
    last_activity_overall_at: Option<Instant>,
}

list_of! {
    /// A page of audit entries in a report
    ReportEntryList = ReportEntry
}

/// The activity of one user in a period
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "report": "user_activity", "generated_at": "2026-11-23T15:00:00.000Z",
    "period": {"since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago", "defaulted": true},
    "filters": {"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1"},
    "user": {"id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "username": "tech2", "full_name": "Tom Reyes",
        "email": "tech2@example.org", "role": "technician", "user_level": "level_2", "is_active": true, "deleted_at": null},
    "summary": {"total_activities": 1, "last_activity_at": "2026-11-22T08:00:00.123Z",
        "last_activity_overall_at": "2026-11-22T08:00:00.123Z"},
    "by_action_type": [{"action_type": "case_held", "label": "Case Placed on Hold", "category": "case", "count": 1, "percent": 100.0}],
    "timeseries": [{"bucket_start": "2026-11-22T06:00:00.000Z", "series": "case", "value": 1}],
    "entries": {"data": [{"id": "01a20725-be30-7584-bca5-f00e655c90d6", "occurred_at": "2026-11-22T08:00:00.123Z", "action_type": "case_held",
        "action_label": "Case Placed on Hold", "category": "case", "outcome": "success", "source": "automatic", "actor_type": "user",
        "actor_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "actor_label": "tech2", "actor_full_name": "Tom Reyes",
        "actor_role": "technician", "description": "Case WS001-2026-11-0042 placed on hold: waiting for pay stub", "case_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2",
        "case_number": "WS001-2026-11-0042", "related_user_id": null, "related_username": null, "object_type": "case",
        "object_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2", "ip_address": "127.0.0.1", "request_id": "01a20725-be30-7584-bca5-f00e655c90d7"}],
        "page": {"next_cursor": null, "has_more": false, "limit": 30, "total": null}}
}))]
pub struct UserActivityReport {
    #[schema(max_length = 32)]
    report: &'static str,
    generated_at: Instant,
    period: PeriodView,
    filters: Filters,
    user: ReportedUser,
    summary: UserActivityFigures,
    #[schema(max_items = 38)]
    by_action_type: Vec<ActionTypeCount>,
    #[schema(max_items = 10000)]
    timeseries: Vec<SeriesPoint>,
    entries: ReportEntryList,
}

/// Get a user's activity
///
/// Counts and lists the successful entries of which the user is the actor. The series of the time series are the categories.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, SeriesParameters, OrderParameters, UserActivityFilter, Paging),
    responses((status = OK, description = "The user's activity in the period", body = UserActivityReport), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": ["report_generated"], "may": []}))),
)]
#[get("/reports/user-activity")]
pub async fn get_user_activity(
    app: App,
    by: ReportReader,
    request: HttpRequest,
    query: ReportQuery<UserActivityFilter>,
) -> Result<Answer<UserActivityReport>> {
    let (asked, all_time, series, order, filter, paging) = &query.parts;
    let look = ReportRequest::at(&request, &app, &by, paging, order, LIMIT)?;
    let db = app.snapshot().await?;
    let user = subject(&db, filter.user_id).await?;
    let period = look.period(&db, all_time.or(asked)).await?;
    let mut found = activity::user_activity(&db, &period, series.interval(), user.id, &look.paging).await?;
    db.commit().await?;
    let page = look.cut(&mut found.entries, found.total_activities, &period, |row| row.id);
    let data = found.entries.into_iter().map(entry::plain).collect::<Result<Vec<_>>>()?;
    if look.page.is_first() {
        app.record(&by, Event::report_generated(REPORT, query.all.clone(), row_count(found.total_activities))).await?;
    }
    Ok(Answer::plain(UserActivityReport {
        report: REPORT,
        generated_at: look.generated_at.into(),
        period: PeriodView::from(&period),
        filters: Filters(query.of::<UserActivityFilter>()),
        user: ReportedUser::new(user),
        summary: UserActivityFigures {
            total_activities: found.total_activities,
            last_activity_at: found.last_activity_at.map(Instant),
            last_activity_overall_at: found.last_activity_overall_at.map(Instant),
        },
        by_action_type: found.by_action_type.into_iter().map(ActionTypeCount::new).collect(),
        timeseries: timeseries(found.timeseries),
        entries: ReportEntryList { data, page },
    }))
}

/// Export a user's activity as CSV
///
/// One row per entry.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, OrderParameters, UserActivityFilter),
    responses((status = OK, description = "One row per entry", body = String, content_type = "text/csv", example = json!(CSV_EXAMPLE)), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": ["export_generated"], "may": []}))),
)]
#[get("/reports/user-activity.csv")]
pub async fn export_user_activity(app: App, by: ReportReader, query: ExportQuery<UserActivityFilter>) -> Result<HttpResponse> {
    let (asked, all_time, order, filter) = &query.parts;
    let db = app.db().export_snapshot().await?;
    let user = subject(&db, filter.user_id).await?;
    let period = period(&db, all_time.or(asked), app.now()).await?;
    let scope = activity::scope(user.id);
    let record_count = row_count(report::count(&db, period.ids(), &scope).await?);
    let export = Export { report: REPORT, record_count, filters: query.all.clone(), direction: order.direction() };
    export.send(&app, &by, db, Entries { scope, period }).await
}

/// Entries as CSV, without columns specific to the report.
struct Entries {
    scope: report::Scope,
    period: Period,
}

impl Rows for Entries {
    fn header(&self) -> Line {
        COLUMNS.map(Into::into).to_vec()
    }

    async fn page(&self, db: &DatabaseTransaction, paging: &report::ReportPage) -> Result<Vec<(Uuid, Line)>> {
        let rows = report::entries(db, self.period.ids(), &self.scope, paging).await?;
        rows.into_iter().map(|row| Ok((row.id, entry::plain(row)?.cells()))).collect()
    }
}

async fn subject<C: ConnectionTrait>(db: &C, user_id: Uuid) -> Result<user::Model> {
    user::Entity::find_by_id(user_id).one(db).await?.ok_or_else(Error::not_found)
}

impl ReportedUser {
    fn new(row: user::Model) -> Self {
        let full_name = row.full_name();
        let user::Model { id, username, email, role, user_level, is_active, deleted_at, .. } = row;
        Self { id, username, full_name, email, role, user_level, is_active, deleted_at: deleted_at.map(Instant) }
    }
}
