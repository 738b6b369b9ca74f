//! The entries about reports and exports.

use crate::audit::Event;
use crate::audit::metadata::metadata;
use serde_json::Value as Json;

/// Entries about reports and exports.
impl Event {
    /// `report_type` is the report's name in snake_case; `row_count` is the number of matching entries before paging.
    pub fn report_generated(report_type: &str, parameters: Json, row_count: u64) -> Self {
        let metadata = metadata![ReportGenerated;
            REPORT_TYPE = report_type,
            PARAMETERS = parameters,
            ROW_COUNT = Some(row_count),
        ];
        Self::new(metadata, ("report", report_type.to_owned()), format!("Report {report_type} read"))
    }

    pub fn export_generated(export_type: &str, format: &'static str, record_count: u64, filters: Json) -> Self {
        Self::export(false, export_type, format, record_count, filters)
    }

    pub fn bulk_export(export_type: &str, format: &str, record_count: u64, filters: Json) -> Self {
        Self::export(true, export_type, format, record_count, filters)
    }

    fn export(is_bulk: bool, export_type: &str, format: &str, record_count: u64, filters: Json) -> Self {
        let description = format!("{record_count} records of {export_type} exported as {format}");
        let metadata = metadata![if is_bulk => BulkExport, else ExportGenerated;
            EXPORT_TYPE = export_type,
            FORMAT = Some(format),
            RECORD_COUNT = Some(record_count),
            FILTERS = filters,
        ];
        Self::new(metadata, ("export", export_type.to_owned()), description)
    }
}
