//! Who is told of what happens, in the transaction in which it does: those who have to look get an alert, and those who may not be
//! looking a mail too. One function a happening, which a handler or a job calls with one line.

use crate::alert::{self, Kind, News, Severity};
use crate::audit::AuditTx;
use crate::case;
use crate::clock::rfc3339;
use crate::outbox::{self, Mail, Template};
use crate::setting;
use crate::trail;
use crate::user::{self, Level, Role};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, Condition, DbErr, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::{Value as Json, json};

/// Its member, that a case was put on hold.
pub async fn case_held(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let reason = case.hold_reason.clone().unwrap_or_default();
    let title = format!("Case {} is on hold", case.case_number);
    let parameters = json!({"reason": reason, "expected_end_at": case.hold_expected_end_at.map(rfc3339)});
    let news = News { kind: Kind::CaseHeld, severity: Severity::Warning, title, message: reason, case: Some(case) };
    member(tx, case, news, Template::CaseHeld, parameters).await
}

/// Its member, that a held case goes on.
pub async fn case_resumed(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let title = format!("Case {} goes on", case.case_number);
    let message = "The hold is over; the case is worked on again.".to_owned();
    let news = News { kind: Kind::CaseResumed, severity: Severity::Info, title, message, case: Some(case) };
    member(tx, case, news, Template::CaseResumed, json!({})).await
}

/// Its member, that a case was handed back to him.
pub async fn case_rejected(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let notes = case.rejection_notes.clone().unwrap_or_default();
    let title = format!("Case {} needs to be resubmitted", case.case_number);
    let parameters = json!({"rejection_reason": case.rejection_reason, "rejection_notes": notes});
    let news = News { kind: Kind::CaseRejected, severity: Severity::Warning, title, message: notes, case: Some(case) };
    member(tx, case, news, Template::CaseRejected, parameters).await
}

/// Its member, that a case's result is there. Before its time nobody is told anything.
pub async fn case_released(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let Some(released_at) = case.released_at else { return Ok(()) };
    let title = format!("Case {} is completed", case.case_number);
    let message = "Its result was released to you.".to_owned();
    let news = News { kind: Kind::CaseReleased, severity: Severity::Info, title, message, case: Some(case) };
    member(tx, case, news, Template::CaseReleased, json!({"released_at": rfc3339(released_at)})).await
}

/// Whoever works on it, that its member handed a case in again.
pub async fn case_resubmitted(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let title = format!("Case {} was resubmitted", case.case_number);
    let message = case.resubmission_notes.clone().unwrap_or_else(|| "Its member said nothing about it.".to_owned());
    let news = News { kind: Kind::CaseResubmitted, severity: Severity::Info, title, message, case: Some(case) };
    assignee(tx, case, news).await
}

/// Whoever works on it, that its member commented on a case.
pub async fn case_commented(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let title = format!("New comment on case {}", case.case_number);
    let message = "Its member wrote something: see its notes.".to_owned();
    let news = News { kind: Kind::MemberComment, severity: Severity::Info, title, message, case: Some(case) };
    assignee(tx, case, news).await
}

/// Those who may review it, that a case waits for that.
pub async fn review_needed(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let reviewer = Condition::all()
        .add(user::Column::Role.eq(Role::Technician))
        .add(user::Column::UserLevel.is_in([Level::Two, Level::Three]));
    let anyone = Condition::any().add(reviewer).add(user::Column::Role.eq(Role::Manager));
    let recipients = ids(tx, anyone).await?;
    let title = format!("Case {} waits for its review", case.case_number);
    let message = "The work of a new technician is to be looked at.".to_owned();
    let news = News { kind: Kind::ReviewNeeded, severity: Severity::Warning, title, message, case: Some(case) };
    alert::raise(tx, &recipients, news).await
}

/// Whoever did the work, what its review came to.
pub async fn review_decided(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let (decision, severity) = match case.review_status {
        Some(case::ReviewStatus::RevisionsRequested) => ("revisions are requested", Severity::Warning),
        Some(case::ReviewStatus::CorrectionsNeeded) => ("completed with corrections", Severity::Info),
        Some(case::ReviewStatus::Approved) | None => ("approved", Severity::Info),
    };
    let title = format!("Review of case {}: {decision}", case.case_number);
    let message = case.review_notes.clone().unwrap_or_else(|| "The reviewer left no notes.".to_owned());
    let news = News { kind: Kind::ReviewDecided, severity, title, message, case: Some(case) };
    assignee(tx, case, news).await
}

/// Whoever works on it and those who run the desk, that a case is on hold for longer than was expected.
pub async fn hold_overdue(tx: &AuditTx, case: &case::Model) -> Result<(), DbErr> {
    let anyone = Condition::any().add(user::Column::Role.eq(Role::Manager));
    let recipients = ids(tx, anyone.add_option(case.assigned_to_id.map(|id| user::Column::Id.eq(id)))).await?;
    let title = format!("The hold of case {} is overdue", case.case_number);
    let end = case.hold_expected_end_at.map_or_else(|| "earlier".to_owned(), rfc3339);
    let message = format!("It was expected to end at {end}. The case stays on hold until somebody resumes it.");
    let news = News { kind: Kind::HoldOverdue, severity: Severity::Warning, title, message, case: Some(case) };
    alert::raise(tx, &recipients, news).await
}

/// The administrators, that a job failed: by an alert each time, and by a mail when it begins to, not again until it has succeeded.
///
/// To be told before the entry of the run is written. Else a mail server that is away would, once it is back, get a mail for each of
/// the runs that couldn't send any.
pub async fn job_failed(tx: &AuditTx, job_name: &str, error: &str) -> Result<(), DbErr> {
    let (people, settings) = reachable(tx, user::Column::Role.eq(Role::Administrator).into()).await?;
    let recipients: Vec<Uuid> = people.iter().map(|person| person.id).collect();
    let (title, message) = (format!("Job {job_name} failed"), error.to_owned());
    let news = News { kind: Kind::JobFailed, severity: Severity::Critical, title, message, case: None };
    alert::raise(tx, &recipients, news).await?;
    let Some(settings) = settings else { return Ok(()) };
    if trail::is_failing(tx, job_name).await? {
        return Ok(());
    }
    let parameters = json!({"job_name": job_name, "error_message": error});
    let mails = people.iter().map(|to| Mail { to, template: Template::JobFailed, parameters: parameters.clone(), case: None });
    outbox::queue(tx, &settings, mails).await
}

/// An alert and a mail to the case's member, unless he is gone.
async fn member(tx: &AuditTx, case: &case::Model, news: News<'_>, template: Template, parameters: Json) -> Result<(), DbErr> {
    let (people, settings) = reachable(tx, user::Column::Id.eq(case.member_id).into()).await?;
    let (Some(to), Some(settings)) = (people.first(), settings) else { return Ok(()) };
    alert::raise(tx, &[to.id], news).await?;
    outbox::queue(tx, &settings, [Mail { to, template, parameters, case: Some(case) }]).await
}

/// An alert to whoever works on the case, if anybody does.
async fn assignee(tx: &AuditTx, case: &case::Model, news: News<'_>) -> Result<(), DbErr> {
    match case.assigned_to_id {
        Some(id) => alert::raise(tx, &[id], news).await,
        None => Ok(()),
    }
}

fn active(who: Condition) -> Select<user::Entity> {
    user::active().filter(who).order_by_asc(user::Column::Id)
}

async fn ids(tx: &AuditTx, who: Condition) -> Result<Vec<Uuid>, DbErr> {
    active(who).select_only().column(user::Column::Id).into_tuple().all(tx).await
}

/// Active people with their addresses, and the settings that say whether and when mails go out: one statement for both.
async fn reachable(tx: &AuditTx, who: Condition) -> Result<(Vec<user::Model>, Option<setting::Model>), DbErr> {
    let mut found = active(who).select_also(setting::Entity);
    QuerySelect::query(&mut found).from(setting::Entity);
    let (people, settings): (Vec<_>, Vec<_>) = found.all(tx).await?.into_iter().unzip();
    Ok((people, settings.into_iter().flatten().next()))
}
