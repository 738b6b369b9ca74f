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

    /// `record_count` is the number of exported records, if it is known already.
    pub fn export_generated(export_type: &str, format: &str, record_count: Option<u64>, filters: Json) -> Self {
        Self::export(false, export_type, format, record_count, filters)
    }

    /// The same for an export of cases, users, documents or credit allowances, and for one that another system made.
    pub fn bulk_export(export_type: &str, format: &str, record_count: Option<u64>, filters: Json) -> Self {
        Self::export(true, export_type, format, record_count, filters)
    }

    fn export(is_bulk: bool, export_type: &str, format: &str, record_count: Option<u64>, filters: Json) -> Self {
        let description = match record_count {
            Some(count) => format!("{count} records of {export_type} exported as {format}"),
            None => format!("Export of {export_type} as {format} started"),
        };
        let metadata = metadata![if is_bulk => BulkExport, else ExportGenerated;
            EXPORT_TYPE = export_type,
            FORMAT = Some(format),
            RECORD_COUNT = record_count,
            FILTERS = filters,
        ];
        Self::new(metadata, ("export", export_type.to_owned()), description)
    }

    /// The entry of an export whose file is complete before it is recorded.
    pub fn of_file(self, size_bytes: u64, sha256: &str) -> Self {
        self.with(key::SIZE_BYTES, size_bytes).with(key::SHA256, sha256)
    }

    /// The first entry of an export whose file is not complete yet: its count, size and digest follow in a second one.
    pub fn export_started(self) -> Self {
        self.with(key::EVENT, "export_started")
    }

    /// The second entry: everything was sent.
    pub fn export_completed(self, size_bytes: u64, sha256: &str) -> Self {
        self.of_file(size_bytes, sha256).with(key::EVENT, "export_completed")
    }

    /// The same where the response was aborted, with the count and size of what was sent until then.
    pub fn export_aborted(self, size_bytes: u64) -> Self {
        let description = format!("Export of {} aborted", self.object.1);
        let aborted = Self { description, ..self }.with(key::SIZE_BYTES, size_bytes);
        aborted.with(key::EVENT, "export_aborted").ending(Outcome::Failure)
    }
}
