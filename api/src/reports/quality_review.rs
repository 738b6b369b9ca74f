//! The quality review audit.

use super::columns::{self, Column, Line, optional};
use super::export;
use super::frame::{Filters, PeriodView, SeriesPoint, timeseries};
use super::generate::{self, About, Frame, Head, ListReport, Report};
use super::query::{AllTime, ListPage, ReportExportQuery, ReportQuery, SeriesParameters};
use crate::http::answer::file::CsvParameters;
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Paged, ReportReader};
use crate::list_of;
use crate::state::App;
use crate::wire::fields::at_most_all;
use crate::wire::fields::shown::{FullName, ShownCaseNumber, ShownRemark, ShownUsername};
use crate::wire::{Instant, ListProblems, Result};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::audit_log;
use entity::case::ReviewStatus;
use entity::page::Position;
use entity::period::Period;
use entity::report::quality_review::{self as quality, QualityReviewCriteria};
use entity::report::{self, Percent};
use entity::review::{self, ReviewAction};
use entity::user::{self, Person};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::{Uuid, uuid};
use validator::Validate;

/// The columns of the CSV.
const COLUMNS: [Column<ReviewDecision>; 13] = [
    ("id", |decision| decision.id.to_string().into()),
    ("occurred_at", |decision| entity::clock::rfc3339(decision.occurred_at.0).into()),
    ("review_status", |decision| decision.review_status.code().into()),
    ("case_number", |decision| decision.case_number.clone().into()),
    ("reviewer", |decision| optional(decision.reviewer_username.as_ref())),
    ("original_technician", |decision| optional(decision.original_technician_username.as_ref())),
    ("notes", |decision| optional(decision.notes.as_ref())),
    ("review_cycle", |decision| decision.review_cycle.to_string().into()),
    ("decision_number", |decision| optional(decision.decision_number)),
    ("turnaround_seconds", |decision| optional(decision.turnaround_seconds)),
    ("case_id", |decision| decision.case_id.to_string().into()),
    ("reviewer_id", |decision| decision.reviewer_id.to_string().into()),
    ("original_technician_id", |decision| optional(decision.original_technician_id)),
];

/// Filters of the quality review audit
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct QualityReviewFilter {
    /// List only these decisions
    #[validate(custom(function = "at_most_all"))]
    #[param(required = false)]
    review_status: Vec<ReviewStatus>,
    /// List only decisions of this reviewer
    #[param(nullable = false)]
    reviewer_id: Option<Uuid>,
}

/// The figures of the quality review audit
#[derive(Serialize, ToSchema)]
pub struct QualityReviewFigures {
    /// Number of decisions
    #[schema(minimum = 0)]
    total_reviews: i64,
    #[schema(minimum = 0)]
    approved: i64,
    #[schema(minimum = 0, maximum = 100)]
    approved_percent: f64,
    #[schema(minimum = 0)]
    revisions_requested: i64,
    #[schema(minimum = 0, maximum = 100)]
    revisions_requested_percent: f64,
    #[schema(minimum = 0)]
    corrections_needed: i64,
    #[schema(minimum = 0, maximum = 100)]
    corrections_needed_percent: f64,
    /// Number of submissions for review, the first of a case and later ones
    #[schema(minimum = 0)]
    submissions: i64,
    /// Of the cases first decided in the period, the percentage approved at that decision; null if there are none
    #[schema(minimum = 0, maximum = 100)]
    first_pass_approval_percent: Option<f64>,
    /// Hours from the submission for review to its decision, with two decimals; null if there are none
    #[schema(minimum = 0, maximum = 1000000)]
    average_turnaround_hours: Option<f64>,
}

/// The decisions of one reviewer, or on the work of one technician
#[derive(Serialize, ToSchema)]
pub struct UserReviewFigures {
    user_id: Uuid,
    #[schema(value_type = ShownUsername)]
    username: String,
    #[schema(value_type = FullName)]
    full_name: String,
    #[schema(minimum = 0)]
    total_reviews: i64,
    #[schema(minimum = 0)]
    approved: i64,
    #[schema(minimum = 0)]
    revisions_requested: i64,
    #[schema(minimum = 0)]
    corrections_needed: i64,
    /// Approvals as a percentage of `total_reviews`
    #[schema(minimum = 0, maximum = 100)]
    approval_percent: Option<f64>,
    last_review_at: Instant,
}

/// A decision on a case under review
#[derive(Serialize, ToSchema)]
pub struct ReviewDecision {
    id: Uuid,
    occurred_at: Instant,
    review_status: ReviewAction,
    case_id: Uuid,
    #[schema(value_type = ShownCaseNumber)]
    case_number: String,
    reviewer_id: Uuid,
    #[schema(value_type = Option<ShownUsername>)]
    reviewer_username: Option<String>,
    #[schema(value_type = Option<FullName>)]
    reviewer_full_name: Option<String>,
    original_technician_id: Option<Uuid>,
    #[schema(value_type = Option<ShownUsername>)]
    original_technician_username: Option<String>,
    #[schema(value_type = Option<FullName>)]
    original_technician_full_name: Option<String>,
    #[schema(value_type = Option<ShownRemark>)]
    notes: Option<String>,
    /// Number of the submission of this case for review
    #[schema(minimum = 1)]
    review_cycle: i32,
    /// Number of the decision on this case
    #[schema(minimum = 1)]
    decision_number: Option<i32>,
    #[schema(minimum = 0)]
    turnaround_seconds: Option<i64>,
    /// The audit entry that recorded the decision; null for some decisions of version 0.1.0
    audit_entry_id: Option<Uuid>,
}

list_of! {
    /// A page of review decisions
    ReviewDecisionList = ReviewDecision
}

/// The review decisions of a period
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "report": "quality_review_audit", "generated_at": "2026-11-23T15:00:00.000Z",
    "period": {"since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago",
        "defaulted": true},
    "filters": {"review_status": ["approved"]},
    "summary": {"total_reviews": 1, "approved": 1, "approved_percent": 100.0, "revisions_requested": 0,
        "revisions_requested_percent": 0.0, "corrections_needed": 0, "corrections_needed_percent": 0.0, "submissions": 1,
        "first_pass_approval_percent": 100.0, "average_turnaround_hours": 5.25},
    "reviewers": [{"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "username": "tech2", "full_name": "Tom Reyes",
        "total_reviews": 1, "approved": 1, "revisions_requested": 0, "corrections_needed": 0, "approval_percent": 100.0,
        "last_review_at": "2026-11-22T08:00:00.123Z"}],
    "reviewers_total": 1,
    "by_technician": [{"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d3", "username": "tech1", "full_name": "Ada Moss",
        "total_reviews": 1, "approved": 1, "revisions_requested": 0, "corrections_needed": 0, "approval_percent": 100.0,
        "last_review_at": "2026-11-22T08:00:00.123Z"}],
    "technicians_total": 1,
    "timeseries": [{"bucket_start": "2026-11-22T06:00:00.000Z", "bucket_on": "2026-11-22", "series": "approved", "value": 1}],
    "entries": {"data": [{"id": "01a20725-be30-7584-bca5-f00e655c90d6", "occurred_at": "2026-11-22T08:00:00.123Z",
        "review_status": "approved", "case_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2", "case_number": "WS001-2026-11-0042",
        "reviewer_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "reviewer_username": "tech2", "reviewer_full_name": "Tom Reyes",
        "original_technician_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d3", "original_technician_username": "tech1",
        "original_technician_full_name": "Ada Moss", "notes": null, "review_cycle": 1, "decision_number": 1,
        "turnaround_seconds": 18900, "audit_entry_id": "01a20725-be30-7584-bca5-f00e655c90d4"}],
        "page": {"next_cursor": null, "has_more": false, "limit": 30, "total": null, "total_is_capped": false}}
}))]
pub struct QualityReviewReport {
    #[schema(max_length = 32)]
    report: &'static str,
    generated_at: Instant,
    period: PeriodView,
    filters: Filters,
    summary: QualityReviewFigures,
    /// By the users who decided something in the period, at most the 100 with the most decisions
    #[schema(max_items = 100)]
    reviewers: Vec<UserReviewFigures>,
    /// Number of users who decided something in the period
    #[schema(minimum = 0)]
    reviewers_total: i64,
    /// The same decisions by the technician whose work was reviewed, at most the 100 with the most decisions; without decisions
    /// that name none
    #[schema(max_items = 100)]
    by_technician: Vec<UserReviewFigures>,
    /// Number of technicians whose work was reviewed
    #[schema(minimum = 0)]
    technicians_total: i64,
    #[schema(max_items = 10000)]
    timeseries: Vec<SeriesPoint>,
    entries: ReviewDecisionList,
}

/// Get the quality review audit
///
/// Based on the review history. The filters apply only to the list of decisions. The series of the time series are the decisions.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, SeriesParameters, OrderParameters, QualityReviewFilter, Paging),
    responses((status = OK, description = "The reviews of the period", body = QualityReviewReport), ListProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["report_generated"], "may": [], "denied": entity::audit::Action::ReportGenerated,
    }))),
)]
#[get("/reports/quality-review-audit")]
pub async fn get_quality_review_audit(
    app: App,
    by: ReportReader,
    request: HttpRequest,
    query: ReportQuery<QualityReviewFilter>,
) -> Result<Answer<QualityReviewReport>> {
    generate::page(&app, &by, &request, query).await
}

impl Paged for QualityReviewReport {
    fn next_cursor(&self) -> Option<&str> {
        self.entries.next_cursor()
    }
}

impl Report for QualityReviewReport {
    const NAME: &'static str = quality::NAME;
    const ABOUT: About = About {
        title: "Quality review audit",
        description: "Review decisions by reviewer and technician, their turnaround, and how often the first was an approval.",
        filters: "review_status, reviewer_id",
    };
    type Filter = QualityReviewFilter;
    type Subject = QualityReviewCriteria;
    type Page = ListPage;

    async fn subject(_: &DatabaseTransaction, filter: QualityReviewFilter) -> Result<QualityReviewCriteria> {
        let decisions = filter.review_status.iter().map(|status| status.review_action()).collect();
        Ok(QualityReviewCriteria { decisions, reviewer_id: filter.reviewer_id })
    }

    async fn compute(
        db: &DatabaseTransaction,
        filters: QualityReviewCriteria,
        frame: Frame,
        page: ListPage,
    ) -> Result<(Self, i64)> {
        let mut found = quality::quality_review(db, &frame.period, frame.interval, &filters, &page.paging).await?;
        let page = page.cut(&mut found.entries, found.matching, &frame.period, |row| row.id);
        let rows = std::mem::take(&mut found.entries);
        let entries = audit_log::entries_of_decisions(db, &rows).await?;
        let data = ReviewDecision::all(db, rows, &entries).await?;
        let Head { report, generated_at, period, filters } = frame.head::<Self>();
        let view = Self {
            report,
            generated_at,
            period,
            filters,
            summary: QualityReviewFigures::new(&found),
            reviewers: found.reviewers.into_iter().map(UserReviewFigures::new).collect(),
            reviewers_total: found.reviewers_total,
            by_technician: found.technicians.into_iter().map(UserReviewFigures::new).collect(),
            technicians_total: found.technicians_total,
            timeseries: timeseries(found.timeseries),
            entries: ReviewDecisionList { data, page },
        };
        Ok((view, found.matching))
    }
}

/// Export the review decisions as CSV
///
/// One row per decision.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, OrderParameters, QualityReviewFilter, CsvParameters),
    responses(
        (status = OK, description = "One row per decision", body = String, content_type = "text/csv",
            example = json!(QualityReviewReport::csv_example())),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["export_generated"], "may": [], "denied": entity::audit::Action::ExportGenerated,
    }))),
)]
#[get("/reports/quality-review-audit.csv")]
pub async fn export_quality_review_audit(
    app: App,
    by: ReportReader,
    query: ReportExportQuery<QualityReviewFilter>,
) -> Result<HttpResponse> {
    export::send::<QualityReviewReport>(&app, &by, query).await
}

impl ListReport for QualityReviewReport {
    const LIMIT: u64 = 30;

    fn header() -> Line {
        columns::header(&COLUMNS)
    }

    fn example() -> Line {
        let person = |username: &str, full_name: &str| (Some(username.to_owned()), Some(full_name.to_owned()));
        let ((reviewer_username, reviewer_full_name), (original_technician_username, original_technician_full_name)) =
            (person("tech2", "Tom Reyes"), person("tech1", "Ada Moss"));
        let decision = ReviewDecision {
            id: uuid!("01a20725-be30-7584-bca5-f00e655c90d6"),
            occurred_at: Instant::example("2026-11-22T08:00:00.123Z"),
            review_status: ReviewAction::Approved,
            case_id: uuid!("01a1f3b0-1c00-7584-bca5-f00e655c90d2"),
            case_number: "WS001-2026-11-0042".to_owned(),
            reviewer_id: uuid!("01a1e3b0-1c00-7584-bca5-f00e655c90d1"),
            reviewer_username,
            reviewer_full_name,
            original_technician_id: Some(uuid!("01a1e3b0-1c00-7584-bca5-f00e655c90d3")),
            original_technician_username,
            original_technician_full_name,
            notes: None,
            review_cycle: 1,
            decision_number: Some(1),
            turnaround_seconds: Some(18_900),
            audit_entry_id: None,
        };
        columns::line(&COLUMNS, &decision)
    }

    async fn rows(
        db: &DatabaseTransaction,
        period: &Period,
        filters: &QualityReviewCriteria,
        paging: &report::ReportPage,
    ) -> Result<Vec<(Position, Line)>> {
        let rows = quality::decisions(db, period, filters, paging).await?;
        // The CSV has no column for the entries.
        let decisions = ReviewDecision::all(db, rows, &HashMap::new()).await?;
        Ok(decisions.iter().map(|decision| (decision.id.into(), columns::line(&COLUMNS, decision))).collect())
    }
}

impl QualityReviewFigures {
    fn new(found: &quality::QualityReview) -> Self {
        Self {
            total_reviews: found.total_reviews,
            approved: found.approved,
            approved_percent: found.approved_percent.number(),
            revisions_requested: found.revisions_requested,
            revisions_requested_percent: found.revisions_requested_percent.number(),
            corrections_needed: found.corrections_needed,
            corrections_needed_percent: found.corrections_needed_percent.number(),
            submissions: found.submissions,
            first_pass_approval_percent: found.first_pass_approval_percent.map(Percent::number),
            average_turnaround_hours: found.average_turnaround_hours,
        }
    }
}

impl UserReviewFigures {
    fn new(row: quality::PersonReviews) -> Self {
        let quality::PersonReviews {
            user_id,
            username,
            full_name,
            total_reviews,
            approved,
            revisions_requested,
            corrections_needed,
            approval_percent,
            last_review_at,
        } = row;
        let (approval_percent, last_review_at) = (approval_percent.map(Percent::number), last_review_at.into());
        Self {
            user_id,
            username,
            full_name,
            total_reviews,
            approved,
            revisions_requested,
            corrections_needed,
            approval_percent,
            last_review_at,
        }
    }
}

impl ReviewDecision {
    /// Decisions with the people they name and their audit entries: one query, regardless of the number of rows.
    async fn all<C: ConnectionTrait>(db: &C, rows: Vec<review::Model>, entries: &HashMap<Uuid, Uuid>) -> Result<Vec<Self>> {
        let named = rows.iter().flat_map(|row| [Some(row.reviewer_id), row.original_technician_id]).flatten();
        let people = user::people_by_id(db, named).await?;
        Ok(rows.into_iter().map(|row| Self::new(row, &people, entries)).collect())
    }

    fn new(row: review::Model, people: &HashMap<Uuid, Person>, entries: &HashMap<Uuid, Uuid>) -> Self {
        let reviewer = people.get(&row.reviewer_id);
        let technician = row.original_technician_id.and_then(|id| people.get(&id));
        let username = |person: Option<&Person>| person.map(|person| person.username.clone());
        let full_name = |person: Option<&Person>| person.map(|person| person.full_name.clone());
        Self {
            id: row.id,
            occurred_at: row.reviewed_at.into(),
            review_status: row.review_action,
            case_id: row.case_id,
            case_number: row.case_number,
            reviewer_id: row.reviewer_id,
            reviewer_username: username(reviewer),
            reviewer_full_name: full_name(reviewer),
            original_technician_id: row.original_technician_id,
            original_technician_username: username(technician),
            original_technician_full_name: full_name(technician),
            notes: row.notes,
            review_cycle: row.review_cycle,
            decision_number: row.decision_number,
            turnaround_seconds: row.turnaround_seconds,
            audit_entry_id: entries.get(&row.id).copied(),
        }
    }
}
