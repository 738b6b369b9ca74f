//! The work of each job, inside the transaction of its run.

use super::run::RunCounts;
use super::send_mails;
use chrono::{DateTime, Utc};
use entity::audit::AuditTx;
use entity::case;
use entity::credit::{self, Quarter, ResetType};
use entity::job::{JobName, overdue_hold};
use entity::{delivery, setting};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

/// How many cases one run processes; the next run processes the rest.
const CASES_AT_ONCE: u64 = 500;

/// Does a job's work, or in a dry run only counts what it would process now. Emails are sent elsewhere, and only counted here;
/// rollups are compared elsewhere, also in a dry run.
///
/// `scheduled_for` is the period that is run, which may have passed long ago; none for a run on demand.
pub async fn work(tx: &AuditTx, job: JobName, dry_run: bool, scheduled_for: Option<DateTime<Utc>>) -> Result<RunCounts, DbErr> {
    let period = scheduled_for.unwrap_or_else(|| tx.now());
    let processed = match (job, dry_run) {
        (JobName::ReleaseScheduledCases, false) => release_cases(tx, first(case::due_for_release(tx.now()))).await?,
        (JobName::ReleaseScheduledCases, true) => case::due_for_release(tx.now()).count(tx).await?.min(CASES_AT_ONCE),
        (JobName::CheckExpiredHolds, false) => remind_of_holds(tx, first(overdue_hold::unreminded(tx.now()))).await?,
        (JobName::CheckExpiredHolds, true) => overdue_hold::unreminded(tx.now()).count(tx).await?.min(CASES_AT_ONCE),
        (JobName::CheckRollups, _) => 0,
        (JobName::QuarterlyCreditReset, false) => reset_credits(tx, period).await?,
        (JobName::QuarterlyCreditReset, true) => credit::without_allowance(quarter_of(tx, period).await?.0).count(tx).await?,
        (JobName::SendScheduledEmails, _) => mails_due(tx).await?,
    };
    Ok(RunCounts { processed, ..RunCounts::default() })
}

/// The cases that a run of a job would process, one independent of the other; none for a job that does something else.
pub async fn cases<C: ConnectionTrait>(db: &C, job: JobName, now: DateTime<Utc>) -> Result<Option<Vec<Uuid>>, DbErr> {
    let Some(due) = cases_of(job, now) else { return Ok(None) };
    let ids = first(due).select_only().column(case::Column::Id).into_tuple::<Uuid>();
    ids.all(db).await.map(Some)
}

/// Does a job's work on one case; returns 0 if it is not due any more, or locked by someone else.
pub async fn work_on_case(tx: &AuditTx, job: JobName, id: Uuid) -> Result<u64, DbErr> {
    let Some(due) = cases_of(job, tx.now()) else { return Ok(0) };
    let this = due.filter(case::Column::Id.eq(id));
    match job {
        JobName::ReleaseScheduledCases => release_cases(tx, this).await,
        JobName::CheckExpiredHolds => remind_of_holds(tx, this).await,
        JobName::CheckRollups | JobName::QuarterlyCreditReset | JobName::SendScheduledEmails => Ok(0),
    }
}

fn cases_of(job: JobName, now: DateTime<Utc>) -> Option<Select<case::Entity>> {
    match job {
        JobName::ReleaseScheduledCases => Some(case::due_for_release(now)),
        JobName::CheckExpiredHolds => Some(overdue_hold::unreminded(now)),
        // All members' credits are set together, emails are sent one by one in any case, and rollups are about no case.
        JobName::CheckRollups | JobName::QuarterlyCreditReset | JobName::SendScheduledEmails => None,
    }
}

fn first(due: Select<case::Entity>) -> Select<case::Entity> {
    due.order_by_asc(case::Column::Id).limit(CASES_AT_ONCE)
}

/// None are due while emails are switched off: they are then skipped.
async fn mails_due(tx: &AuditTx) -> Result<u64, DbErr> {
    if !setting::current(tx).await?.email_notifications_enabled {
        return Ok(0);
    }
    Ok(delivery::due(tx.now()).count(tx).await?.min(send_mails::SENT_AT_ONCE))
}

/// A case that is currently locked is left to the next run; its member sees the result regardless.
async fn release_cases(tx: &AuditTx, due: Select<case::Entity>) -> Result<u64, DbErr> {
    let mut released = 0;
    for case in tx.lock_free(due).await? {
        tx.save(case.release_on_schedule()).await?;
        released += 1;
    }
    Ok(released)
}

async fn remind_of_holds(tx: &AuditTx, overdue: Select<case::Entity>) -> Result<u64, DbErr> {
    let settings = setting::current(tx).await?;
    let mut reminded = 0;
    // Locked: a hold that is prolonged meanwhile is not overdue any more.
    for case in tx.lock_free(overdue).await? {
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
