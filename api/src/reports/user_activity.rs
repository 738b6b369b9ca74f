//! The activity of one user.

use super::columns::Line;
use super::entry::{self, ReportEntry};
use super::export;
use super::frame::{ActionTypeCount, CategoryCount, Filters, PeriodView, SeriesPoint, timeseries};
use super::generate::{self, About, Frame, Head, ListReport, Report};
use super::query::{AllTime, ListPage, ReportExportQuery, ReportQuery, SeriesParameters};
use crate::http::answer::file::CsvParameters;
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Paged, ReportReader};
use crate::list_of;
use crate::state::App;
use crate::wire::fields::shown::{FullName, ShownEmailAddress, ShownUsername};
use crate::wire::{Error, Instant, ReadProblems, Result};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::page::Position;
use entity::period::Period;
use entity::report::{self, user_activity as activity};
use entity::user::{self, Level, Role};
use sea_orm::{DatabaseTransaction, EntityTrait};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

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
    #[schema(value_type = ShownUsername)]
    username: String,
    #[schema(value_type = FullName)]
    full_name: String,
    #[schema(value_type = ShownEmailAddress)]
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
    "period": {"since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago",
        "defaulted": true},
    "filters": {"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1"},
    "user": {"id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "username": "tech2", "full_name": "Tom Reyes",
        "email": "tech2@example.org", "role": "technician", "user_level": "level_2", "is_active": true, "deleted_at": null},
    "summary": {"total_activities": 1, "last_activity_at": "2026-11-22T08:00:00.123Z",
        "last_activity_overall_at": "2026-11-22T08:00:00.123Z"},
    "by_category": [{"category": "case", "count": 1, "percent": 100.0}],
    "by_action_type": [{"action_type": "case_held", "label": "Case Placed on Hold", "category": "case", "count": 1,
        "percent": 100.0}],
    "timeseries": [{"bucket_start": "2026-11-22T06:00:00.000Z", "bucket_on": "2026-11-22", "series": "case", "value": 1}],
    "entries": {"data": [{"id": "01a20725-be30-7584-bca5-f00e655c90d6", "occurred_at": "2026-11-22T08:00:00.123Z",
        "action_type": "case_held", "action_label": "Case Placed on Hold", "category": "case", "outcome": "success",
        "source": "automatic", "actor_type": "user",
        "actor_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "actor_label": "tech2", "actor_full_name": "Tom Reyes",
        "actor_role": "technician", "description": "Case WS001-2026-11-0042 placed on hold: waiting for pay stub",
        "case_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2",
        "case_number": "WS001-2026-11-0042", "related_user_id": null, "related_username": null, "object_type": "case",
        "object_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2", "ip_address": "127.0.0.1",
        "request_id": "01a20725-be30-7584-bca5-f00e655c90d7", "sequence": null}],
        "page": {"next_cursor": null, "has_more": false, "limit": 30, "total": null, "total_is_capped": false}}
}))]
pub struct UserActivityReport {
    #[schema(max_length = 32)]
    report: &'static str,
    generated_at: Instant,
    period: PeriodView,
    filters: Filters,
    user: ReportedUser,
    summary: UserActivityFigures,
    /// Every category, with the sum of its series
    #[schema(max_items = 100)]
    by_category: Vec<CategoryCount>,
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
    extensions(("x-audit-actions" = json!({
        "always": ["report_generated"], "may": [], "denied": entity::audit::Action::ReportGenerated,
    }))),
)]
#[get("/reports/user-activity")]
pub async fn get_user_activity(
    app: App,
    by: ReportReader,
    request: HttpRequest,
    query: ReportQuery<UserActivityFilter>,
) -> Result<Answer<UserActivityReport>> {
    generate::page(&app, &by, &request, query).await
}

impl Paged for UserActivityReport {
    fn next_cursor(&self) -> Option<&str> {
        self.entries.next_cursor()
    }
}

impl Report for UserActivityReport {
    const NAME: &'static str = activity::NAME;
    const ABOUT: About = About {
        title: "User activity",
        description: "The activity of one user; below /users, of all users as a table.",
        filters: "user_id",
    };
    type Filter = UserActivityFilter;
    type Subject = user::Model;
    type Page = ListPage;

    async fn subject(db: &DatabaseTransaction, filter: UserActivityFilter) -> Result<user::Model> {
        user::Entity::find_by_id(filter.user_id).one(db).await?.ok_or_else(Error::not_found)
    }

    async fn compute(db: &DatabaseTransaction, user: user::Model, frame: Frame, page: ListPage) -> Result<(Self, i64)> {
        let mut found = activity::user_activity(db, &frame.period, frame.interval, user.id, &page.paging).await?;
        let total = found.total_activities;
        let page = page.cut(&mut found.entries, total, &frame.period, |row| row.id);
        let data = found.entries.into_iter().map(entry::plain).collect::<Result<Vec<_>>>()?;
        let Head { report, generated_at, period, filters } = frame.head::<Self>();
        let view = Self {
            report,
            generated_at,
            period,
            filters,
            user: ReportedUser::new(user),
            summary: UserActivityFigures {
                total_activities: total,
                last_activity_at: found.last_activity_at.map(Instant),
                last_activity_overall_at: found.last_activity_overall_at.map(Instant),
            },
            by_category: found.by_category.into_iter().map(CategoryCount::new).collect(),
            by_action_type: found.by_action_type.into_iter().map(ActionTypeCount::new).collect(),
            timeseries: timeseries(found.timeseries),
            entries: ReportEntryList { data, page },
        };
        Ok((view, total))
    }
}

/// Export a user's activity as CSV
///
/// One row per entry.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, OrderParameters, UserActivityFilter, CsvParameters),
    responses(
        (status = OK, description = "One row per entry", body = String, content_type = "text/csv",
            example = json!(UserActivityReport::csv_example())),
        ReadProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["export_generated"], "may": [], "denied": entity::audit::Action::ExportGenerated,
    }))),
)]
#[get("/reports/user-activity.csv")]
pub async fn export_user_activity(
    app: App,
    by: ReportReader,
    query: ReportExportQuery<UserActivityFilter>,
) -> Result<HttpResponse> {
    export::send::<UserActivityReport>(&app, &by, query).await
}

impl ListReport for UserActivityReport {
    const LIMIT: u64 = 30;

    fn header() -> Line {
        entry::header(Line::new())
    }

    fn example() -> Line {
        ReportEntry::example().line(Line::new())
    }

    async fn rows(
        db: &DatabaseTransaction,
        period: &Period,
        user: &user::Model,
        paging: &report::ReportPage,
    ) -> Result<Vec<(Position, Line)>> {
        let rows = report::entries(db, period.ids(), &activity::scope(user.id), paging).await?;
        rows.into_iter().map(|row| Ok((row.id.into(), entry::plain(row)?.line(Line::new())))).collect()
    }
}

impl ReportedUser {
    fn new(row: user::Model) -> Self {
        let full_name = row.full_name();
        let user::Model { id, username, email, role, user_level, is_active, deleted_at, .. } = row;
        Self { id, username, full_name, email, role, user_level, is_active, deleted_at: deleted_at.map(Instant) }
    }
}
