//! The list of available reports.

use super::generate::{About, Report};
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
    path: String,
    /// The path of the CSV export
    #[schema(max_length = 128)]
    csv_path: String,
    /// The supported filters in addition to the period, separated by commas
    #[schema(max_length = 128)]
    filters: &'static str,
}

/// The available reports
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "report": "case_changes", "title": "Case change history", "description": "Changes to cases, with values before and after.",
    "path": "/api/v1/reports/case-changes", "csv_path": "/api/v1/reports/case-changes.csv",
    "filters": "change_type, case_id, member_id, workshop_code, assigned_to, actor_id"
}]}))]
pub struct ReportCatalogue {
    #[schema(max_items = 100)]
    data: Vec<ReportSummary>,
}

impl ReportSummary {
    pub fn new<R: Report>() -> Self {
        let About { title, description, filters } = R::ABOUT;
        let path = format!("/api/v1/reports/{}", R::NAME.replace('_', "-"));
        Self { report: R::NAME, title, description, csv_path: format!("{path}.csv"), path, filters }
    }
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
    Answer::plain(ReportCatalogue { data: super::catalogue() })
}
