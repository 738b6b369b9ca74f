//! The reports there are.

use crate::http::{Answer, ListProblems, ReportReader};
use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

/// One of the reports
#[derive(Serialize, ToSchema)]
pub struct ReportSummary {
    /// Its permanent name, as the trail records it
    #[schema(max_length = 32)]
    report: &'static str,
    #[schema(max_length = 64)]
    title: &'static str,
    #[schema(max_length = 300)]
    description: &'static str,
    #[schema(max_length = 128)]
    path: &'static str,
    /// Its rows as CSV
    #[schema(max_length = 128)]
    csv_path: &'static str,
    /// The filters it takes beside the period, apart by commas
    #[schema(max_length = 128)]
    filters: &'static str,
}

/// The reports there are
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "report": "case_changes", "title": "Case change history", "description": "What changed about cases, with before and after.",
    "path": "/api/v1/reports/case-changes", "csv_path": "/api/v1/reports/case-changes.csv", "filters": "change_type, case_id, actor_id"
}]}))]
pub struct ReportCatalogue {
    #[schema(max_items = 20)]
    data: Vec<ReportSummary>,
}

macro_rules! report {
    ($report:literal, $path:literal, $title:literal, $filters:literal, $description:literal) => {
        ReportSummary {
            report: $report,
            title: $title,
            description: $description,
            path: concat!("/api/v1/reports/", $path),
            csv_path: concat!("/api/v1/reports/", $path, ".csv"),
            filters: $filters,
        }
    };
}

/// List the reports
///
/// What each tells, where it is, and what it can be asked.
#[utoipa::path(
    tag = "reports",
    responses((status = OK, description = "The reports there are", body = ReportCatalogue), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("it tells which reports there are, and nothing of what is in them")),
    ),
)]
#[get("/reports")]
pub async fn list_reports(_by: ReportReader) -> Answer<ReportCatalogue> {
    let data = vec![
        report!(
            "activity_summary",
            "activity-summary",
            "Activity summary",
            "",
            "How much happened, of what kind, by whom, and whether that is more than before."
        ),
        report!("user_activity", "user-activity", "User activity", "user_id", "What one person did."),
        report!(
            "case_changes",
            "case-changes",
            "Case change history",
            "change_type, case_id, actor_id",
            "What changed about cases: status, tier, assignee and details, before and after."
        ),
        report!(
            "quality_review_audit",
            "quality-review-audit",
            "Quality review audit",
            "review_status, reviewer_id",
            "What reviewers decided, how fast, and how often the first attempt was good enough."
        ),
        report!(
            "system_events",
            "system-events",
            "System events",
            "event_type, outcome",
            "Jobs, credit resets, settings, exports and reports: whether they worked, and who read the trail."
        ),
    ];
    Answer::plain(ReportCatalogue { data })
}
