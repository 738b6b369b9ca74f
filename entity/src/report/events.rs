//! The entries about reports and exports.

use crate::audit::{Action, Event};
use serde_json::Value as Json;

/// Entries about reports and exports.
impl Event {
    /// `report_type` is the report's name in snake_case; `row_count` is the number of matching entries before paging.
    pub fn report_generated(report_type: &str, parameters: Json, row_count: u64) -> Self {
        Self::new(Action::ReportGenerated, ("report", report_type.to_owned()), format!("Report {report_type} read"))
            .with("report_type", report_type)
            .with("parameters", parameters)
            .with("row_count", row_count)
    }

    pub fn export_generated(export_type: &str, format: &'static str, record_count: u64, filters: Json) -> Self {
        Self::export(Action::ExportGenerated, export_type, format, record_count, filters)
    }

    pub fn bulk_export(export_type: &str, format: &str, record_count: u64, filters: Json) -> Self {
        Self::export(Action::BulkExport, export_type, format, record_count, filters)
    }

    fn export(action: Action, export_type: &str, format: &str, record_count: u64, filters: Json) -> Self {
        let description = format!("{record_count} records of {export_type} exported as {format}");
        Self::new(action, ("export", export_type.to_owned()), description)
            .with("export_type", export_type)
            .with("format", format)
            .with("record_count", record_count)
            .with("filters", filters)
    }
}
