//! Notifications, sent in the transaction of the change that they report: an alert for users who have to look at something, and
//! also an email for users who may not be looking; one function per event, which a handler or a job calls in one line.

use crate::alert::{self, Kind, Notification, Severity};
use crate::audit::AuditTx;
use crate::audit_log;
use crate::case;
use crate::clock::rfc3339;
use crate::outbox::{self, Mail, Template};
use crate::setting;
use crate::user::{self, Level, Role};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, Condition, DbErr, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::{Value as Json, json};

/// Notifies the case's member that the case was put on hold.
pub async fn case_held(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let reason = case.hold_reason.clone().unwrap_or_default();
    let title = format!("Case {} is on hold", case.case_number);
    let parameters = json!({"reason": reason, "expected_end_at": case.hold_expected_end_at.map(rfc3339)});
    let notification =
        Notification { kind: Kind::CaseHeld, severity: Severity::Warning, title, message: reason, case: Some(case) };
    member(tx, case, notification, Template::CaseHeld, parameters).await
}

/// Notifies the case's member that the case was resumed.
pub async fn case_resumed(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let title = format!("Case {} was resumed", case.case_number);
    let message = "The hold has ended, and work on the case continues.".to_owned();
    let notification = Notification { kind: Kind::CaseResumed, severity: Severity::Info, title, message, case: Some(case) };
    member(tx, case, notification, Template::CaseResumed, json!({})).await
}

/// Notifies the case's member that the case was rejected.
pub async fn case_rejected(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let notes = case.rejection_notes.clone().unwrap_or_default();
    let title = format!("Case {} needs to be resubmitted", case.case_number);
    let parameters = json!({"rejection_reason": case.rejection_reason, "rejection_notes": notes});
    let notification =
        Notification { kind: Kind::CaseRejected, severity: Severity::Warning, title, message: notes, case: Some(case) };
    member(tx, case, notification, Template::CaseRejected, parameters).await
}

/// Notifies the case's member that the result is available. No one is notified before the release.
pub async fn case_released(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let Some(released_at) = case.released_at else { return Ok(()) };
    let title = format!("Case {} is completed", case.case_number);
    let message = "Its result was released to you.".to_owned();
    let notification = Notification { kind: Kind::CaseReleased, severity: Severity::Info, title, message, case: Some(case) };
    member(tx, case, notification, Template::CaseReleased, json!({"released_at": rfc3339(released_at)})).await
}

/// Notifies the assignee that the member resubmitted the case.
pub async fn case_resubmitted(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let title = format!("Case {} was resubmitted", case.case_number);
    let message = case.resubmission_notes.clone().unwrap_or_else(|| "The member left no notes.".to_owned());
    let notification = Notification { kind: Kind::CaseResubmitted, severity: Severity::Info, title, message, case: Some(case) };
    assignee(tx, case, notification).await
}

/// Notifies the assignee that the member commented on the case.
pub async fn case_commented(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let title = format!("New comment on case {}", case.case_number);
    let message = "The member added a comment. See the notes of the case.".to_owned();
    let notification = Notification { kind: Kind::MemberComment, severity: Severity::Info, title, message, case: Some(case) };
    assignee(tx, case, notification).await
}

/// Notifies everyone who may review the case that it is waiting for a review.
pub async fn review_needed(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let reviewer = Condition::all()
        .add(user::Column::Role.eq(Role::Technician))
        .add(user::Column::UserLevel.is_in([Level::Two, Level::Three]));
    let anyone = Condition::any().add(reviewer).add(user::Column::Role.eq(Role::Manager));
    let recipients = ids(tx, anyone).await?;
    let title = format!("Case {} is waiting for review", case.case_number);
    let message = "The work of a new technician needs a review.".to_owned();
    let notification = Notification { kind: Kind::ReviewNeeded, severity: Severity::Warning, title, message, case: Some(case) };
    alert::raise(tx, &recipients, notification).await
}

/// Notifies the assignee of the result of the review.
pub async fn review_decided(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let (decision, severity) = match case.review_status {
        Some(case::ReviewStatus::RevisionsRequested) => ("revisions are requested", Severity::Warning),
        Some(case::ReviewStatus::CorrectionsNeeded) => ("completed with corrections", Severity::Info),
        Some(case::ReviewStatus::Approved) | None => ("approved", Severity::Info),
    };
    let title = format!("Review of case {}: {decision}", case.case_number);
    let message = case.review_notes.clone().unwrap_or_else(|| "The reviewer left no notes.".to_owned());
    let notification = Notification { kind: Kind::ReviewDecided, severity, title, message, case: Some(case) };
    assignee(tx, case, notification).await
}

/// Notifies the assignee and the managers that a case has been on hold for longer than expected.
pub async fn hold_overdue(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let anyone = Condition::any().add(user::Column::Role.eq(Role::Manager));
    let anyone = anyone.add_option(case.assigned_to_id.map(|id| user::Column::Id.eq(id)));
    let (people, Some(settings)) = reachable(tx, anyone).await? else { return Ok(()) };
    let recipients: Vec<Uuid> = people.iter().map(|person| person.id).collect();
    let title = format!("The hold of case {} is overdue", case.case_number);
    let end = case.hold_expected_end_at.map_or_else(|| "earlier".to_owned(), |at| format!("on {}", settings.civil_time(at)));
    let message = format!("It was expected to end {end}. The case stays on hold until it is resumed.");
    let notification = Notification { kind: Kind::HoldOverdue, severity: Severity::Warning, title, message, case: Some(case) };
    alert::raise(tx, &recipients, notification).await
}

/// Notifies the administrators that a job failed: with an alert each time, and with an email when it starts to fail, not again
/// until it has succeeded.
///
/// Must be called before the entry of the run is written. Otherwise a mail server that was unavailable would, once it is back,
/// receive an email for each of the runs that couldn't send any.
pub async fn job_failed(tx: &AuditTx, job_name: &str, error: &str) -> Result<(), DbErr> {
    let (people, settings) = reachable(tx, user::Column::Role.eq(Role::Administrator).into()).await?;
    let recipients: Vec<Uuid> = people.iter().map(|person| person.id).collect();
    let (title, message) = (format!("Job {job_name} failed"), error.to_owned());
    let notification = Notification { kind: Kind::JobFailed, severity: Severity::Critical, title, message, case: None };
    alert::raise(tx, &recipients, notification).await?;
    let Some(settings) = settings else { return Ok(()) };
    if audit_log::is_failing(tx, job_name).await? {
        return Ok(());
    }
    let parameters = json!({"job_name": job_name, "error_message": error});
    let mails = people.iter().map(|to| Mail { to, template: Template::JobFailed, parameters: parameters.clone(), case: None });
    outbox::queue(tx, &settings, mails).await
}

/// Sends an alert and an email to the case's member, unless their account is no longer active.
async fn member(
    tx: &AuditTx,
    case: &case::Model,
    notification: Notification<'_>,
    template: Template,
    parameters: Json,
) -> Result<(), DbErr> {
    let (people, settings) = reachable(tx, user::Column::Id.eq(case.member_id).into()).await?;
    let (Some(to), Some(settings)) = (people.first(), settings) else { return Ok(()) };
    alert::raise(tx, &[to.id], notification).await?;
    outbox::queue(tx, &settings, [Mail { to, template, parameters, case: Some(case) }]).await
}

/// Sends an alert to the assignee of the case, if any.
async fn assignee(tx: &AuditTx, case: &case::Model, notification: Notification<'_>) -> Result<(), DbErr> {
    match case.assigned_to_id {
        Some(id) => alert::raise(tx, &[id], notification).await,
        None => Ok(()),
    }
}

fn active(who: Condition) -> Select<user::Entity> {
    user::active().filter(who).order_by_asc(user::Column::Id)
}

async fn ids(tx: &AuditTx, who: Condition) -> Result<Vec<Uuid>, DbErr> {
    active(who).select_only().column(user::Column::Id).into_tuple().all(tx).await
}

/// Active users with their addresses, and the settings, which control whether and when emails are sent and the time zone of
/// instants in texts: one statement for both. No settings if there are no users.
async fn reachable(tx: &AuditTx, who: Condition) -> Result<(Vec<user::Model>, Option<setting::Model>), DbErr> {
    let mut found = active(who).select_also(setting::Entity);
    QuerySelect::query(&mut found).from(setting::Entity);
    let (people, settings): (Vec<_>, Vec<_>) = found.all(tx).await?.into_iter().unzip();
    Ok((people, settings.into_iter().flatten().next()))
}
