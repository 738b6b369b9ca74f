//! The list of available reports.

use crate::http::{Answer, ReportReader};
use crate::wire::ListProblems;
use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

/// An available report
#[derive(Serialize, ToSchema)]
pub struct ReportSummary {
    /// Permanent identifier, as recorded in the audit log
    #[schema(max_length = 32)]
    report: &'static str,
    #[schema(max_length = 64)]
    title: &'static str,
    #[schema(max_length = 300)]
    description: &'static str,
    #[schema(max_length = 128)]
    path: &'static str,
    /// The path of the CSV export
    #[schema(max_length = 128)]
    csv_path: &'static str,
    /// The supported filters in addition to the period, separated by commas
    #[schema(max_length = 128)]
    filters: &'static str,
}

/// The available reports
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "report": "case_changes", "title": "Case change history", "description": "Changes to cases, with values before and after.",
    "path": "/api/v1/reports/case-changes", "csv_path": "/api/v1/reports/case-changes.csv",
    "filters": "change_type, case_id, actor_id"
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
/// Returns the description, path and filters of each report.
#[utoipa::path(
    tag = "reports",
    responses((status = OK, description = "The available reports", body = ReportCatalogue), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("lists the available reports and reveals nothing of their content")),
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
            "Activity by type and user, compared with the previous period."
        ),
        report!("user_activity", "user-activity", "User activity", "user_id", "The activity of one user."),
        report!(
            "case_changes",
            "case-changes",
            "Case change history",
            "change_type, case_id, actor_id",
            "Changes to cases: status, tier, assignee and details, with values before and after."
        ),
        report!(
            "quality_review_audit",
            "quality-review-audit",
            "Quality review audit",
            "review_status, reviewer_id",
            "Review decisions, their turnaround time, and how often the first submission was approved."
        ),
        report!(
            "system_events",
            "system-events",
            "System events",
            "event_type, outcome",
            "Jobs, credit resets, settings, exports and reports: their outcomes, and who read the audit log."
        ),
    ];
    Answer::plain(ReportCatalogue { data })
}
