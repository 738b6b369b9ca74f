//! The activity summary.

use super::columns::{self, Column, Line};
use super::export;
use super::frame::{ActionTypeCount, CategoryCount, Filters, PeriodView, SeriesPoint, timeseries};
use super::generate::{self, About, Frame, Head, Report};
use super::query::{AllTime, SeriesParameters, period};
use super::workload::Workload;
use crate::http::answer::file::CsvParameters;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, NoParameters, Paged, QueryParts, ReportReader};
use crate::state::App;
use crate::wire::fields::shown::{FullName, ShownEmailAddress, ShownUsername};
use crate::wire::{Instant, ListProblems, Result};
use actix_web::{HttpResponse, get};
use entity::period::Interval;
use entity::report::activity_summary::{self as report, ActivitySummary, Trend, UserCount};
use entity::report::workload;
use entity::user::{Level, Role};
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The columns of the CSV.
const COLUMNS: [Column<ActionTypeCount>; 5] = [
    ("action_type", |row| row.action_type.code().into()),
    ("label", |row| row.label.into()),
    ("category", |row| row.category.code().into()),
    ("count", |row| row.count.to_string().into()),
    ("percent", |row| format!("{:.1}", row.percent).into()),
];

/// The figures of the activity summary
#[derive(Serialize, ToSchema)]
pub struct ActivitySummaryFigures {
    #[schema(minimum = 0)]
    total_activities: i64,
    /// Start of the period just before, which ends where this one starts: as many calendar days if `since` and `until` are dates,
    /// otherwise as many seconds
    previous_since: Instant,
    /// Total of the period just before
    #[schema(minimum = 0)]
    previous_total: i64,
    /// `total_activities` minus `previous_total`
    delta: i64,
    /// Null if `previous_total` is 0
    #[schema(minimum = -100, maximum = 1000000000)]
    percent_change: Option<f64>,
    direction: Trend,
    /// Number of people and service accounts with at least one activity
    #[schema(minimum = 0)]
    active_users: i64,
    /// Entries about a case
    #[schema(minimum = 0)]
    case_activities: i64,
    #[schema(minimum = 0)]
    user_management_activities: i64,
    #[schema(minimum = 0)]
    quality_review_activities: i64,
    /// Readings of the log, its trails and reports, exports, and entries by the service that report the number of readings that
    /// were only counted; included in the total
    #[schema(minimum = 0)]
    access_activities: i64,
    /// Activities of the service itself, without the entries that report the number of readings
    #[schema(minimum = 0)]
    system_activity_count: i64,
    /// Failed attempts; not included in the total
    #[schema(minimum = 0)]
    failed_attempts: i64,
    /// Denied attempts; not included in the total
    #[schema(minimum = 0)]
    denied_attempts: i64,
    #[schema(minimum = 0)]
    distinct_types: usize,
    /// Entries of types other than the 15 most frequent
    #[schema(minimum = 0)]
    other_types_count: i64,
}

/// The activity of one person or service account
#[derive(Serialize, ToSchema)]
pub struct TopUser {
    user_id: Uuid,
    #[schema(value_type = ShownUsername)]
    username: String,
    #[schema(value_type = FullName)]
    full_name: String,
    #[schema(value_type = ShownEmailAddress)]
    email: String,
    role: Role,
    user_level: Option<Level>,
    #[schema(minimum = 0)]
    count: i64,
    /// Share of all activities
    #[schema(minimum = 0, maximum = 100)]
    percent: f64,
    last_activity_at: Instant,
}

/// The activity of a period by type and user
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "report": "activity_summary", "generated_at": "2026-11-23T15:00:00.000Z",
    "period": {"since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago",
        "defaulted": true},
    "filters": {},
    "summary": {"total_activities": 1, "previous_since": "2026-09-25T18:59:59.999Z", "previous_total": 4, "delta": -3,
        "percent_change": -75.0, "direction": "down", "active_users": 1, "case_activities": 1,
        "user_management_activities": 0, "quality_review_activities": 0, "access_activities": 0,
        "system_activity_count": 0, "failed_attempts": 0, "denied_attempts": 0, "distinct_types": 1, "other_types_count": 0},
    "by_category": [{"category": "case", "count": 1, "percent": 100.0}],
    "by_action_type": [{"action_type": "case_held", "label": "Case Placed on Hold", "category": "case", "count": 1,
        "percent": 100.0}],
    "top_users": [{"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "username": "tech2", "full_name": "Tom Reyes",
        "email": "tech2@example.org", "role": "technician", "user_level": "level_2", "count": 1, "percent": 100.0,
        "last_activity_at": "2026-11-22T08:00:00.123Z"}],
    "top_service_accounts": [],
    "timeseries": [{"bucket_start": "2026-11-22T06:00:00.000Z", "bucket_on": "2026-11-22", "series": "case", "value": 1}],
    "workload": super::workload::example()
}))]
pub struct ActivitySummaryReport {
    #[schema(max_length = 32)]
    report: &'static str,
    generated_at: Instant,
    period: PeriodView,
    filters: Filters,
    summary: ActivitySummaryFigures,
    /// Every category, with the sum of its series
    #[schema(max_items = 100)]
    by_category: Vec<CategoryCount>,
    #[schema(max_items = 15)]
    by_action_type: Vec<ActionTypeCount>,
    /// The most active people, service accounts not included
    #[schema(max_items = 10)]
    top_users: Vec<TopUser>,
    /// The most active service accounts
    #[schema(max_items = 10)]
    top_service_accounts: Vec<TopUser>,
    #[schema(max_items = 10000)]
    timeseries: Vec<SeriesPoint>,
    workload: Workload,
}

/// Get the activity summary
///
/// Counts successful actions; `failed_attempts` and `denied_attempts` are reported separately. The series of the time series are
/// the categories. `workload` shows the open cases as they are now, whatever the period; the CSV does not contain it.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, SeriesParameters),
    responses((status = OK, description = "The activity of the period", body = ActivitySummaryReport), ListProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["report_generated"], "may": [], "denied": entity::audit::Action::ReportGenerated,
    }))),
)]
#[get("/reports/activity-summary")]
pub async fn get_activity_summary(
    app: App,
    by: ReportReader,
    query: QueryParts<(PeriodParameters, AllTime, SeriesParameters)>,
) -> Result<Answer<ActivitySummaryReport>> {
    generate::whole(&app, &by, query).await
}

impl Paged for ActivitySummaryReport {
    fn next_cursor(&self) -> Option<&str> {
        None
    }
}

impl Report for ActivitySummaryReport {
    const NAME: &'static str = report::NAME;
    const ABOUT: About = About {
        title: "Activity summary",
        description: "Activity by type and user, compared with the previous period, and the workload now.",
        filters: "",
    };
    type Filter = NoParameters;
    type Subject = ();
    type Page = ();

    async fn subject(_: &DatabaseTransaction, _: NoParameters) -> Result<()> {
        Ok(())
    }

    async fn compute(db: &DatabaseTransaction, (): (), frame: Frame, (): ()) -> Result<(Self, i64)> {
        let found = report::activity_summary(db, &frame.period, frame.interval).await?;
        let workload = workload::workload(db, frame.generated_at, frame.period.zone).await?.into();
        let previous_since = frame.period.previous_since.into();
        let Head { report, generated_at, period, filters } = frame.head::<Self>();
        let total = found.total_activities;
        let view = Self {
            report,
            generated_at,
            period,
            filters,
            summary: ActivitySummaryFigures::new(&found, previous_since),
            by_category: found.by_category.into_iter().map(CategoryCount::new).collect(),
            by_action_type: found.by_action_type.into_iter().map(ActionTypeCount::new).collect(),
            top_users: found.top_users.into_iter().map(TopUser::new).collect(),
            top_service_accounts: found.top_service_accounts.into_iter().map(TopUser::new).collect(),
            timeseries: timeseries(found.timeseries),
            workload,
        };
        Ok((view, total))
    }
}

/// Export the activity summary as CSV
///
/// The rows are the most frequent action types.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, CsvParameters),
    responses(
        (status = OK, description = "One row per action type", body = String, content_type = "text/csv",
            example = json!(columns::example(columns::header(&COLUMNS), columns::line(&COLUMNS, &ActionTypeCount::example())))),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["export_generated"], "may": [], "denied": entity::audit::Action::ExportGenerated,
    }))),
)]
#[get("/reports/activity-summary.csv")]
pub async fn export_activity_summary(
    app: App,
    by: ReportReader,
    query: QueryParts<(PeriodParameters, AllTime, CsvParameters)>,
) -> Result<HttpResponse> {
    let (asked, all_time, csv) = &query.parts;
    let asked = all_time.or(asked)?;
    let db = app.snapshot().await?;
    let period = period(&db, asked, app.now()).await?;
    // The rows have no series, so the longest buckets suffice.
    let found = report::activity_summary(&db, &period, Interval::Month).await?;
    db.commit().await?;
    let rows = found.by_action_type.into_iter().map(|row| columns::line(&COLUMNS, &ActionTypeCount::new(row)));
    let lines: Vec<Line> = std::iter::once(columns::header(&COLUMNS)).chain(rows).collect();
    export::send_all::<ActivitySummaryReport>(&app, &by, lines, csv.format(), query.all).await
}

impl ActivitySummaryFigures {
    fn new(found: &ActivitySummary, previous_since: Instant) -> Self {
        Self {
            total_activities: found.total_activities,
            previous_since,
            previous_total: found.previous_total,
            delta: found.delta,
            percent_change: found.percent_change.map(entity::report::Percent::number),
            direction: found.direction,
            active_users: found.active_users,
            case_activities: found.case_activities,
            user_management_activities: found.user_management_activities,
            quality_review_activities: found.quality_review_activities,
            access_activities: found.access_activities,
            system_activity_count: found.system_activity_count,
            failed_attempts: found.failed_attempts,
            denied_attempts: found.denied_attempts,
            distinct_types: found.distinct_types,
            other_types_count: found.other_types_count,
        }
    }
}

impl TopUser {
    fn new(row: UserCount) -> Self {
        let UserCount { user_id, username, full_name, email, role, user_level, count, percent, last_activity_at } = row;
        let (percent, last_activity_at) = (percent.number(), last_activity_at.into());
        Self { user_id, username, full_name, email, role, user_level, count, percent, last_activity_at }
    }
}
