//! Events, with one named constructor per action, so that wrong metadata does not compile.
//!
//! Actions of rows that don't exist yet get their constructor together with the row they need.

use super::{Action, Audited, ChangeContext, Changes, Outcome, Refusal, metadata};
use crate::alert;
use crate::api_key;
use crate::case::{self, CaseStatus, Column as C, Tier};
use crate::clock::rfc3339;
use crate::credit;
use crate::document::{self, Column as D};
use crate::job::run::{RunStatus, Trigger};
use crate::note;
use crate::outbox;
use crate::setting;
use crate::user::{self, Column as U, Person};
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value as Json, json};

/// The content of an entry before it has an id, a time and an origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub action: Action,
    pub outcome: Outcome,
    pub object: (&'static str, String),
    pub case: Option<(Uuid, String)>,
    /// A document's id and filename.
    pub document: Option<(Uuid, String)>,
    pub related_user: Option<Person>,
    pub description: String,
    pub changes: Changes,
    pub metadata: Map<String, Json>,
}

/// Cases.
impl Event {
    pub fn case_created(after: &case::Model) -> Self {
        Self::on_case(Action::CaseCreated, after, format!("Case {} created", after.case_number))
            .naming::<case::Entity>(None, after, &every_fact())
            .with("case_number", &after.case_number)
            .with("workshop_code", &after.workshop_code)
    }

    pub fn case_submitted(before: &case::Model, after: &case::Model) -> Self {
        Self::on_case(Action::CaseSubmitted, after, format!("Case {} submitted", after.case_number))
            .naming::<case::Entity>(Some(before), after, &[C::Status, C::SubmittedAt, C::Urgency])
            .with("urgency", after.urgency.code())
            .with("rush_fee", after.urgency.rush_fee())
    }

    pub fn case_held(before: &case::Model, after: &case::Model, reason: Option<&str>) -> Self {
        let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        Self::on_case(Action::CaseHeld, after, format!("Case {} placed on hold{why}", after.case_number))
            .naming::<case::Entity>(Some(before), after, case::HOLD_BLOCK)
            .with("reason", reason)
            .with("held_at", after.held_at.map(rfc3339))
            .with("expected_duration_days", after.hold_duration_days())
            .with("expected_end_at", after.hold_expected_end_at.map(rfc3339))
            .with("previous_status", before.status.code())
    }

    /// The clock that stopped at `held_at` resumes at `after.updated_at`, which the hooks set to the instant of the change.
    pub fn case_resumed(before: &case::Model, after: &case::Model, reason: Option<&str>) -> Self {
        let resumed_at = after.updated_at;
        Self::on_case(Action::CaseResumed, after, format!("Case {} resumed", after.case_number))
            .naming::<case::Entity>(Some(before), after, case::HOLD_BLOCK)
            .with("reason", reason)
            .with("hold_reason", &before.hold_reason)
            .with("held_at", before.held_at.map(rfc3339))
            .with("resumed_at", rfc3339(resumed_at))
            .with("hold_duration_seconds", before.held_at.map(|held_at| (resumed_at - held_at).num_seconds()))
            .with("expected_duration_days", before.hold_duration_days())
            .with("overdue", before.hold_expected_end_at.is_some_and(|end| resumed_at > end))
    }

    pub fn case_status_changed(before: &case::Model, after: &case::Model, event: &'static str, change: &ChangeContext) -> Self {
        let (from, to) = (before.status.code(), after.status.code());
        let description = format!("Case {} moved from {from} to {to}", after.case_number);
        // A first tier and the credit are part of an acceptance; a later change of tier has its own entry.
        let tier: &[C] = if before.tier.is_none() { &[C::Tier] } else { &[] };
        let acceptance = [C::Status, C::CreditTenths, C::AcceptedAt, C::AcceptedById];
        let columns = [&acceptance, tier, case::REJECTION_BLOCK, case::RELEASE_BLOCK].concat();
        Self::on_case(Action::CaseStatusChanged, after, description)
            .naming::<case::Entity>(Some(before), after, &columns)
            .with("event", event)
            .with("reason", change.reason())
            .with_notes(change)
    }

    pub fn case_resubmitted(before: &case::Model, after: &case::Model, change: &ChangeContext) -> Self {
        let own = [C::Status, C::ResubmissionCount, C::PreviousStatus, C::ResubmittedAt, C::ResubmissionNotes];
        let columns = [&own[..], case::RELEASE_BLOCK, case::REVIEW_BLOCK, case::REJECTION_BLOCK].concat();
        Self::on_case(Action::CaseResubmitted, after, format!("Case {} resubmitted", after.case_number))
            .naming::<case::Entity>(Some(before), after, &columns)
            .with("resubmission_count", after.resubmission_count)
            .with("previous_status", before.status.code())
            .with("submitted_at", after.resubmitted_at.map(rfc3339))
            .with("new_documents", change.notes.get("new_documents").cloned().unwrap_or(json!(0)))
            .with("edited_fields", change.notes.get("edited_fields").cloned().unwrap_or(json!([])))
    }

    pub fn case_assigned(before: &case::Model, after: &case::Model, change: &ChangeContext) -> Self {
        let action = if before.assigned_to_id.is_none() { Action::CaseAssigned } else { Action::CaseReassigned };
        let to = change.username(after.assigned_to_id);
        let related = after.assigned_to_id.or(before.assigned_to_id);
        Self::on_case(action, after, format!("Case {} assigned to {}", after.case_number, to.unwrap_or("no one")))
            .naming::<case::Entity>(Some(before), after, &[C::AssignedToId])
            .about(change.person(related))
            .with("from_username", change.username(before.assigned_to_id))
            .with("to_username", to)
            .with("reason", change.reason())
            .with("level_override", change.notes.contains_key("override_reason"))
            .with("override_reason", change.noted("override_reason"))
    }

    pub fn case_tier_changed(before: &case::Model, after: &case::Model, reason: Option<&str>) -> Self {
        let to = after.tier.map_or("no tier", Tier::code);
        Self::on_case(Action::CaseTierChanged, after, format!("Tier of case {} changed to {to}", after.case_number))
            .naming::<case::Entity>(Some(before), after, &[C::Tier])
            .with("previous_tier", before.tier.map(Tier::code))
            .with("new_tier", after.tier.map(Tier::code))
            .with("previous_complexity", before.tier.map(Tier::complexity))
            .with("new_complexity", after.tier.map(Tier::complexity))
            .with("direction", if after.tier > before.tier { "up" } else { "down" })
            .with("reason", reason)
    }

    pub fn case_details_edited(before: &case::Model, after: &case::Model, change: &ChangeContext) -> Self {
        Self::on_case(Action::CaseDetailsEdited, after, format!("Details of case {} edited", after.case_number))
            .naming::<case::Entity>(Some(before), after, case::DETAILS)
            .with("reason", change.reason())
            .with("edited_by_role", change.by.role().map(user::Role::code))
            .with("post_submission", before.status != CaseStatus::Draft)
    }

    pub fn case_updated(
        before: &case::Model,
        after: &case::Model,
        event: &'static str,
        columns: &[C],
        change: &ChangeContext,
    ) -> Self {
        let what = match event {
            "credit_adjusted" => format!("Credit of case {} adjusted to {}", after.case_number, after.credit_value()),
            "case_released" => format!("Case {} released to its member", after.case_number),
            _ => format!("Case {} updated", after.case_number),
        };
        Self::on_case(Action::CaseUpdated, after, what)
            .naming::<case::Entity>(Some(before), after, columns)
            .with("event", event)
            .with("reason", change.reason())
            .with_notes(change)
    }

    pub fn case_deleted(before: &case::Model, after: &case::Model, change: &ChangeContext) -> Self {
        Self::on_case(Action::Other, after, format!("Case {} deleted", after.case_number))
            .naming::<case::Entity>(Some(before), after, &[C::DeletedAt])
            .with("event", "case_deleted")
            .with("reason", change.reason())
            .with("status", before.status.code())
    }

    pub fn review_submitted(after: &case::Model, change: &ChangeContext) -> Self {
        let technician = change.person(after.assigned_to_id);
        Self::on_case(Action::ReviewSubmitted, after, format!("Case {} submitted for review", after.case_number))
            .about(technician)
            .with("review_action", "submitted_for_review")
            .with("original_technician", technician.map(|person| &person.username))
    }

    pub fn review_updated(before: &case::Model, after: &case::Model, change: &ChangeContext) -> Self {
        let action = after.review_status.map(|status| status.review_action().code());
        let technician = change.person(before.assigned_to_id);
        let decision = action.unwrap_or("decided").replace('_', " ");
        Self::on_case(Action::ReviewUpdated, after, format!("Review of case {}: {decision}", after.case_number))
            .naming::<case::Entity>(Some(before), after, case::REVIEW_BLOCK)
            .about(technician)
            .with("review_action", action)
            .with("review_cycle", change.noted("review_cycle"))
            .with("original_technician", technician.map(|person| &person.username))
    }
}

/// Notes.
impl Event {
    pub fn note_added(after: &note::Model) -> Self {
        Self::on_note(Action::NoteAdded, after, format!("Note added to case {}", after.case_number))
            .naming::<note::Entity>(None, after, note::EVERY_FACT)
            .with("visibility", after.visibility.code())
            .with("length", after.length())
    }

    pub fn member_comment_added(after: &note::Model) -> Self {
        Self::on_note(Action::MemberCommentAdded, after, format!("Case {} commented on by its member", after.case_number))
            .naming::<note::Entity>(None, after, note::EVERY_FACT)
            .with("length", after.length())
    }

    pub fn note_deleted(before: &note::Model, after: &note::Model, change: &ChangeContext) -> Self {
        Self::on_note(Action::NoteDeleted, after, format!("Note on case {} deleted", after.case_number))
            .naming::<note::Entity>(Some(before), after, &[note::Column::DeletedAt])
            .with("visibility", after.visibility.code())
            .with("length", after.length())
            .with("author", change.username(after.author_id.into()))
    }

    fn on_note(action: Action, note: &note::Model, description: String) -> Self {
        let event = Self::new(action, (note::Entity::OBJECT, note.id.to_string()), description);
        Self { case: Some((note.case_id, note.case_number.clone())), ..event }
    }
}

/// Documents.
impl Event {
    pub fn document_uploaded(after: &document::Model, change: &ChangeContext) -> Self {
        Self::on_document(Action::DocumentUploaded, after, "uploaded to")
            .naming::<document::Entity>(None, after, &every_fact_of_a_document())
            .with("filename", &after.filename)
            .with("file_size", after.size_bytes)
            .with("document_type", after.document_type.code())
            .with("report_number", after.report_number)
            .with("uploaded_by_role", change.by.role().map(user::Role::code))
    }

    /// The document's metadata was read.
    pub fn document_viewed(document: &document::Model) -> Self {
        Self::on_document(Action::DocumentViewed, document, "viewed in").with("filename", &document.filename)
    }

    /// The document's bytes were read: all of them or, if `range` is given, a part.
    pub fn document_downloaded(document: &document::Model, range: Option<&str>) -> Self {
        let event = Self::on_document(Action::DocumentDownloaded, document, "downloaded from")
            .with("filename", &document.filename)
            .with("file_size", document.size_bytes);
        if range.is_some() { event.with("range", range) } else { event }
    }

    /// Deleted, or replaced by another document with the same report number.
    pub fn document_deleted(before: &document::Model, after: &document::Model, change: &ChangeContext) -> Self {
        Self::on_document(Action::DocumentDeleted, after, "deleted from")
            .naming::<document::Entity>(Some(before), after, &[D::DeletedAt])
            .with("filename", &after.filename)
            .with("document_type", after.document_type.code())
            .with("reason", change.reason())
            .with("replaced_by", change.noted("replaced_by"))
    }

    fn on_document(action: Action, document: &document::Model, what: &str) -> Self {
        let description = format!("Document {} {what} case {}", document.filename, document.case_number);
        let event = Self::new(action, (document::Entity::OBJECT, document.id.to_string()), description);
        let (case, document) = ((document.case_id, document.case_number.clone()), (document.id, document.filename.clone()));
        Self { case: Some(case), document: Some(document), ..event }
    }
}

/// People.
impl Event {
    pub fn user_created(after: &user::Model, change: &ChangeContext) -> Self {
        Self::on_user(Action::UserCreated, after, format!("User {} created", after.username))
            .naming::<user::Entity>(None, after, user::EVERY_FACT)
            .with("role", after.role.code())
            .with("user_level", after.user_level.map(user::Level::code))
            .with("email", &after.email)
            .with_notes(change)
    }

    /// One entry, however many fields of the profile changed.
    pub fn member_profile_updated(before: &user::Model, after: &user::Model, change: &ChangeContext) -> Self {
        Self::profile(Action::MemberProfileUpdated, before, after, change)
    }

    pub fn user_updated(before: &user::Model, after: &user::Model, change: &ChangeContext) -> Self {
        Self::profile(Action::UserUpdated, before, after, change)
    }

    pub fn user_activity_changed(before: &user::Model, after: &user::Model, change: &ChangeContext) -> Self {
        let event = if after.is_active { "reactivated" } else { "deactivated" };
        Self::on_user(Action::UserUpdated, after, format!("User {} {event}", after.username))
            .naming::<user::Entity>(Some(before), after, &[U::IsActive])
            .with("event", event)
            .with("reason", change.reason())
    }

    /// A new password: the user's own (`password_changed`) or another user's (`password_reset`). The password itself is never
    /// shown.
    pub fn password_set(user: &user::Model, event: &'static str) -> Self {
        Self::on_user(Action::UserUpdated, user, format!("Password of {} set", user.username)).with("event", event)
    }

    /// An API key of a service account was created (`api_key_created`) or revoked (`api_key_revoked`). The key itself is never
    /// shown.
    pub fn api_key_changed(user: &user::Model, event: &'static str, key: &api_key::Model) -> Self {
        Self::on_user(Action::UserUpdated, user, format!("API key {}… of {}: {event}", key.hint, user.username))
            .with("event", event)
            .with("api_key_id", key.id)
            .with("hint", &key.hint)
    }

    pub fn user_role_changed(before: &user::Model, after: &user::Model, change: &ChangeContext) -> Self {
        Self::on_user(Action::UserRoleChanged, after, format!("Role of {} changed to {}", after.username, after.role.code()))
            .naming::<user::Entity>(Some(before), after, user::RIGHTS)
            .with("changed_by", change.by.label())
            .with("previous_role", before.role.code())
            .with("new_role", after.role.code())
            .with("previous_level", before.user_level.map(user::Level::code))
            .with("new_level", after.user_level.map(user::Level::code))
            .with("reason", change.reason())
    }

    pub fn user_deleted(before: &user::Model, after: &user::Model, change: &ChangeContext) -> Self {
        Self::on_user(Action::UserDeleted, after, format!("User {} deleted", after.username))
            .naming::<user::Entity>(Some(before), after, &[U::IsActive, U::DeletedAt])
            .with("role", after.role.code())
            .with("email", &after.email)
            .with("username", &after.username)
            .with("full_name", after.full_name())
            .with("reason", change.reason())
    }

    fn profile(action: Action, before: &user::Model, after: &user::Model, change: &ChangeContext) -> Self {
        let event = Self::on_user(action, after, format!("Profile of {} updated", after.username)).naming::<user::Entity>(
            Some(before),
            after,
            user::PROFILE,
        );
        let fields = json!(event.changes.fields());
        let source = if change.by.id() == Some(after.id) { "self" } else { "staff" };
        event.with("fields", fields).with("edited_by", change.by.label()).with("edit_source", source)
    }
}

/// Credits.
impl Event {
    /// A member's credits for a quarter, set individually or in a bulk reset; also recorded if the number did not change.
    pub fn quarterly_credit_reset(before: Option<&credit::Model>, after: &credit::Model, change: &ChangeContext) -> Self {
        let member = change.person(Some(after.member_id));
        let name = member.map_or("a member", |member| &member.username);
        let description = format!("Credits of {name} for {} set to {}", after.quarter, after.allowed_credits);
        Self::new(Action::QuarterlyCreditReset, (credit::Entity::OBJECT, after.id.to_string()), description)
            .naming::<credit::Entity>(before, after, credit::EVERY_FACT)
            .about(member)
            .with("quarter", &after.quarter)
            .with("reset_type", change.noted_text("reset_type").unwrap_or("manual"))
            .with("previous_allowance", before.map(|before| before.allowed_credits))
            .with("new_allowance", after.allowed_credits)
            .with_notes(change)
    }

    /// The credits of many members, set at once; `new_allowance` is null if they differ.
    pub fn bulk_credit_reset(
        quarter: &str,
        member_count: usize,
        new_allowance: Option<i32>,
        batch_id: Uuid,
        reset_type: &str,
    ) -> Self {
        let to = new_allowance.map(|credits| format!(" to {credits}")).unwrap_or_default();
        let description = format!("Credits of {member_count} members for {quarter} set{to}");
        Self::new(Action::BulkCreditReset, ("quarter", quarter.to_owned()), description)
            .with("member_count", member_count)
            .with("new_allowance", new_allowance)
            .with("quarter", quarter)
            .with("batch_id", batch_id)
            .with("reset_type", reset_type)
    }
}

/// Sessions, and events that change no row.
impl Event {
    pub fn login(person: &Person, session_id: Uuid, user_agent: Option<&str>) -> Self {
        Self::new(Action::Login, ("session", session_id.to_string()), format!("{} signed in", person.username))
            .with("user_agent", user_agent)
            .with("session_id", session_id)
    }

    /// A wrong password, an unknown username or an inactive account: identical to the caller, distinguished only here.
    pub fn login_failed(username: &str, known: Option<&Person>, event: &'static str, user_agent: Option<&str>) -> Self {
        let object = known.map_or_else(|| "unknown".to_owned(), |person| person.id.to_string());
        // Text typed as a username may be a password; only an existing username is repeated.
        let name = known.map_or("an unknown username", |_| username);
        Self::new(Action::Login, (user::Entity::OBJECT, object), format!("Sign-in as {name} failed"))
            .ending(Outcome::Failure)
            .about(known)
            .with("event", event)
            .with("user_agent", user_agent)
    }

    /// A sign-in that was not checked because too many previous attempts failed.
    pub fn login_throttled(username: &str, known: Option<&Person>, user_agent: Option<&str>) -> Self {
        Self::login_failed(username, known, "too_many_attempts", user_agent).ending(Outcome::Denied)
    }

    /// A refresh token that was never issued: a guess, or a token from another database.
    pub fn refresh_failed() -> Self {
        Self::new(Action::Login, ("session", "unknown".to_owned()), "An unknown refresh token was presented".to_owned())
            .ending(Outcome::Failure)
            .with("event", "unknown_refresh_token")
    }

    /// The same, from an address that has presented too many such tokens before.
    pub fn refresh_throttled() -> Self {
        Self::refresh_failed().ending(Outcome::Denied).with("event", "too_many_attempts")
    }

    /// A refresh token that was presented again right after its exchange: its session continues.
    pub fn refresh_repeated(person: &Person, session_id: Uuid, user_agent: Option<&str>) -> Self {
        let description = format!("{} repeated a refresh of their session", person.username);
        Self::new(Action::Login, ("session", session_id.to_string()), description)
            .with("event", "refresh_grace")
            .with("user_agent", user_agent)
            .with("session_id", session_id)
    }

    /// A refresh token that was already used: its whole session ends.
    pub fn refresh_reused(person: &Person, session_id: Uuid) -> Self {
        let description = format!("A used refresh token of {} was presented again", person.username);
        Self::new(Action::Login, ("session", session_id.to_string()), description)
            .ending(Outcome::Denied)
            .about(Some(person))
            .with("event", "refresh_reuse")
            .with("session_id", session_id)
    }

    pub fn logout(person: &Person, session_id: Uuid, session_duration_seconds: i64) -> Self {
        Self::new(Action::Logout, ("session", session_id.to_string()), format!("{} signed out", person.username))
            .with("session_id", session_id)
            .with("session_duration_seconds", session_duration_seconds)
    }

    /// `report_type` is the report's name in snake_case; `row_count` is the number of matching entries before paging.
    pub fn report_generated(report_type: &str, parameters: Json, row_count: u64) -> Self {
        Self::new(Action::ReportGenerated, ("report", report_type.to_owned()), format!("Report {report_type} read"))
            .with("report_type", report_type)
            .with("parameters", parameters)
            .with("row_count", row_count)
    }

    /// `object` is what was viewed: the log itself, an entry, a case, or a user.
    pub fn audit_log_accessed(view_type: &str, object: (&'static str, String), filters: Json) -> Self {
        Self::new(Action::AuditLogAccessed, object, format!("Audit log read ({})", view_type.replace('_', " ")))
            .with("view_type", view_type)
            .with("filters", filters)
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

    /// One run of a job. A run that was aborted, or in which every record failed, is a failure.
    pub fn cron_job_executed(job_name: &str, run: &JobRun<'_>) -> Self {
        let status = run.status.code();
        Self::new(Action::CronJobExecuted, ("job", job_name.to_owned()), format!("Job {job_name} ran: {status}"))
            .ending(run.status.into())
            .with("job_name", job_name)
            .with("records_processed", run.records_processed)
            .with("records_failed", run.records_failed)
            .with("status", status)
            .with("error_message", run.error_message)
            .with("duration_ms", run.duration_ms)
            .with("dry_run", run.dry_run)
            .with("trigger", run.trigger.code())
    }

    /// One attempt to send a queued email; `error` is the reason for a failure.
    pub fn mail_attempted(mail: &outbox::Model, to: Option<&Person>, error: Option<&str>) -> Self {
        let name = to.map_or(mail.recipient.as_str(), |person| person.username.as_str());
        let attempt = u32::try_from(mail.attempts).unwrap_or_default();
        let event = Self::email(name, &mail.recipient, &mail.template, attempt, error).about(to).with("message_id", mail.id);
        Self { case: mail.case_id.zip(mail.case_number.clone()), object: ("email", mail.id.to_string()), ..event }
    }

    /// One attempt to send an email to a user.
    pub fn email_notification_sent(recipient: &Person, template: &str, attempt: u32, error: Option<&str>) -> Self {
        Self::email(&recipient.username, &recipient.email, template, attempt, error).about(Some(recipient))
    }

    fn email(name: &str, address: &str, template: &str, attempt: u32, error: Option<&str>) -> Self {
        let (outcome, status) = if error.is_some() { (Outcome::Failure, "failed") } else { (Outcome::Success, "sent") };
        let description = format!("Email {template} to {name} {status}");
        Self::new(Action::EmailNotificationSent, ("email", template.to_owned()), description)
            .ending(outcome)
            .with("recipient", address)
            .with("template", template)
            .with("delivery_status", status)
            .with("attempt", attempt)
            .with("error_message", error)
    }

    /// One entry, however many settings changed.
    pub fn settings_updated(before: Option<&setting::Model>, after: &setting::Model) -> Self {
        let event = Self::new(Action::SettingsUpdated, (setting::Entity::OBJECT, after.id.to_string()), String::new())
            .naming::<setting::Entity>(before, after, setting::EVERY_SETTING);
        let fields: Vec<String> = event.changes.fields().into_iter().map(str::to_owned).collect();
        let description = format!("Settings updated: {}", fields.join(", "));
        Self { description, ..event }.with("fields", fields)
    }

    /// The recipient dismissed the alert.
    pub fn alert_dismissed(alert: &alert::Model, reason: Option<&str>) -> Self {
        let event =
            Self::new(Action::AlertDismissed, ("alert", alert.id.to_string()), format!("Alert dismissed: {}", alert.title));
        Self { case: alert.case_id.zip(alert.case_number.clone()), ..event }
            .with("kind", alert.kind.code())
            .with("severity", alert.severity.code())
            .with("reason", reason)
    }

    /// A request was refused: 403, or 404 for an object that is hidden from the caller or absent; the two look alike.
    pub fn denied(action: Action, operation: &str, code: &'static str, object: (&'static str, String)) -> Self {
        let event = Self::new(action, object, format!("Refused: {operation}")).ending(Outcome::Denied);
        let event = event.with("operation", operation).with("code", code);
        if action == Action::Other { event.with("event", "access_denied") } else { event }
    }

    /// Adds the number of refusals like this one that were only counted since the last entry.
    pub fn folding(self, folded_count: i32) -> Self {
        if folded_count == 0 { self } else { self.with("folded_count", folded_count) }
    }
}

/// The result of a job run.
#[derive(Clone, Copy, Debug)]
pub struct JobRun<'a> {
    pub status: RunStatus,
    pub records_processed: u64,
    pub records_failed: u64,
    /// Why the run was aborted, or why the first record failed.
    pub error_message: Option<&'a str>,
    pub duration_ms: u64,
    pub dry_run: bool,
    pub trigger: Trigger,
}

impl<'a> JobRun<'a> {
    /// A run started by the scheduler; it is a failure if there is an error message.
    pub fn scheduled(records_processed: u64, records_failed: u64, error_message: Option<&'a str>, duration_ms: u64) -> Self {
        let status = if error_message.is_some() { RunStatus::Failure } else { RunStatus::Success };
        Self {
            status,
            records_processed,
            records_failed,
            error_message,
            duration_ms,
            dry_run: false,
            trigger: Trigger::Scheduler,
        }
    }
}

impl Event {
    /// A short key that entries can be grouped by in addition to their type: which view, job or report.
    pub fn topic(&self) -> Option<&str> {
        if self.action == Action::Other {
            // Any other metadata belongs to the entry itself and may use any keys.
            return self.metadata.get("event").and_then(Json::as_str);
        }
        if self.metadata.get("dry_run") == Some(&Json::Bool(true)) {
            // A dry run says nothing about the health of the job, so it isn't counted among its runs.
            return None;
        }
        let keys = ["view_type", "job_name", "report_type", "export_type", "template", "event"];
        keys.iter().find_map(|key| self.metadata.get(*key)).and_then(Json::as_str)
    }

    pub(super) fn ensure_metadata(&self) -> Result<(), Refusal> {
        metadata::demand(self.action, self.outcome, &self.metadata)
    }

    fn on_case(action: Action, case: &case::Model, description: String) -> Self {
        Self::new(action, (case::Entity::OBJECT, case.id.to_string()), description).within(case)
    }

    fn on_user(action: Action, user: &user::Model, description: String) -> Self {
        Self::new(action, (user::Entity::OBJECT, user.id.to_string()), description).about(Some(&Person::new(user)))
    }

    pub(super) fn new(action: Action, object: (&'static str, String), description: String) -> Self {
        let (changes, metadata) = (Changes::default(), Map::new());
        let outcome = Outcome::Success;
        Self { action, outcome, object, case: None, document: None, related_user: None, description, changes, metadata }
    }

    /// Names the columns that this event covers; those that differ become its changes.
    fn naming<E: Audited>(self, before: Option<&E::Model>, after: &E::Model, columns: &[E::Column]) -> Self {
        Self { changes: Changes::of::<E>(before, after, columns), ..self }
    }

    pub(super) fn ending(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// The person that the event is about.
    pub fn about(self, person: Option<&Person>) -> Self {
        Self { related_user: person.cloned(), ..self }
    }

    /// The case that the event belongs to, if the case isn't the object itself.
    pub fn within(self, case: &case::Model) -> Self {
        Self { case: Some((case.id, case.case_number.clone())), ..self }
    }

    pub(super) fn with(mut self, key: &str, value: impl serde::Serialize) -> Self {
        self.metadata.insert(key.to_owned(), json!(value));
        self
    }

    /// Details of the operation beyond columns and reason, such as `docs_verified`.
    fn with_notes(mut self, change: &ChangeContext) -> Self {
        for (key, value) in &change.notes {
            self.metadata.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self
    }
}

/// Every column of a new case that an entry records.
fn every_fact() -> Vec<C> {
    use sea_orm::Iterable;
    C::iter().filter(|column| !case::Entity::is_bookkeeping(*column)).collect()
}

/// Every column of a new document that an entry records.
fn every_fact_of_a_document() -> Vec<D> {
    use sea_orm::Iterable;
    D::iter().filter(|column| !document::Entity::is_bookkeeping(*column)).collect()
}
