//! A run of a job, from acquiring the job to its audit entry.
//!
//! A job's changes, the result of the run and its audit entry are written in one transaction, which locks the job's row. Emails
//! are sent outside of a transaction: for that the run holds a lease on the job, and each email is claimed and recorded on its
//! own. So is each case of a job whose cases could not be processed together. Rollups are compared under a lease, too.

use super::requester::{Ended, Requester};
use super::{check_rollups, send_mails, work};
use crate::state::App;
use crate::wire::{Interruption, Result};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::audit::{AuditTx, Context, Event, Refusal, key};
use entity::cause::with_sources;
use entity::delivery::{Cause, Delivery, ERROR_LENGTH_MAX, RetryAdvice};
use entity::job::JobRun;
use entity::job::run::{self, RunStatus, Trigger};
use entity::job::{self, JobName};
use sea_orm::DbErr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use uuid::Uuid;

/// How long the lease of a run that sends emails lasts unless it is renewed: longer than one email takes, including the check
/// whether the email or the server is the cause of a failure.
const LEASE: TimeDelta = TimeDelta::seconds(120);

/// The job to run, and on whose behalf.
#[derive(Clone, Debug)]
pub struct Order<R> {
    pub job: JobName,
    pub dry_run: bool,
    /// The scheduled period; none for a run on demand.
    pub scheduled_for: Option<DateTime<Utc>>,
    pub by: R,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct RunCounts {
    pub processed: u64,
    pub failed: u64,
    /// Those of the failed records that failed for a reason of the service's own.
    pub own_failures: u64,
    /// Emails that the recipient's server asked to send later.
    pub deferred: u64,
    /// Why the run was aborted, or why the first record failed.
    pub error: Option<String>,
    /// Whether it ended before its work was done, because the rest would have failed too.
    pub broke_off: bool,
    /// The days whose rollups were compared with the log.
    pub days_compared: Vec<NaiveDate>,
}

impl RunCounts {
    /// A record that fails because of itself, such as an email to an address that does not exist, says nothing about the run.
    fn status(&self) -> RunStatus {
        let is_failure = self.broke_off || (self.own_failures > 0 && self.own_failures == self.processed);
        if is_failure { RunStatus::Failure } else { RunStatus::Success }
    }

    fn count(&mut self, delivery: Delivery) {
        self.processed += 1;
        match delivery {
            Delivery::Sent => {}
            Delivery::Deferred(_) => self.deferred += 1,
            Delivery::Failed(undelivered) => {
                self.failed += 1;
                self.own_failures += u64::from(undelivered.cause == Cause::Service);
                self.broke_off = undelivered.retry == RetryAdvice::LaterForAll;
                // What ended the run says more about it than a record that failed before.
                self.error = self.error.take().filter(|_| !self.broke_off).or(Some(undelivered.why));
            }
        }
    }
}

/// The outcome of an order.
pub enum Outcome {
    Ran(run::Model),
    /// Another run currently holds the job, in this or another replica.
    Busy,
    /// The period was already run.
    Done,
}

/// Runs a job and returns the outcome.
///
/// If a run is aborted, nothing of what it did remains except its failure, of which the administrators are notified; emails that
/// were sent, and cases that were processed one by one, stay as they are.
pub async fn perform<R: Requester>(app: &App, order: &Order<R>) -> Result<Outcome, Interruption> {
    let at = app.now();
    let (id, has_lease) = (app.db().clock().id(at), AtomicBool::new(false));
    let active = ActiveRun { app, order, id, at, begun: Instant::now(), has_lease };
    let end = match active.carry_out().await {
        // It is unknown whether the run was committed, so it is not recorded as failed.
        Err(Ended::BrokeOff(cause)) if !Refusal::is_commit_unknown(&cause) => {
            tracing::error!(job = order.job.code(), cause = with_sources(&cause), "job run aborted");
            active.break_off(&cause).await
        }
        end => end,
    };
    if end.is_err() && active.has_lease.load(Ordering::Relaxed) {
        active.give_back().await;
    }
    match end {
        Ok(run) => Ok(Outcome::Ran(run)),
        Err(Ended::Busy) => Ok(Outcome::Busy),
        Err(Ended::Done) => Ok(Outcome::Done),
        Err(Ended::Refused(interruption)) => Err(interruption),
        // Not even the failure could be written: the database is unavailable, and the run is lost.
        Err(Ended::BrokeOff(error)) => Err(error.into()),
    }
}

struct ActiveRun<'a, R> {
    app: &'a App,
    order: &'a Order<R>,
    id: Uuid,
    at: DateTime<Utc>,
    begun: Instant,
    has_lease: AtomicBool,
}

impl<R: Requester> ActiveRun<'_, R> {
    async fn carry_out(&self) -> Result<run::Model, Ended> {
        let Order { job, dry_run, scheduled_for, by: _ } = self.order;
        if *job == JobName::SendScheduledEmails && !dry_run {
            let tally = self.send_mails().await?;
            let tx = self.begin_end().await?;
            return self.conclude(tx, self.order.by.clone(), tally).await;
        }
        if *job == JobName::CheckRollups {
            let tally = self.check_rollups().await?;
            let tx = self.begin_end().await?;
            return self.conclude(tx, self.order.by.clone(), tally).await;
        }
        let (tx, by) = self.begin_keyed().await?;
        let error = match work::work(&tx, *job, *dry_run, *scheduled_for).await {
            Ok(tally) => return self.conclude(tx, by, tally).await,
            Err(error) => error,
        };
        drop(tx);
        let cases = if *dry_run { None } else { work::cases(self.app.readers(), *job, self.at).await? };
        let tally = self.work_on_each(cases.filter(|cases| !cases.is_empty()).ok_or(error)?).await?;
        let tx = self.begin_end().await?;
        self.conclude(tx, self.order.by.clone(), tally).await
    }

    /// Processes cases in a transaction of each, after they could not be processed together: one that fails must not keep the
    /// others from being processed. The job is leased meanwhile.
    async fn work_on_each(&self, cases: Vec<Uuid>) -> Result<RunCounts, Ended> {
        let mut tally = RunCounts::default();
        for id in cases {
            if self.app.stopping().is_cancelled() {
                break;
            }
            self.lease().await?;
            match self.work_on_case(id).await {
                Ok(processed) => tally.processed += processed,
                Err(error) => {
                    let (job, cause) = (self.order.job.code(), with_sources(&error));
                    tracing::error!(job, case = %id, cause, "job failed on a case");
                    tally.processed += 1;
                    tally.failed += 1;
                    tally.own_failures += 1;
                    tally.error.get_or_insert_with(|| error.to_string());
                }
            }
        }
        Ok(tally)
    }

    async fn work_on_case(&self, id: Uuid) -> Result<u64, DbErr> {
        let tx = AuditTx::begin(self.app.db(), self.context()).await?.with_note(key::TRIGGER, self.trigger().code());
        let processed = work::work_on_case(&tx, self.order.job, id).await?;
        tx.commit().await?;
        Ok(processed)
    }

    /// Records the failure of an aborted run.
    async fn break_off(&self, cause: &DbErr) -> Result<run::Model, Ended> {
        let tx = self.begin_end().await?;
        let tally = RunCounts { error: Some(cause.to_string()), broke_off: true, ..RunCounts::default() };
        self.conclude(tx, self.order.by.clone(), tally).await
    }

    /// The transaction in which the rights of the run's caller are checked and an `Idempotency-Key` is claimed.
    async fn begin_keyed(&self) -> Result<(AuditTx, R), Ended> {
        let (tx, by) = self.order.by.begin(self.app, self.context()).await?;
        Ok((self.take(tx).await?, by))
    }

    /// The transaction that records the end of a run that has started: emails were sent, or it was aborted, regardless of what
    /// its caller may still do.
    async fn begin_end(&self) -> Result<AuditTx, Ended> {
        let tx = self.order.by.begin_end(self.app, self.context()).await?;
        self.take(tx).await
    }

    /// Acquires the job, with the service itself as actor.
    async fn take(&self, tx: AuditTx) -> Result<AuditTx, Ended> {
        let job = job::held(&tx, self.order.job).await.map_err(elsewhere)?;
        let is_ours = job.lease_holder == Some(self.id);
        let is_done = match self.order.scheduled_for {
            Some(period) => run::is_done(&tx, self.order.job, period).await?,
            None => false,
        };
        if is_done {
            return Err(Ended::Done);
        }
        if job.is_leased(tx.now()) && !is_ours {
            return Err(Ended::Busy);
        }
        Ok(tx.with_note(key::TRIGGER, self.trigger().code()))
    }

    /// Writes the result with its audit entry, and commits.
    async fn conclude(&self, tx: AuditTx, by: R, tally: RunCounts) -> Result<run::Model, Ended> {
        let row = self.row(&tx, &tally);
        let outcome = JobRun {
            status: row.status,
            records_processed: tally.processed,
            records_failed: tally.failed,
            records_deferred: tally.deferred,
            error_message: row.error_message.as_deref(),
            duration_ms: u64::try_from(row.duration_ms).unwrap_or_default(),
            dry_run: self.order.dry_run,
            trigger: self.trigger(),
        };
        let event = Event::cron_job_executed(self.order.job.code(), &outcome);
        let event = match self.order.job {
            JobName::CheckRollups => event.comparing(&tally.days_compared),
            JobName::CheckExpiredHolds
            | JobName::QuarterlyCreditReset
            | JobName::ReleaseScheduledCases
            | JobName::SendScheduledEmails => event,
        };
        let row = run::record(&tx, row).await?.ok_or(Ended::Busy)?;
        job::release(&tx, self.order.job).await?;
        by.commit(tx, event, &row).await?;
        Ok(row)
    }

    fn row(&self, tx: &AuditTx, tally: &RunCounts) -> run::Model {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        run::Model {
            id: self.id,
            job_name: self.order.job,
            trigger: self.trigger(),
            scheduled_for: self.order.scheduled_for,
            requested_by_id: self.order.by.user_id(),
            dry_run: self.order.dry_run,
            status: tally.status(),
            records_processed: whole(tally.processed),
            records_failed: whole(tally.failed),
            records_deferred: whole(tally.deferred),
            error_message: tally.error.as_deref().map(|error| error.chars().take(ERROR_LENGTH_MAX).collect()),
            started_at: self.at,
            finished_at: tx.now(),
            duration_ms: i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// Sends the emails that are due while holding a lease on the job, which each email renews. The rest is left to the next run.
    async fn send_mails(&self) -> Result<RunCounts, Ended> {
        let mut tally = RunCounts::default();
        // A request that was already answered ends here, before anything is sent.
        drop(self.begin_keyed().await?);
        self.lease().await?;
        while let Some(delivery) = send_mails::send_next(self.app, &self.context()).await? {
            tally.count(delivery);
            let is_enough = tally.processed >= send_mails::SENT_AT_ONCE || self.begun.elapsed() >= send_mails::SENDS_FOR;
            if tally.broke_off || is_enough || self.app.stopping().is_cancelled() {
                break;
            }
            self.lease().await?;
        }
        Ok(tally)
    }

    /// Compares rollups with the log, day by day, while holding a lease on the job, which each day renews: the run's own
    /// transaction would keep SQLite's other writers waiting.
    async fn check_rollups(&self) -> Result<RunCounts, Ended> {
        // A request that was already answered ends here.
        drop(self.begin_keyed().await?);
        let mut days = check_rollups::DaysToCompare::choose(self.app, self.id).await?;
        while days.has_next() && !self.app.stopping().is_cancelled() {
            self.lease().await?;
            days.compare_next(self.app).await?;
        }
        Ok(days.result())
    }

    /// Releases a lease that led to no result; if not even that can be written, the lease expires by itself.
    async fn give_back(&self) {
        let back = async {
            let tx = AuditTx::begin(self.app.db(), self.context()).await?;
            if job::held(&tx, self.order.job).await?.lease_holder == Some(self.id) {
                job::release(&tx, self.order.job).await?;
                tx.commit().await?;
            }
            Ok::<(), DbErr>(())
        };
        if let Err(error) = back.await {
            tracing::warn!(job = self.order.job.code(), cause = with_sources(&error), "failed to release the lease on a job");
        }
    }

    async fn lease(&self) -> Result<(), Ended> {
        let tx = self.take(AuditTx::begin(self.app.db(), self.context()).await?).await?;
        job::lease(&tx, self.order.job, self.id, tx.now() + LEASE).await?;
        tx.commit().await?;
        self.has_lease.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn trigger(&self) -> Trigger {
        self.order.by.trigger()
    }

    /// The context of the service itself, with the request id of the run's caller.
    fn context(&self) -> Context {
        let own = Context::job(self.id);
        let request_id = self.order.by.request_id().unwrap_or_else(|| own.request_id.clone());
        Context { request_id, ..own }
    }
}

/// Another run may hold the job, or have run its period, by now.
fn elsewhere(error: DbErr) -> Ended {
    if run::is_taken(&error) { Ended::Busy } else { Ended::BrokeOff(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::delivery::Undelivered;

    #[test]
    fn a_run_fails_when_it_breaks_off_or_when_every_record_fails_for_a_reason_of_its_own() {
        let undelivered = |why: &str, retry, cause| Undelivered { why: why.to_owned(), retry, cause };
        let bounced = || Delivery::Failed(undelivered("bounced", RetryAdvice::None, Cause::Recipient));
        let deferred = || Delivery::Deferred(undelivered("deferred", RetryAdvice::Later, Cause::Recipient));
        let lost = || Delivery::Failed(undelivered("lost", RetryAdvice::Later, Cause::Service));
        let down = || Delivery::Failed(undelivered("down", RetryAdvice::LaterForAll, Cause::Service));
        for (deliveries, status, error) in [
            (vec![], RunStatus::Success, None),
            (vec![Delivery::Sent], RunStatus::Success, None),
            (vec![bounced()], RunStatus::Success, Some("bounced")),
            (vec![bounced(), bounced()], RunStatus::Success, Some("bounced")),
            (vec![Delivery::Sent, bounced()], RunStatus::Success, Some("bounced")),
            (vec![deferred()], RunStatus::Success, None),
            (vec![deferred(), bounced()], RunStatus::Success, Some("bounced")),
            (vec![lost()], RunStatus::Failure, Some("lost")),
            (vec![lost(), lost()], RunStatus::Failure, Some("lost")),
            (vec![lost(), bounced()], RunStatus::Success, Some("lost")),
            (vec![Delivery::Sent, lost()], RunStatus::Success, Some("lost")),
            (vec![down()], RunStatus::Failure, Some("down")),
            (vec![Delivery::Sent, bounced(), down()], RunStatus::Failure, Some("down")),
        ] {
            let (said, count) = (format!("{deliveries:?}"), deliveries.len());
            let mut counts = RunCounts::default();
            deliveries.into_iter().for_each(|delivery| counts.count(delivery));
            assert_eq!((counts.status(), counts.error.as_deref()), (status, error), "{said}");
            assert_eq!(usize::try_from(counts.processed), Ok(count));
        }
    }
}
