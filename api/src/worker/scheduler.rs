//! Runs a job on its schedule. Every replica tries; the database assigns each period to one. Each job has a timer of its own:
//! emails to a slow server delay no release.

use super::requester::Scheduled;
use super::run::{Order, Outcome, perform};
use crate::state::App;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::audit::{AuditTx, Context};
use entity::cause::with_sources;
use entity::job::{self, JobName, run};
use entity::setting;
use sea_orm::{DbErr, EntityTrait, RuntimeErr};
use std::time::Duration;
use tokio::time::timeout;

/// The maximum sleep: the settings may change the schedule's time zone, and failures have to be retried.
const POLL_INTERVAL: TimeDelta = TimeDelta::seconds(15);

/// How long it may take to read what is due: a server that vanished answers nothing, and the readers have no limit of their own.
const PLANNED_WITHIN: Duration = Duration::from_secs(10);

/// Runs the job whenever it is due, until the service stops. A failure is retried at the next check.
pub async fn run_schedule(app: App, job: JobName) {
    while !app.stopping().is_cancelled() {
        let next = run_due(&app, job).await.unwrap_or_else(|error| {
            tracing::warn!(job = job.code(), cause = with_sources(&error), "the schedule could not be checked");
            None
        });
        let latest = app.now() + POLL_INTERVAL;
        let wait = next.map_or(latest, |next| next.min(latest)) - app.now();
        tokio::select! {
            () = tokio::time::sleep(wait.to_std().unwrap_or_default()) => {}
            () = app.stopping().cancelled() => {}
        }
    }
}

/// Runs the pending periods of a job in order. Returns the instant of the next one.
pub async fn run_due(app: &App, job: JobName) -> Result<Option<DateTime<Utc>>, DbErr> {
    let plan = timeout(PLANNED_WITHIN, plan(app, job)).await;
    let (zone, periods) = plan.map_err(|_| DbErr::Conn(RuntimeErr::Internal("the database did not answer".to_owned())))??;
    for period in periods {
        let order = Order { job, dry_run: false, scheduled_for: Some(period), by: Scheduled };
        match perform(app, &order).await {
            Ok(Outcome::Ran(_) | Outcome::Done) => {}
            // The later periods wait too.
            Ok(Outcome::Busy) => break,
            Err(error) => {
                // Its sources were logged where it became a problem.
                tracing::warn!(job = job.code(), cause = %error, "a job could not be run");
                break;
            }
        }
        if app.stopping().is_cancelled() {
            break;
        }
    }
    Ok(app.schedules().next(job, app.now(), zone))
}

/// The schedule's time zone, and the pending periods of a job.
async fn plan(app: &App, job: JobName) -> Result<(Tz, Vec<DateTime<Utc>>), DbErr> {
    let zone = setting::current(app.readers()).await?.zone()?;
    Ok((zone, due(app, job, zone).await?))
}

/// The pending periods of a job.
async fn due(app: &App, job: JobName, zone: Tz) -> Result<Vec<DateTime<Utc>>, DbErr> {
    let since = match run::last_period(app.readers(), job).await? {
        Some(last) => last,
        None => watch(app, job).await?,
    };
    Ok(app.schedules().due(job, since, app.now(), zone))
}

/// The instant from which its schedule is observed: now, if it wasn't observed before.
async fn watch(app: &App, job: JobName) -> Result<DateTime<Utc>, DbErr> {
    let known = job::Entity::find_by_id(job).one(app.readers()).await?;
    if let Some(since) = known.and_then(|job| job.watched_since) {
        return Ok(since);
    }
    let tx = AuditTx::begin(app.db(), Context::job(app.db().clock().id(app.now()))).await?;
    let since = job::watch(&tx, job).await?;
    tx.commit().await.map(|()| since)
}
