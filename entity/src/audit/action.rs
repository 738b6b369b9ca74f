//! The taxonomy: every action in the audit log with its permanent wire name, label, category, and groups.

use sea_orm::Iterable;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// What happened. Past tense, subject first, never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditAction)]
pub enum Action {
    Login,
    Logout,
    CaseCreated,
    CaseUpdated,
    CaseSubmitted,
    CaseAssigned,
    CaseReassigned,
    CaseStatusChanged,
    CaseDetailsEdited,
    CaseResubmitted,
    CaseHeld,
    CaseResumed,
    CaseTierChanged,
    DocumentUploaded,
    DocumentViewed,
    DocumentDownloaded,
    DocumentDeleted,
    NoteAdded,
    NoteDeleted,
    ReviewSubmitted,
    ReviewUpdated,
    UserCreated,
    UserUpdated,
    UserDeleted,
    UserRoleChanged,
    MemberProfileUpdated,
    QuarterlyCreditReset,
    BulkCreditReset,
    EmailNotificationSent,
    CronJobExecuted,
    MemberCommentAdded,
    ReportGenerated,
    AuditLogAccessed,
    AlertDismissed,
    BulkExport,
    SettingsUpdated,
    ExportGenerated,
    Other,
}

/// The area of the service that an action belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditCategory)]
pub enum Category {
    Session,
    Case,
    Document,
    Note,
    Review,
    User,
    System,
    Access,
    Other,
}

/// Whether an action existed from the beginning or was introduced with the enhancement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditActionOrigin)]
pub enum Origin {
    Core,
    Enhancement,
}

/// Whether the entry is written by the hooks of the changed row, or by an operation that changes no row of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditCapture)]
pub enum Capture {
    Automatic,
    Call,
}

/// The kind of change to a case that an entry records; the filter of the case-changes report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeType {
    Status,
    Tier,
    Assignment,
    Resubmission,
    Hold,
    Details,
}

/// The groups of the system-events report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SystemEventGroup)]
pub enum SystemEvent {
    CronJob,
    CreditReset,
    Settings,
    Exports,
    Reports,
}

/// One row of the taxonomy.
struct Facts {
    code: &'static str,
    label: &'static str,
    category: Category,
    capture: Capture,
    /// Metadata keys that are always present on success; their values may be null.
    requires: &'static [&'static str],
}

const fn auto(code: &'static str, label: &'static str, category: Category, requires: &'static [&'static str]) -> Facts {
    Facts { code, label, category, capture: Capture::Automatic, requires }
}

const fn call(code: &'static str, label: &'static str, category: Category, requires: &'static [&'static str]) -> Facts {
    Facts { code, label, category, capture: Capture::Call, requires }
}

const ASSIGNED: &[&str] = &["from_username", "to_username", "reason", "level_override"];
const EXPORTED: &[&str] = &["export_type", "format", "record_count", "filters"];

impl Action {
    /// Every action, in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// The permanent wire name.
    pub const fn code(self) -> &'static str {
        self.facts().code
    }

    /// The human-readable label.
    pub const fn label(self) -> &'static str {
        self.facts().label
    }

    pub const fn category(self) -> Category {
        self.facts().category
    }

    pub const fn capture(self) -> Capture {
        self.facts().capture
    }

    /// Metadata keys that are always present on success; their values may be null.
    pub const fn required_metadata(self) -> &'static [&'static str] {
        self.facts().requires
    }

    /// Whether the action creates a row.
    pub const fn is_creation(self) -> bool {
        matches!(self, Self::CaseCreated | Self::NoteAdded | Self::MemberCommentAdded | Self::UserCreated)
    }

    /// The action with this wire name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::iter().find(|action| action.code() == code)
    }

    #[expect(clippy::too_many_lines, reason = "a table with one row per action")]
    const fn facts(self) -> Facts {
        use Category as C;
        match self {
            Self::Login => call("login", "User Login", C::Session, &["user_agent", "session_id"]),
            Self::Logout => call("logout", "User Logout", C::Session, &["session_id", "session_duration_seconds"]),
            Self::CaseCreated => auto("case_created", "Case Created", C::Case, &["case_number", "workshop_code"]),
            Self::CaseUpdated => auto("case_updated", "Case Updated", C::Case, &["event"]),
            Self::CaseSubmitted => auto("case_submitted", "Case Submitted", C::Case, &["urgency", "rush_fee"]),
            Self::CaseAssigned => auto("case_assigned", "Case Assigned", C::Case, ASSIGNED),
            Self::CaseReassigned => auto("case_reassigned", "Case Reassigned", C::Case, ASSIGNED),
            Self::CaseStatusChanged => auto("case_status_changed", "Status Changed", C::Case, &["event"]),
            Self::CaseDetailsEdited => {
                auto("case_details_edited", "Case Details Edited", C::Case, &["reason", "edited_by_role", "post_submission"])
            }
            Self::CaseResubmitted => auto(
                "case_resubmitted",
                "Case Resubmitted",
                C::Case,
                &["resubmission_count", "previous_status", "submitted_at", "new_documents"],
            ),
            Self::CaseHeld => auto(
                "case_held",
                "Case Placed on Hold",
                C::Case,
                &["reason", "held_at", "expected_duration_days", "expected_end_at"],
            ),
            Self::CaseResumed => auto(
                "case_resumed",
                "Case Resumed",
                C::Case,
                &["reason", "held_at", "resumed_at", "hold_duration_seconds", "overdue"],
            ),
            Self::CaseTierChanged => auto(
                "case_tier_changed",
                "Case Tier Changed",
                C::Case,
                &["previous_tier", "new_tier", "new_complexity", "reason"],
            ),
            Self::DocumentUploaded => auto(
                "document_uploaded",
                "Document Uploaded",
                C::Document,
                &["filename", "file_size", "document_type", "uploaded_by_role"],
            ),
            Self::DocumentViewed => call("document_viewed", "Document Viewed", C::Document, &["filename"]),
            Self::DocumentDownloaded => {
                call("document_downloaded", "Document Downloaded", C::Document, &["filename", "file_size"])
            }
            Self::DocumentDeleted => auto("document_deleted", "Document Deleted", C::Document, &["filename", "document_type"]),
            Self::NoteAdded => auto("note_added", "Note Added", C::Note, &["visibility", "length"]),
            Self::NoteDeleted => auto("note_deleted", "Note Deleted", C::Note, &["visibility", "length", "author"]),
            Self::ReviewSubmitted => {
                auto("review_submitted", "Quality Review Submitted", C::Review, &["review_action", "original_technician"])
            }
            Self::ReviewUpdated => {
                auto("review_updated", "Quality Review Updated", C::Review, &["review_action", "review_cycle"])
            }
            Self::UserCreated => auto("user_created", "User Created", C::User, &["role", "user_level", "email"]),
            // `fields` or `event`: which of the two depends on what was updated.
            Self::UserUpdated => auto("user_updated", "User Updated", C::User, &[]),
            Self::UserDeleted => auto("user_deleted", "User Deleted", C::User, &["role", "email", "username", "reason"]),
            Self::UserRoleChanged => auto(
                "user_role_changed",
                "User Role Changed",
                C::User,
                &["changed_by", "previous_role", "new_role", "previous_level", "new_level"],
            ),
            Self::MemberProfileUpdated => {
                auto("member_profile_updated", "Member Profile Updated", C::User, &["fields", "edited_by", "edit_source"])
            }
            Self::QuarterlyCreditReset => {
                auto("quarterly_credit_reset", "Quarterly Credit Reset", C::System, &["quarter", "reset_type"])
            }
            Self::BulkCreditReset => call(
                "bulk_credit_reset",
                "Bulk Credit Reset",
                C::System,
                &["member_count", "new_allowance", "quarter", "batch_id"],
            ),
            Self::EmailNotificationSent => call(
                "email_notification_sent",
                "Email Notification Sent",
                C::System,
                &["recipient", "template", "delivery_status", "attempt"],
            ),
            Self::CronJobExecuted => call(
                "cron_job_executed",
                "Cron Job Executed",
                C::System,
                &["job_name", "records_processed", "status", "error_message"],
            ),
            Self::MemberCommentAdded => auto("member_comment_added", "Member Comment Added", C::Note, &["length"]),
            Self::ReportGenerated => {
                call("report_generated", "Report Generated", C::Access, &["report_type", "parameters", "row_count"])
            }
            Self::AuditLogAccessed => call("audit_log_accessed", "Audit Log Accessed", C::Access, &["view_type", "filters"]),
            Self::AlertDismissed => call("alert_dismissed", "Alert Dismissed", C::System, &["kind", "severity"]),
            Self::BulkExport => call("bulk_export", "Bulk Data Export", C::Access, EXPORTED),
            Self::SettingsUpdated => auto("settings_updated", "Settings Updated", C::System, &["fields"]),
            Self::ExportGenerated => call("export_generated", "Export Generated", C::Access, EXPORTED),
            Self::Other => call("other", "Other Activity", C::Other, &["event"]),
        }
    }

    pub const fn origin(self) -> Origin {
        match self {
            Self::CaseResubmitted
            | Self::CaseHeld
            | Self::CaseResumed
            | Self::CaseTierChanged
            | Self::UserRoleChanged
            | Self::MemberProfileUpdated
            | Self::QuarterlyCreditReset
            | Self::BulkCreditReset
            | Self::EmailNotificationSent
            | Self::CronJobExecuted
            | Self::MemberCommentAdded
            | Self::ReportGenerated
            | Self::AuditLogAccessed
            | Self::AlertDismissed
            | Self::BulkExport => Origin::Enhancement,
            Self::Login
            | Self::Logout
            | Self::CaseCreated
            | Self::CaseUpdated
            | Self::CaseSubmitted
            | Self::CaseAssigned
            | Self::CaseReassigned
            | Self::CaseStatusChanged
            | Self::CaseDetailsEdited
            | Self::DocumentUploaded
            | Self::DocumentViewed
            | Self::DocumentDownloaded
            | Self::DocumentDeleted
            | Self::NoteAdded
            | Self::NoteDeleted
            | Self::ReviewSubmitted
            | Self::ReviewUpdated
            | Self::UserCreated
            | Self::UserUpdated
            | Self::UserDeleted
            | Self::SettingsUpdated
            | Self::ExportGenerated
            | Self::Other => Origin::Core,
        }
    }

    /// The kinds of change to a case that this action is, the narrowest first; `None` outside the case-changes report.
    pub const fn change_types(self) -> Option<&'static [ChangeType]> {
        match self {
            Self::CaseCreated => Some(&[]),
            Self::CaseSubmitted | Self::CaseStatusChanged => Some(&[ChangeType::Status]),
            Self::CaseHeld | Self::CaseResumed => Some(&[ChangeType::Hold, ChangeType::Status]),
            Self::CaseResubmitted => Some(&[ChangeType::Resubmission, ChangeType::Status]),
            Self::CaseTierChanged => Some(&[ChangeType::Tier]),
            Self::CaseAssigned | Self::CaseReassigned => Some(&[ChangeType::Assignment]),
            Self::CaseDetailsEdited | Self::CaseUpdated => Some(&[ChangeType::Details]),
            Self::Login
            | Self::Logout
            | Self::DocumentUploaded
            | Self::DocumentViewed
            | Self::DocumentDownloaded
            | Self::DocumentDeleted
            | Self::NoteAdded
            | Self::NoteDeleted
            | Self::ReviewSubmitted
            | Self::ReviewUpdated
            | Self::UserCreated
            | Self::UserUpdated
            | Self::UserDeleted
            | Self::UserRoleChanged
            | Self::MemberProfileUpdated
            | Self::QuarterlyCreditReset
            | Self::BulkCreditReset
            | Self::EmailNotificationSent
            | Self::CronJobExecuted
            | Self::MemberCommentAdded
            | Self::ReportGenerated
            | Self::AuditLogAccessed
            | Self::AlertDismissed
            | Self::BulkExport
            | Self::SettingsUpdated
            | Self::ExportGenerated
            | Self::Other => None,
        }
    }

    /// The badge in the case-changes report; `None` outside that report.
    pub fn badge(self) -> Option<ChangeType> {
        self.change_types().map(|types| types.first().copied().unwrap_or(ChangeType::Status))
    }

    /// The group in the system-events report; `None` outside that report.
    pub const fn system_event(self) -> Option<SystemEvent> {
        match self {
            Self::CronJobExecuted => Some(SystemEvent::CronJob),
            Self::QuarterlyCreditReset | Self::BulkCreditReset => Some(SystemEvent::CreditReset),
            Self::SettingsUpdated => Some(SystemEvent::Settings),
            Self::BulkExport | Self::ExportGenerated => Some(SystemEvent::Exports),
            Self::ReportGenerated => Some(SystemEvent::Reports),
            Self::Login
            | Self::Logout
            | Self::CaseCreated
            | Self::CaseUpdated
            | Self::CaseSubmitted
            | Self::CaseAssigned
            | Self::CaseReassigned
            | Self::CaseStatusChanged
            | Self::CaseDetailsEdited
            | Self::CaseResubmitted
            | Self::CaseHeld
            | Self::CaseResumed
            | Self::CaseTierChanged
            | Self::DocumentUploaded
            | Self::DocumentViewed
            | Self::DocumentDownloaded
            | Self::DocumentDeleted
            | Self::NoteAdded
            | Self::NoteDeleted
            | Self::ReviewSubmitted
            | Self::ReviewUpdated
            | Self::UserCreated
            | Self::UserUpdated
            | Self::UserDeleted
            | Self::UserRoleChanged
            | Self::MemberProfileUpdated
            | Self::EmailNotificationSent
            | Self::MemberCommentAdded
            | Self::AuditLogAccessed
            | Self::AlertDismissed
            | Self::Other => None,
        }
    }
}

impl Category {
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Case => "case",
            Self::Document => "document",
            Self::Note => "note",
            Self::Review => "review",
            Self::User => "user",
            Self::System => "system",
            Self::Access => "access",
            Self::Other => "other",
        }
    }

    /// The actions of this category, in the order of the catalogue.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::all().filter(move |action| action.category() == self)
    }
}

impl ChangeType {
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Tier => "tier",
            Self::Assignment => "assignment",
            Self::Resubmission => "resubmission",
            Self::Hold => "hold",
            Self::Details => "details",
        }
    }

    /// The actions that are this kind of change.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::all().filter(move |action| action.change_types().is_some_and(|types| types.contains(&self)))
    }
}

impl SystemEvent {
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::CronJob => "cron_job",
            Self::CreditReset => "credit_reset",
            Self::Settings => "settings",
            Self::Exports => "exports",
            Self::Reports => "reports",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::CronJob => "Cron Jobs",
            Self::CreditReset => "Credit Resets",
            Self::Settings => "Settings",
            Self::Exports => "Exports",
            Self::Reports => "Reports",
        }
    }

    /// The actions of this group.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::all().filter(move |action| action.system_event() == Some(self))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn wire_names_are_unique_and_short_enough_for_their_column() {
        let codes: HashSet<_> = Action::all().map(Action::code).collect();
        assert_eq!(codes.len(), Action::all().count());
        assert!(codes.iter().all(|code| code.len() <= 32));
    }

    #[test]
    fn the_wire_name_is_what_serde_writes() {
        for action in Action::all() {
            assert_eq!(serde_json::to_value(action).unwrap(), action.code());
        }
        for category in Category::all() {
            assert_eq!(serde_json::to_value(category).unwrap(), category.code());
        }
        for change_type in ChangeType::all() {
            assert_eq!(serde_json::to_value(change_type).unwrap(), change_type.code());
        }
        for event in SystemEvent::all() {
            assert_eq!(serde_json::to_value(event).unwrap(), event.code());
        }
    }

    #[test]
    fn the_catalogue_counts_as_the_domain_says() {
        let named = Action::all().filter(|action| *action != Action::Other).count();
        let introduced = Action::all().filter(|action| action.origin() == Origin::Enhancement).count();
        assert_eq!((named, introduced), (37, 15));
        let by_category: Vec<usize> = Category::all().map(|category| category.actions().count()).collect();
        assert_eq!(by_category, [2, 11, 4, 3, 2, 5, 6, 4, 1]);
    }
}
