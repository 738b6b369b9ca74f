//! The taxonomy: one row per action in the audit log, with everything that the rest of the service derives from it.

use super::key::{self, Word};
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

/// One row of the taxonomy: everything that is the same for all entries of an action.
#[derive(Clone, Copy)]
struct ActionFacts {
    code: &'static str,
    label: &'static str,
    category: Category,
    origin: Origin,
    capture: Capture,
    change_types: Option<&'static [ChangeType]>,
    system_event: Option<SystemEvent>,
    creates: bool,
    required: &'static [Word],
    optional: &'static [Word],
}

/// A row's metadata keys.
macro_rules! words {
    ($($key:ident),* $(,)?) => { const { &[$(key::$key.word()),*] } };
}

/// An action that has existed from the beginning and that the hooks record, with the metadata keys that are always present on
/// success.
const fn row(code: &'static str, label: &'static str, category: Category, required: &'static [Word]) -> ActionFacts {
    let (origin, capture) = (Origin::Core, Capture::Automatic);
    ActionFacts {
        code,
        label,
        category,
        origin,
        capture,
        change_types: None,
        system_event: None,
        creates: false,
        required,
        optional: &[],
    }
}

impl ActionFacts {
    /// Introduced with the enhancement.
    const fn introduced(self) -> Self {
        Self { origin: Origin::Enhancement, ..self }
    }

    /// Recorded by an operation that changes no row of its own.
    const fn called(self) -> Self {
        Self { capture: Capture::Call, ..self }
    }

    /// Creates a row.
    const fn creates(self) -> Self {
        Self { creates: true, ..self }
    }

    /// Belongs to the case-changes report, as these kinds of change, the narrowest first.
    const fn changes(self, types: &'static [ChangeType]) -> Self {
        Self { change_types: Some(types), ..self }
    }

    /// Belongs to this group of the system-events report.
    const fn system(self, group: SystemEvent) -> Self {
        Self { system_event: Some(group), ..self }
    }

    /// Metadata keys that some of its entries have.
    const fn may(self, optional: &'static [Word]) -> Self {
        Self { optional, ..self }
    }
}

const ASSIGNED: &[Word] = words![FROM_USERNAME, TO_USERNAME, REASON, LEVEL_OVERRIDE];
const EXPORTED: &[Word] = words![EXPORT_TYPE, FORMAT, RECORD_COUNT, FILTERS];
/// What is known of the file once it is written, and how sending it ended.
const EXPORTED_FILE: &[Word] = words![EVENT, SHA256, SIZE_BYTES];

impl Action {
    /// The number of actions.
    #[expect(clippy::as_conversions, reason = "the place of the last one; a constant can't call a conversion")]
    pub const COUNT: usize = Self::Other as usize + 1;
    /// The number of actions, as the length of a list.
    #[expect(clippy::as_conversions, reason = "a constant can't call a conversion, and there are few")]
    pub const COUNT_MAX: u64 = Self::COUNT as u64;
    /// The number of named actions: all but `other`.
    pub const NAMED: usize = Self::COUNT - 1;

    #[expect(clippy::too_many_lines, reason = "a table with one row per action")]
    const fn facts(self) -> ActionFacts {
        use Category as C;
        use ChangeType::{Assignment, Details, Hold, Resubmission, Status, Tier};
        use SystemEvent as S;
        match self {
            Self::Login => row("login", "User Login", C::Session, words![USER_AGENT, SESSION_ID]).called().may(words![EVENT]),
            Self::Logout => {
                let required = words![SESSION_ID, SESSION_DURATION_SECONDS];
                row("logout", "User Logout", C::Session, required).called().may(words![EVENT])
            }
            Self::CaseCreated => {
                row("case_created", "Case Created", C::Case, words![CASE_NUMBER, WORKSHOP_CODE]).creates().changes(&[])
            }
            Self::CaseUpdated => {
                let row = row("case_updated", "Case Updated", C::Case, words![EVENT]).changes(&[Details]);
                row.may(words![FROM_USERNAME, REASON, TO_USERNAME, TRIGGER])
            }
            Self::CaseSubmitted => row("case_submitted", "Case Submitted", C::Case, words![URGENCY, RUSH_FEE]).changes(&[Status]),
            Self::CaseAssigned => {
                row("case_assigned", "Case Assigned", C::Case, ASSIGNED).changes(&[Assignment]).may(words![OVERRIDE_REASON])
            }
            Self::CaseReassigned => {
                row("case_reassigned", "Case Reassigned", C::Case, ASSIGNED).changes(&[Assignment]).may(words![OVERRIDE_REASON])
            }
            Self::CaseStatusChanged => row("case_status_changed", "Status Changed", C::Case, words![EVENT])
                .changes(&[Status])
                .may(words![DOCS_VERIFIED, MISSING_REPORTS, NOTES, OVERRIDE_INCOMPLETE, OVERRIDE_REASON, REASON, REVIEW_CYCLE]),
            Self::CaseDetailsEdited => {
                let required = words![REASON, EDITED_BY_ROLE, POST_SUBMISSION];
                row("case_details_edited", "Case Details Edited", C::Case, required).changes(&[Details])
            }
            Self::CaseResubmitted => {
                let required = words![RESUBMISSION_COUNT, PREVIOUS_STATUS, SUBMITTED_AT, NEW_DOCUMENTS];
                let row = row("case_resubmitted", "Case Resubmitted", C::Case, required);
                row.introduced().changes(&[Resubmission, Status]).may(words![EDITED_FIELDS])
            }
            Self::CaseHeld => {
                let required = words![REASON, HELD_AT, EXPECTED_DURATION_DAYS, EXPECTED_END_AT];
                let row = row("case_held", "Case Placed on Hold", C::Case, required);
                row.introduced().changes(&[Hold, Status]).may(words![PREVIOUS_STATUS])
            }
            Self::CaseResumed => {
                let required = words![REASON, HELD_AT, RESUMED_AT, HOLD_DURATION_SECONDS, OVERDUE];
                let row = row("case_resumed", "Case Resumed", C::Case, required);
                row.introduced().changes(&[Hold, Status]).may(words![HOLD_REASON, EXPECTED_DURATION_DAYS])
            }
            Self::CaseTierChanged => {
                let required = words![PREVIOUS_TIER, NEW_TIER, NEW_COMPLEXITY, REASON];
                let row = row("case_tier_changed", "Case Tier Changed", C::Case, required);
                row.introduced().changes(&[Tier]).may(words![PREVIOUS_COMPLEXITY, DIRECTION, LEVEL_OVERRIDE, OVERRIDE_REASON])
            }
            Self::DocumentUploaded => {
                let required = words![FILENAME, FILE_SIZE, DOCUMENT_TYPE, UPLOADED_BY_ROLE];
                row("document_uploaded", "Document Uploaded", C::Document, required).creates().may(words![REPORT_NUMBER])
            }
            Self::DocumentViewed => row("document_viewed", "Document Viewed", C::Document, words![FILENAME]).called(),
            Self::DocumentDownloaded => {
                row("document_downloaded", "Document Downloaded", C::Document, words![FILENAME, FILE_SIZE])
                    .called()
                    .may(words![RANGE, FOLDED_COUNT])
            }
            Self::DocumentDeleted => row("document_deleted", "Document Deleted", C::Document, words![FILENAME, DOCUMENT_TYPE])
                .may(words![REASON, REPLACED_BY]),
            Self::NoteAdded => row("note_added", "Note Added", C::Note, words![VISIBILITY, LENGTH]).creates(),
            Self::NoteDeleted => row("note_deleted", "Note Deleted", C::Note, words![VISIBILITY, LENGTH, AUTHOR]),
            Self::ReviewSubmitted => {
                row("review_submitted", "Quality Review Submitted", C::Review, words![REVIEW_ACTION, ORIGINAL_TECHNICIAN])
            }
            Self::ReviewUpdated => {
                row("review_updated", "Quality Review Updated", C::Review, words![REVIEW_ACTION, REVIEW_CYCLE])
                    .may(words![ORIGINAL_TECHNICIAN])
            }
            Self::UserCreated => {
                row("user_created", "User Created", C::User, words![ROLE, USER_LEVEL, EMAIL]).creates().may(words![API_KEY_ID])
            }
            // `fields` or `event`: which of the two depends on what was updated.
            Self::UserUpdated => row("user_updated", "User Updated", C::User, &[]).may(words![
                FIELDS,
                EDITED_BY,
                EDIT_SOURCE,
                EVENT,
                REASON,
                API_KEY_ID,
                API_KEY_NAME,
                HINT,
                EXPIRES_AT
            ]),
            Self::UserDeleted => {
                row("user_deleted", "User Deleted", C::User, words![ROLE, EMAIL, USERNAME, REASON]).may(words![FULL_NAME])
            }
            Self::UserRoleChanged => {
                let required = words![CHANGED_BY, PREVIOUS_ROLE, NEW_ROLE, PREVIOUS_LEVEL, NEW_LEVEL];
                row("user_role_changed", "User Role Changed", C::User, required).introduced().may(words![REASON])
            }
            Self::MemberProfileUpdated => {
                let required = words![FIELDS, EDITED_BY, EDIT_SOURCE];
                row("member_profile_updated", "Member Profile Updated", C::User, required).introduced()
            }
            Self::QuarterlyCreditReset => {
                let row = row("quarterly_credit_reset", "Quarterly Credit Reset", C::System, words![QUARTER, RESET_TYPE]);
                let row = row.introduced().system(S::CreditReset);
                row.may(words![PREVIOUS_ALLOWANCE, NEW_ALLOWANCE, BATCH_ID, TRIGGER])
            }
            Self::BulkCreditReset => {
                let required = words![MEMBER_COUNT, NEW_ALLOWANCE, QUARTER, BATCH_ID];
                let row = row("bulk_credit_reset", "Bulk Credit Reset", C::System, required);
                row.introduced().called().system(S::CreditReset).may(words![RESET_TYPE])
            }
            Self::EmailNotificationSent => {
                let required = words![RECIPIENT, TEMPLATE, DELIVERY_STATUS, ATTEMPT];
                let row = row("email_notification_sent", "Email Notification Sent", C::System, required);
                row.introduced().called().may(words![ERROR_MESSAGE, MESSAGE_ID, SENT_AT])
            }
            Self::CronJobExecuted => {
                let required = words![JOB_NAME, RECORDS_PROCESSED, STATUS, ERROR_MESSAGE];
                let row = row("cron_job_executed", "Cron Job Executed", C::System, required);
                let row = row.introduced().called().system(S::CronJob);
                row.may(words![
                    RECORDS_FAILED,
                    RECORDS_DEFERRED,
                    DURATION_MS,
                    DRY_RUN,
                    TRIGGER,
                    STARTED_AT,
                    FINISHED_AT,
                    DAYS_COMPARED
                ])
            }
            Self::MemberCommentAdded => {
                row("member_comment_added", "Member Comment Added", C::Note, words![LENGTH]).introduced().creates()
            }
            Self::ReportGenerated => {
                let required = words![REPORT_TYPE, PARAMETERS, ROW_COUNT];
                let row = row("report_generated", "Report Generated", C::Access, required).introduced().called();
                row.system(S::Reports).may(words![FOLDED_COUNT])
            }
            Self::AuditLogAccessed => {
                let row = row("audit_log_accessed", "Audit Log Accessed", C::Access, words![VIEW_TYPE, FILTERS]);
                row.introduced().called().may(words![FOLDED_COUNT])
            }
            Self::AlertDismissed => row("alert_dismissed", "Alert Dismissed", C::System, words![KIND, SEVERITY])
                .introduced()
                .called()
                .may(words![REASON]),
            Self::BulkExport => {
                let row = row("bulk_export", "Bulk Data Export", C::Access, EXPORTED).introduced().called();
                row.system(S::Exports).may(EXPORTED_FILE)
            }
            Self::SettingsUpdated => row("settings_updated", "Settings Updated", C::System, words![FIELDS]).system(S::Settings),
            Self::ExportGenerated => {
                row("export_generated", "Export Generated", C::Access, EXPORTED).called().system(S::Exports).may(EXPORTED_FILE)
            }
            Self::Other => row("other", "Other Activity", C::Other, words![EVENT]).called().may(words![REASON, STATUS]),
        }
    }

    /// Every action, in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// The actions that were introduced with the enhancement.
    pub fn introduced() -> impl Iterator<Item = Self> {
        Self::iter().filter(|action| action.origin() == Origin::Enhancement)
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

    pub const fn origin(self) -> Origin {
        self.facts().origin
    }

    pub const fn capture(self) -> Capture {
        self.facts().capture
    }

    /// Metadata keys that are always present on success.
    pub const fn required_metadata(self) -> &'static [Word] {
        self.facts().required
    }

    /// Metadata keys that some entries have.
    pub const fn optional_metadata(self) -> &'static [Word] {
        self.facts().optional
    }

    /// Whether its entries may have any other metadata, which belongs to the entry itself: what another system reported.
    pub const fn takes_any_metadata(self) -> bool {
        matches!(self, Self::Other)
    }

    /// Whether a success may be only counted if it repeats another: it is a reading. The service itself reads nothing; its
    /// entries about readings report how many of others were only counted.
    pub fn may_be_folded(self) -> bool {
        let folds = |word: &Word| word.name == key::FOLDED_COUNT.name();
        self.takes_any_metadata() || self.optional_metadata().iter().any(folds)
    }

    /// Whether the action creates a row.
    pub const fn is_creation(self) -> bool {
        self.facts().creates
    }

    /// The action with this wire name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::iter().find(|action| action.code() == code)
    }

    /// The kinds of change to a case that this action is, the narrowest first; `None` outside the case-changes report.
    pub const fn change_types(self) -> Option<&'static [ChangeType]> {
        self.facts().change_types
    }

    /// The badge in the case-changes report; `None` outside that report.
    pub fn badge(self) -> Option<ChangeType> {
        self.change_types().map(|types| types.first().copied().unwrap_or(ChangeType::Status))
    }

    /// The group in the system-events report; `None` outside that report.
    pub const fn system_event(self) -> Option<SystemEvent> {
        self.facts().system_event
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
    fn what_is_only_read_may_be_folded() {
        let folded: Vec<&str> = Action::all().filter(|action| action.may_be_folded()).map(Action::code).collect();
        assert_eq!(folded, ["document_downloaded", "report_generated", "audit_log_accessed", "other"]);
    }

    #[test]
    fn the_catalogue_has_the_expected_number_of_actions() {
        assert_eq!((Action::NAMED, Action::introduced().count()), (37, 15));
        assert_eq!(Action::all().count(), Action::COUNT, "`other` is the last one");
        let by_category: Vec<usize> = Category::all().map(|category| category.actions().count()).collect();
        assert_eq!(by_category, [2, 11, 4, 3, 2, 5, 6, 4, 1]);
    }
}
