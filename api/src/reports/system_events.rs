//! System events: what the service did by itself or in bulk.

use super::columns::{self, Column, Line, optional};
use super::entry::{self, EntryBody, ReportEntry};
use super::export;
use super::frame::{ActionTypeCount, Filters, PeriodView, SeriesPoint, timeseries};
use super::generate::{self, About, Frame, Head, ListReport, Report};
use super::query::{AllTime, ListPage, ReportExportQuery, ReportQuery, SeriesParameters};
use crate::http::answer::file::CsvParameters;
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Paged, ReportReader};
use crate::list_of;
use crate::state::App;
use crate::wire::fields::shown::ShownUsername;
use crate::wire::{Instant, ListProblems, Result};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::audit::{Action, ActorType, Source, SystemEvent};
use entity::audit_log::JobHealth;
use entity::job::run::RunStatus;
use entity::page::Position;
use entity::period::Period;
use entity::report::system_events::{self as events, SystemEventsCriteria};
use entity::report::{self, ListedEntry, Percent};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// The columns that only this report has.
const OWN_COLUMNS: [Column<SystemEventEntry>; 3] = [
    ("job_name", |event| optional(event.job_name.as_ref())),
    ("records_processed", |event| optional(event.records_processed)),
    ("error_message", |event| optional(event.error_message.as_ref())),
];

/// How many event types can be requested; `openapi::bounds` adds it to the contract.
pub const EVENT_TYPES_MAX: u64 = 20;

/// Filters of the system events
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct SystemEventsFilter {
    /// List only these action types, or all types of these groups
    #[validate(length(max = EVENT_TYPES_MAX))]
    #[param(required = false)]
    event_type: Vec<EventType>,
    /// List only events with this outcome
    #[param(nullable = false)]
    outcome: Option<events::Ending>,
}

/// The actions of a group, or a single action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventType(Vec<Action>);

impl EventType {
    fn known() -> impl Iterator<Item = (&'static str, Vec<Action>)> {
        let groups = SystemEvent::all().map(|group| (group.code(), group.actions().collect()));
        groups.chain(SystemEvent::all().flat_map(SystemEvent::actions).map(|action| (action.code(), vec![action])))
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let known = Self::known().find(|(code, _)| *code == text).map(|(_, actions)| Self(actions));
        known.ok_or_else(|| {
            let codes: Vec<&str> = Self::known().map(|(code, _)| code).collect();
            serde::de::Error::custom(format!("must be one of {}", codes.join(", ")))
        })
    }
}

impl PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        let codes: Vec<&str> = Self::known().map(|(code, _)| code).collect();
        let description = "A group of system events, or one of their action types";
        ObjectBuilder::new().schema_type(Type::String).description(Some(description)).enum_values(Some(codes)).into()
    }
}

impl ToSchema for EventType {
    fn name() -> Cow<'static, str> {
        "SystemEventType".into()
    }
}

/// The figures of the system events
#[derive(Serialize, ToSchema)]
pub struct SystemEventsFigures {
    #[schema(minimum = 0)]
    total_events: i64,
    #[schema(minimum = 0)]
    successful_events: i64,
    #[schema(minimum = 0)]
    failed_events: i64,
    /// Null if there are no events
    #[schema(minimum = 0, maximum = 100)]
    success_percent: Option<f64>,
}

/// The number of events of a group
#[derive(Serialize, ToSchema)]
pub struct EventGroupCount {
    event_type: SystemEvent,
    #[schema(max_length = 64)]
    label: &'static str,
    #[schema(minimum = 0)]
    count: i64,
    /// Share of all events
    #[schema(minimum = 0, maximum = 100)]
    percent: f64,
}

/// The state of a job, based on all its runs except dry runs
#[derive(Serialize, ToSchema)]
pub struct JobState {
    #[schema(max_length = 64)]
    job_name: String,
    last_run_at: Instant,
    #[schema(value_type = events::Ending)]
    last_status: RunStatus,
    last_success_at: Option<Instant>,
    /// Number of failures since the last success, counted up to 1,000
    #[schema(minimum = 0)]
    consecutive_failures: i64,
}

/// The current state of the service, independent of the period
#[derive(Serialize, ToSchema)]
pub struct SystemHealth {
    /// Failed runs of jobs in the last 24 hours, including those that other systems report; dry runs excepted
    #[schema(minimum = 0)]
    failed_jobs_24h: i64,
    /// Failed attempts to send an email in the last 24 hours, including those that other systems report
    #[schema(minimum = 0)]
    failed_emails_24h: i64,
    #[schema(minimum = 0)]
    pending_emails: i64,
    /// Exact number of entries in the audit log
    #[schema(minimum = 0)]
    audit_entries_total: i64,
    oldest_entry_at: Option<Instant>,
}

/// How often a user read a view, report or export of the audit log
#[derive(Serialize, ToSchema)]
pub struct AccessCount {
    #[schema(value_type = Action)]
    action_type: String,
    /// The view, the report, or the exported data
    #[schema(max_length = 64)]
    view_type: Option<String>,
    user_id: Option<Uuid>,
    #[schema(value_type = ShownUsername)]
    username: String,
    #[schema(minimum = 0)]
    count: i64,
    last_at: Instant,
}

/// A system event
#[derive(Serialize, ToSchema)]
pub struct SystemEventEntry {
    #[serde(flatten)]
    entry: ReportEntry,
    #[schema(max_length = 64)]
    job_name: Option<String>,
    #[schema(minimum = 0)]
    records_processed: Option<i64>,
    #[schema(max_length = 4000)]
    error_message: Option<String>,
}

list_of! {
    /// A page of system events
    SystemEventList = SystemEventEntry
}

/// The system events of a period
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "report": "system_events", "generated_at": "2026-11-23T15:00:00.000Z",
    "period": {"since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago",
        "defaulted": true},
    "filters": {"event_type": ["cron_job"]},
    "summary": {"total_events": 1, "successful_events": 1, "failed_events": 0, "success_percent": 100.0},
    "by_event_type": [{"event_type": "cron_job", "label": "Cron Jobs", "count": 1, "percent": 100.0}],
    "by_action_type": [{"action_type": "cron_job_executed", "label": "Cron Job Executed", "category": "system", "count": 1,
        "percent": 100.0}],
    "jobs": [{"job_name": "check_expired_holds", "last_run_at": "2026-11-22T08:00:00.123Z", "last_status": "success",
        "last_success_at": "2026-11-22T08:00:00.123Z", "consecutive_failures": 0}],
    "health": {"failed_jobs_24h": 0, "failed_emails_24h": 0, "pending_emails": 0, "audit_entries_total": 20417,
        "oldest_entry_at": "2026-05-26T05:00:00.000Z"},
    "access": [{"action_type": "audit_log_accessed", "view_type": "main_dashboard",
        "user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d4", "username": "manager", "count": 3,
        "last_at": "2026-11-22T08:00:00.123Z"}],
    "access_total": 1,
    "timeseries": [{"bucket_start": "2026-11-22T06:00:00.000Z", "bucket_on": "2026-11-22", "series": "cron_job", "value": 1}],
    "entries": {"data": [{"id": "01a20725-be30-7584-bca5-f00e655c90d6", "occurred_at": "2026-11-22T08:00:00.123Z",
        "action_type": "cron_job_executed", "action_label": "Cron Job Executed", "category": "system", "outcome": "success",
        "source": "job", "actor_type": "system",
        "actor_id": null, "actor_label": "System", "actor_full_name": null,
        "actor_role": null, "description": "Job check_expired_holds ran: success", "case_id": null,
        "case_number": null, "related_user_id": null, "related_username": null, "object_type": "job",
        "object_id": "check_expired_holds", "ip_address": null, "request_id": "01a20725-be30-7584-bca5-f00e655c90d7",
        "sequence": null,
        "job_name": "check_expired_holds", "records_processed": 0, "error_message": null}],
        "page": {"next_cursor": null, "has_more": false, "limit": 40, "total": null, "total_is_capped": false}}
}))]
pub struct SystemEventsReport {
    #[schema(max_length = 32)]
    report: &'static str,
    generated_at: Instant,
    period: PeriodView,
    filters: Filters,
    summary: SystemEventsFigures,
    #[schema(max_items = 100)]
    by_event_type: Vec<EventGroupCount>,
    by_action_type: Vec<ActionTypeCount>,
    #[schema(max_items = 1000)]
    jobs: Vec<JobState>,
    health: SystemHealth,
    /// Who read the audit log, reports and exports, at most the 100 most frequent rows
    #[schema(max_items = 100)]
    access: Vec<AccessCount>,
    /// Number of rows that `access` would have without its limit
    #[schema(minimum = 0)]
    access_total: i64,
    #[schema(max_items = 10000)]
    timeseries: Vec<SeriesPoint>,
    entries: SystemEventList,
}

/// Get the system events
///
/// Jobs, credit resets, settings, exports and reports, successful and failed. The filters apply only to the list; `health` and
/// `jobs` describe the current state. The series of the time series are the groups.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, SeriesParameters, OrderParameters, SystemEventsFilter, Paging),
    responses((status = OK, description = "The events of the period", body = SystemEventsReport), ListProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["report_generated"], "may": [], "denied": entity::audit::Action::ReportGenerated,
    }))),
)]
#[get("/reports/system-events")]
pub async fn get_system_events(
    app: App,
    by: ReportReader,
    request: HttpRequest,
    query: ReportQuery<SystemEventsFilter>,
) -> Result<Answer<SystemEventsReport>> {
    generate::page(&app, &by, &request, query).await
}

impl Paged for SystemEventsReport {
    fn next_cursor(&self) -> Option<&str> {
        self.entries.next_cursor()
    }
}

impl Report for SystemEventsReport {
    const NAME: &'static str = events::NAME;
    const ABOUT: About = About {
        title: "System events",
        description: "Jobs, credit resets, settings, exports and reports: their outcomes, and who read the audit log.",
        filters: "event_type, outcome",
    };
    type Filter = SystemEventsFilter;
    type Subject = SystemEventsCriteria;
    type Page = ListPage;

    async fn subject(_: &DatabaseTransaction, filter: SystemEventsFilter) -> Result<SystemEventsCriteria> {
        let actions = filter.event_type.into_iter().flat_map(|event_type| event_type.0).collect();
        Ok(SystemEventsCriteria { actions, outcome: filter.outcome })
    }

    async fn compute(
        db: &DatabaseTransaction,
        filters: SystemEventsCriteria,
        frame: Frame,
        page: ListPage,
    ) -> Result<(Self, i64)> {
        let Frame { period, interval, generated_at: now, .. } = &frame;
        let mut found = events::system_events(db, period, *interval, *now, &filters, &page.paging).await?;
        let page = page.cut(&mut found.entries, found.matching, period, |row| row.id);
        let data = std::mem::take(&mut found.entries).into_iter().map(SystemEventEntry::new).collect::<Result<Vec<_>>>()?;
        let Head { report, generated_at, period, filters } = frame.head::<Self>();
        let view = Self {
            report,
            generated_at,
            period,
            filters,
            summary: SystemEventsFigures::new(&found),
            by_event_type: found.by_event_type.into_iter().map(EventGroupCount::new).collect(),
            by_action_type: found.by_action_type.into_iter().map(ActionTypeCount::new).collect(),
            jobs: found.jobs.into_iter().filter_map(JobState::new).collect(),
            health: SystemHealth::new(found.health),
            access: found.access.into_iter().map(AccessCount::new).collect(),
            access_total: found.access_total,
            timeseries: timeseries(found.timeseries),
            entries: SystemEventList { data, page },
        };
        Ok((view, found.matching))
    }
}

/// Export the system events as CSV
///
/// One row per entry.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, OrderParameters, SystemEventsFilter, CsvParameters),
    responses(
        (status = OK, description = "One row per entry", body = String, content_type = "text/csv",
            example = json!(SystemEventsReport::csv_example())),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["export_generated"], "may": [], "denied": entity::audit::Action::ExportGenerated,
    }))),
)]
#[get("/reports/system-events.csv")]
pub async fn export_system_events(
    app: App,
    by: ReportReader,
    query: ReportExportQuery<SystemEventsFilter>,
) -> Result<HttpResponse> {
    export::send::<SystemEventsReport>(&app, &by, query).await
}

impl ListReport for SystemEventsReport {
    const LIMIT: u64 = 40;

    fn header() -> Line {
        entry::header(columns::header(&OWN_COLUMNS))
    }

    fn example() -> Line {
        let job = "check_expired_holds".to_owned();
        let entry = ReportEntry {
            action_type: Action::CronJobExecuted,
            action_label: Action::CronJobExecuted.label(),
            category: Action::CronJobExecuted.category(),
            source: Source::Job,
            actor_type: ActorType::System,
            actor_id: None,
            actor_label: "System".to_owned(),
            actor_full_name: None,
            actor_role: None,
            description: format!("Job {job} ran: success"),
            case_id: None,
            case_number: None,
            object_type: "job".to_owned(),
            object_id: job.clone(),
            ip_address: None,
            ..ReportEntry::example()
        };
        SystemEventEntry { entry, job_name: Some(job), records_processed: Some(0), error_message: None }.cells()
    }

    async fn rows(
        db: &DatabaseTransaction,
        period: &Period,
        filters: &SystemEventsCriteria,
        paging: &report::ReportPage,
    ) -> Result<Vec<(Position, Line)>> {
        let rows = report::entries(db, period.ids(), &filters.list(), paging).await?;
        rows.into_iter().map(|row| SystemEventEntry::new(row).map(|event| (event.entry.id.into(), event.cells()))).collect()
    }
}

impl SystemEventEntry {
    fn new(row: ListedEntry) -> Result<Self> {
        let body = EntryBody::new(&row)?;
        let records_processed = body.metadata.get("records_processed").and_then(Json::as_i64);
        let (job_name, error_message) = (body.word("job_name"), body.word("error_message"));
        Ok(Self { entry: ReportEntry::new(row, &body)?, job_name, records_processed, error_message })
    }

    fn cells(&self) -> Line {
        self.entry.line(columns::line(&OWN_COLUMNS, self))
    }
}

impl SystemEventsFigures {
    fn new(found: &events::SystemEvents) -> Self {
        Self {
            total_events: found.total_events,
            successful_events: found.successful_events,
            failed_events: found.failed_events,
            success_percent: found.success_percent.map(Percent::number),
        }
    }
}

impl EventGroupCount {
    fn new(row: events::GroupCount) -> Self {
        let events::GroupCount { group, count, percent } = row;
        Self { event_type: group, label: group.label(), count, percent: percent.number() }
    }
}

impl JobState {
    fn new(job: JobHealth) -> Option<Self> {
        Some(Self {
            last_run_at: job.last_run_at()?.into(),
            last_status: job.last_status(),
            last_success_at: job.last_success_at.map(Instant),
            consecutive_failures: job.consecutive_failures,
            job_name: job.job_name,
        })
    }
}

impl SystemHealth {
    fn new(health: events::Health) -> Self {
        let events::Health { failed_jobs_24h, failed_emails_24h, pending_emails, audit_entries_total, oldest_entry_at } = health;
        let oldest_entry_at = oldest_entry_at.map(Instant);
        Self { failed_jobs_24h, failed_emails_24h, pending_emails, audit_entries_total, oldest_entry_at }
    }
}

impl AccessCount {
    fn new(row: events::Access) -> Self {
        let events::Access { action_type, view_type, user_id, username, entry_count, last_at } = row;
        Self { action_type, view_type, user_id, username, count: entry_count, last_at: last_at.into() }
    }
}
