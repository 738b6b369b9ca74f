//! The entries about reports and exports.

use crate::audit::metadata::metadata;
use crate::audit::{Event, Outcome, key};
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

    /// The entry of an export whose file is complete before it is recorded.
    pub fn of_file(self, record_count: u64, size_bytes: u64, sha256: &str) -> Self {
        self.of_part(record_count, size_bytes).with(key::SHA256, sha256)
    }

    /// The second entry of an export that was recorded before its file was complete: now everything was sent.
    pub fn export_completed(self, record_count: u64, size_bytes: u64, sha256: &str) -> Self {
        self.end_of_export("completed").of_file(record_count, size_bytes, sha256).with(key::EVENT, "export_completed")
    }

    /// The same where the response was aborted, with what was sent until then.
    pub fn export_aborted(self, record_count: u64, size_bytes: u64) -> Self {
        let ended = self.end_of_export("aborted").of_part(record_count, size_bytes);
        ended.with(key::EVENT, "export_aborted").ending(Outcome::Failure)
    }

    fn of_part(self, record_count: u64, size_bytes: u64) -> Self {
        self.with(key::RECORD_COUNT, Some(record_count)).with(key::SIZE_BYTES, size_bytes)
    }

    fn end_of_export(self, how: &str) -> Self {
        let description = format!("Export of {} {how}", self.object.1);
        Self { description, ..self }
    }
}
