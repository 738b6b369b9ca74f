//! A run of a job, from its claim to its entry.
//!
//! What a job changes, how the run went and its entry are one transaction, which holds the job's row. Only mails are sent outside
//! of one: there the run has the job on a lease, and each mail is claimed and recorded on its own.

use super::{JobRunDetail, work};
use crate::http::caller::Anyone;
use crate::http::{Answer, Error, Result};
use crate::mail;
use crate::state::App;
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::{AuditTx, Context, Event, JobRun, Refusal};
use entity::delivery::Hope;
use entity::job::run::{self, RunStatus, Trigger};
use entity::job::{self, JobName};
use entity::tell;
use sea_orm::DbErr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use uuid::Uuid;

/// How long a run that sends mails has the job if it isn't heard of again: longer than one mail takes, and finding out whose fault it is.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// As long as an error is kept.
const ERROR_LENGTH_MAX: usize = 500;

/// Which job is to run, and for whom.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    pub job: JobName,
    pub dry_run: bool,
    /// The period it is for; none on demand.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// Whether a later period of it is due as well, and will take on what there is.
    pub is_made_up: bool,
    /// Who asked for it; nobody if the schedule did.
    pub by: Option<&'a Anyone>,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub processed: u64,
    pub failed: u64,
    /// Why it broke off, or why the first record failed.
    pub error: Option<String>,
    /// Whether it ended before its work was done, because the rest would have failed too.
    pub broke_off: bool,
}

impl Tally {
    fn status(&self) -> RunStatus {
        let is_failure = self.broke_off || (self.failed > 0 && self.failed == self.processed);
        if is_failure { RunStatus::Failure } else { RunStatus::Success }
    }
}

/// How an order ended.
pub enum Outcome {
    Ran(run::Model),
    /// Another run has the job just now, here or in another replica.
    Busy,
    /// Its period was run before.
    Done,
}

/// Why there is no run to tell of.
enum Ended {
    Busy,
    Done,
    /// The request itself was refused, or answered before.
    Refused(Error),
    BrokeOff(DbErr),
}

impl From<DbErr> for Ended {
    fn from(error: DbErr) -> Self {
        Self::BrokeOff(error)
    }
}

/// Runs a job and says how that went.
///
/// A run that breaks off leaves nothing of what it did, but its own failure, of which the administrators are told.
pub async fn perform(app: &App, order: &Order<'_>) -> Result<Outcome> {
    let at = app.now();
    let (id, has_lease) = (app.db().clock().id(at), AtomicBool::new(false));
    let under_way = UnderWay { app, order, id, at, begun: Instant::now(), has_lease };
    let end = match under_way.carry_out().await {
        // Whether it was done is unknown, so it isn't told as if it weren't.
        Err(Ended::BrokeOff(cause)) if !Refusal::is_commit_unknown(&cause) => {
            tracing::error!(job = order.job.code(), %cause, "a job broke off");
            under_way.break_off(&cause).await
        }
        end => end,
    };
    if end.is_err() && under_way.has_lease.load(Ordering::Relaxed) {
        under_way.give_back().await;
    }
    match end {
        Ok(run) => Ok(Outcome::Ran(run)),
        Err(Ended::Busy) => Ok(Outcome::Busy),
        Err(Ended::Done) => Ok(Outcome::Done),
        Err(Ended::Refused(error)) => Err(error),
        // Not even that could be written: the database is away, and so is the run.
        Err(Ended::BrokeOff(error)) => Err(error.into()),
    }
}

struct UnderWay<'a> {
    app: &'a App,
    order: &'a Order<'a>,
    id: Uuid,
    at: DateTime<Utc>,
    begun: Instant,
    has_lease: AtomicBool,
}

impl UnderWay<'_> {
    async fn carry_out(&self) -> Result<run::Model, Ended> {
        let is_mail = self.order.job == JobName::SendScheduledEmails && !self.order.dry_run;
        // A mail server that was away while nobody ran it is asked once, not once a period.
        let mailed = if is_mail && !self.order.is_made_up { Some(self.send_mails().await?) } else { None };
        let Some(tally) = mailed else {
            let (tx, by) = self.begin_keyed().await?;
            let tally = if is_mail { Tally::default() } else { work::work(&tx, self.order.job, self.order.dry_run).await? };
            return self.conclude(tx, by, tally).await;
        };
        let tx = self.begin_end().await?;
        self.conclude(tx, self.order.by.cloned(), tally).await
    }

    /// What is left of a run that broke off.
    async fn break_off(&self, cause: &DbErr) -> Result<run::Model, Ended> {
        let tx = self.begin_end().await?;
        self.conclude(tx, self.order.by.cloned(), Tally { error: Some(cause.to_string()), broke_off: true, ..Tally::default() })
            .await
    }

    /// The transaction in which whoever asked for the run is judged, and an `Idempotency-Key` claimed.
    async fn begin_keyed(&self) -> Result<(AuditTx, Option<Anyone>), Ended> {
        let (tx, by) = match self.order.by {
            Some(by) => {
                let (tx, by) = self.app.begin_for(by, self.context()).await.map_err(Ended::Refused)?;
                (tx, Some(by))
            }
            None => (AuditTx::begin(self.app.db(), self.context()).await?, None),
        };
        Ok((self.take(tx).await?, by))
    }

    /// The transaction that tells how a run ended that has begun: mails were sent, or it broke off, whatever its caller may do now.
    async fn begin_end(&self) -> Result<AuditTx, Ended> {
        let tx = match self.order.by {
            Some(by) => self.app.conclude_for(by, self.context()).await.map_err(Ended::Refused)?,
            None => AuditTx::begin(self.app.db(), self.context()).await?,
        };
        self.take(tx).await
    }

    /// Takes the job, in the service's own name.
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
        Ok(tx.noting("trigger", self.trigger().code()))
    }

    /// Writes how it went, with its entry, and commits.
    async fn conclude(&self, tx: AuditTx, by: Option<Anyone>, tally: Tally) -> Result<run::Model, Ended> {
        let row = self.row(&tx, &tally);
        let told = JobRun {
            status: row.status,
            records_processed: tally.processed,
            records_failed: tally.failed,
            error_message: row.error_message.as_deref(),
            duration_ms: u64::try_from(row.duration_ms).unwrap_or_default(),
            dry_run: self.order.dry_run,
            trigger: self.trigger(),
        };
        let event = Event::cron_job_executed(self.order.job.code(), &told);
        if row.status == RunStatus::Failure && !row.dry_run {
            tell::job_failed(&tx, self.order.job.code(), row.error_message.as_deref().unwrap_or("every record failed")).await?;
        }
        let row = run::record(&tx, row).await.map_err(elsewhere)?;
        job::release(&tx, self.order.job).await?;
        match &by {
            Some(by) => {
                tx.record_as(&by.context(), event).await?;
                let answer = Answer::plain(JobRunDetail::from(row.clone()));
                answer.committed(tx, by).await.map_err(Ended::Refused)?;
            }
            None => {
                tx.record(event).await?;
                tx.commit().await?;
            }
        }
        Ok(row)
    }

    fn row(&self, tx: &AuditTx, tally: &Tally) -> run::Model {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        run::Model {
            id: self.id,
            job_name: self.order.job,
            trigger: self.trigger(),
            scheduled_for: self.order.scheduled_for,
            requested_by_id: self.order.by.map(|by| by.id()),
            dry_run: self.order.dry_run,
            status: tally.status(),
            records_processed: whole(tally.processed),
            records_failed: whole(tally.failed),
            error_message: tally.error.as_deref().map(|error| error.chars().take(ERROR_LENGTH_MAX).collect()),
            started_at: self.at,
            finished_at: tx.now(),
            duration_ms: i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// Sends what is due, with the job on a lease that each mail renews. What is left is for the next run.
    async fn send_mails(&self) -> Result<Tally, Ended> {
        let mut tally = Tally::default();
        // A request that was answered before ends here, before anything is sent.
        drop(self.begin_keyed().await?);
        self.lease().await?;
        while let Some(sent) = mail::send_next(self.app, &self.context()).await? {
            tally.processed += 1;
            if let Err(undelivered) = sent {
                tally.failed += 1;
                tally.broke_off = undelivered.hope == Hope::LaterForAll;
                tally.error.get_or_insert(undelivered.why);
            }
            let is_enough = tally.processed >= mail::SENT_AT_ONCE || self.begun.elapsed() >= mail::SENDS_FOR;
            if tally.broke_off || is_enough || self.app.stopping().is_cancelled() {
                break;
            }
            self.lease().await?;
        }
        Ok(tally)
    }

    /// Lets go of a lease that nothing came of; where not even that can be written, it ends by itself.
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
            tracing::warn!(job = self.order.job.code(), %error, "a job could not be given back");
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
        if self.order.by.is_some() { Trigger::Manual } else { Trigger::Scheduler }
    }

    /// The service itself, in the request of whoever asked for it.
    fn context(&self) -> Context {
        let own = Context::job(self.id);
        match self.order.by {
            Some(by) => Context { request_id: by.context().request_id, ..own },
            None => own,
        }
    }
}

/// Another run may have the job, or its period, by now.
fn elsewhere(error: DbErr) -> Ended {
    if run::is_taken(&error) { Ended::Busy } else { Ended::BrokeOff(error) }
}
