//! The columns of a case that change together, and their representation on the wire.

use super::{Column, Model};
use serde_json::{Value as Json, json};

/// The columns that a hold sets and a resume clears, together.
pub(super) const HOLD_BLOCK: &[Column] =
    &[Column::Status, Column::HoldReason, Column::HeldAt, Column::HoldDurationSeconds, Column::HoldExpectedEndAt];

/// The columns that a reviewer's decision sets.
pub(super) const REVIEW_BLOCK: &[Column] = &[Column::ReviewedById, Column::ReviewedAt, Column::ReviewStatus, Column::ReviewNotes];

/// Why and by whom a case was rejected.
pub(super) const REJECTION_BLOCK: &[Column] =
    &[Column::RejectionReason, Column::RejectionNotes, Column::RejectedAt, Column::RejectedById];

/// When the member is shown that a case is completed.
pub(super) const RELEASE_BLOCK: &[Column] = &[Column::CompletedAt, Column::ScheduledReleaseAt, Column::ReleasedAt];

/// The columns that `case_details_edited` covers.
pub(super) const DETAILS: &[Column] =
    &[Column::EmployeeFirstName, Column::EmployeeLastName, Column::ClientEmail, Column::DueOn, Column::NumReportsRequested];

/// Urgency and notes: the columns that `case_updated` covers after an edit.
pub(super) const REMARKS: &[Column] =
    &[Column::Urgency, Column::SpecialNotes, Column::InternalNotes, Column::ReportNotesToMember];

/// The name of a column on the wire.
pub(super) fn wire_name(column: Column) -> &'static str {
    match column {
        Column::CreditTenths => "credit_value",
        Column::HoldDurationSeconds => "hold_duration_days",
        _ => sea_orm::IdenStatic::as_str(&column),
    }
}

/// The value of a column on the wire, if it differs from the stored one.
pub(super) fn wire_value(row: &Model, column: Column) -> Option<Json> {
    match column {
        Column::CreditTenths => Some(json!(row.credit_value())),
        Column::HoldDurationSeconds => Some(json!(row.hold_duration_days())),
        _ => None,
    }
}
