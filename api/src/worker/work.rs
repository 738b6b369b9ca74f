//! The work of each job, inside the transaction of its run.

use super::run::RunCounts;
use super::send_mails;
use chrono::{DateTime, Utc};
use entity::audit::AuditTx;
use entity::case;
use entity::credit::{self, Quarter, ResetType};
use entity::job::{JobName, overdue_hold};
use entity::{delivery, setting};
use sea_orm::{DbErr, PaginatorTrait, QueryOrder, QuerySelect};

/// How many cases one run processes; the next run processes the rest.
const CASES_AT_ONCE: u64 = 500;

/// Does a job's work, or in a dry run only counts what it would process now. Emails are sent elsewhere, and only counted here.
///
/// `scheduled_for` is the period that is run, which may have passed long ago; none for a run on demand.
pub async fn work(tx: &AuditTx, job: JobName, dry_run: bool, scheduled_for: Option<DateTime<Utc>>) -> Result<RunCounts, DbErr> {
    let period = scheduled_for.unwrap_or_else(|| tx.now());
    let processed = match (job, dry_run) {
        (JobName::ReleaseScheduledCases, false) => release_cases(tx).await?,
        (JobName::ReleaseScheduledCases, true) => case::due_for_release(tx.now()).count(tx).await?.min(CASES_AT_ONCE),
        (JobName::CheckExpiredHolds, false) => remind_of_holds(tx).await?,
        (JobName::CheckExpiredHolds, true) => overdue_hold::unreminded(tx.now()).count(tx).await?.min(CASES_AT_ONCE),
        (JobName::QuarterlyCreditReset, false) => reset_credits(tx, period).await?,
        (JobName::QuarterlyCreditReset, true) => credit::without_allowance(quarter_of(tx, period).await?.0).count(tx).await?,
        (JobName::SendScheduledEmails, _) => mails_due(tx).await?,
    };
    Ok(RunCounts { processed, ..RunCounts::default() })
}

/// None are due while emails are switched off: they are then skipped.
async fn mails_due(tx: &AuditTx) -> Result<u64, DbErr> {
    if !setting::current(tx).await?.email_notifications_enabled {
        return Ok(0);
    }
    Ok(delivery::due(tx.now()).count(tx).await?.min(send_mails::SENT_AT_ONCE))
}

/// A case that is currently locked is left to the next run; its member sees the result regardless.
async fn release_cases(tx: &AuditTx) -> Result<u64, DbErr> {
    let due = case::due_for_release(tx.now()).order_by_asc(case::Column::Id).limit(CASES_AT_ONCE);
    let mut released = 0;
    for case in tx.lock_free(due).await? {
        tx.save(case.release_on_schedule()).await?;
        released += 1;
    }
    Ok(released)
}

async fn remind_of_holds(tx: &AuditTx) -> Result<u64, DbErr> {
    let overdue = overdue_hold::unreminded(tx.now()).order_by_asc(case::Column::Id).limit(CASES_AT_ONCE).all(tx).await?;
    let settings = setting::current(tx).await?;
    let mut reminded = 0;
    for case in overdue {
        overdue_hold::remind(tx, &case, &settings).await?;
        reminded += 1;
    }
    Ok(reminded)
}

async fn reset_credits(tx: &AuditTx, period: DateTime<Utc>) -> Result<u64, DbErr> {
    let (quarter, new_allowance) = quarter_of(tx, period).await?;
    let reset = credit::reset_all(tx, quarter, new_allowance, ResetType::Scheduled).await?;
    Ok(u64::try_from(reset.member_count).unwrap_or(u64::MAX))
}

/// The quarter of a period in the configured time zone, and how many credits a member has per quarter.
async fn quarter_of(tx: &AuditTx, period: DateTime<Utc>) -> Result<(Quarter, i32), DbErr> {
    let settings = setting::current(tx).await?;
    Ok((Quarter::new(period, settings.zone()?), settings.default_quarterly_credits))
}
