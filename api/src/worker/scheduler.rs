//! Runs the jobs by their schedules. Every replica tries; the database lets one have each period.

use crate::jobs::{Order, Outcome, perform};
use crate::state::App;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::audit::{AuditTx, Context};
use entity::job::{self, JobName, run};
use entity::setting;
use sea_orm::{DbErr, EntityTrait};

/// How long it sleeps at most: the settings may put the clocks forward, and what failed is to be tried again.
const LOOKS_EVERY: TimeDelta = TimeDelta::seconds(15);

/// Looks at the clock until the process ends, whenever something is due. What fails now is tried at the next look.
pub async fn keep_time(app: App) {
    loop {
        let next = run_due(&app).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the schedules could not be looked at");
            None
        });
        let latest = app.now() + LOOKS_EVERY;
        let wait = next.map_or(latest, |next| next.min(latest)) - app.now();
        tokio::time::sleep(wait.to_std().unwrap_or_default()).await;
    }
}

/// Runs every job that is due, one after the other. Gives the next instant at which one is.
pub async fn run_due(app: &App) -> Result<Option<DateTime<Utc>>, DbErr> {
    let zone = setting::current(app.readers()).await?.zone()?;
    for job in job::Entity::find().all(app.readers()).await? {
        let (job, watched_since) = (job.name, job.watched_since);
        for period in due(app, job, watched_since, zone).await? {
            let order = Order { job, dry_run: false, scheduled_for: Some(period), by: None };
            match perform(app, &order).await {
                Ok(Outcome::Ran(_) | Outcome::Done) => {}
                // The periods of a job are run in their order, so the later ones wait too.
                Ok(Outcome::Busy) => break,
                Err(error) => {
                    tracing::warn!(job = job.code(), %error, "a job could not be run");
                    break;
                }
            }
        }
    }
    let now = app.now();
    Ok(JobName::ALL.into_iter().filter_map(|job| app.schedules().next(job, now, zone)).min())
}

/// The periods of a job that nobody has run.
async fn due(app: &App, job: JobName, watched_since: Option<DateTime<Utc>>, zone: Tz) -> Result<Vec<DateTime<Utc>>, DbErr> {
    let since = match (run::last_period(app.readers(), job).await?, watched_since) {
        (Some(last), _) => last,
        (None, Some(since)) => since,
        (None, None) => watch(app, job).await?,
    };
    Ok(app.schedules().due(job, since, app.now(), zone))
}

async fn watch(app: &App, job: JobName) -> Result<DateTime<Utc>, DbErr> {
    let tx = AuditTx::begin(app.db(), Context::job(app.db().clock().id(app.now()))).await?;
    let since = job::watch(&tx, job).await?;
    tx.commit().await.map(|()| since)
}
