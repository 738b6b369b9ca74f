//! Vital figures of the audit log, the ledger and the jobs, at a cost that does not grow with the log: for callers that poll
//! every few seconds.

use super::jobs::{JobHealth, job_health};
use crate::audit::Action;
use crate::clock;
use crate::job::JobName;
use crate::ledger::{self, Progress};
use crate::period::SETTLED_AFTER;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use std::collections::BTreeMap;

/// Repeated calls within this time get the same answer.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// Jobs beyond this number have no figures of their own.
const JOBS_MAX: u32 = 100;

/// The figures as of one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    pub size: Size,
    pub jobs: Vec<JobHealth>,
    /// Job runs since the watch began, by job and by success.
    pub job_runs: BTreeMap<(String, bool), u64>,
    /// Emails since the watch began, by template, or `external` where another system reports them, and by success.
    pub emails: BTreeMap<(String, bool), u64>,
    pub service: Service,
    pub ledger: Progress,
    /// Of each job of the service, the last period that was run, or since when its schedule has been watched.
    pub last_periods: Vec<(JobName, DateTime<Utc>)>,
}

/// Figures that don't come from the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Service {
    /// Emails that are due and not sent yet.
    pub emails_due: i64,
    /// Emails that are not due yet, the first time or again.
    pub emails_later: i64,
    /// Since when the oldest of those that are due has been due.
    pub emails_due_since: Option<DateTime<Utc>>,
    /// Emails that were given up in the last 24 hours.
    pub emails_undelivered: i64,
    /// The settings' time zone.
    pub time_zone: String,
    /// The name of the newest migration that is applied.
    pub schema: Option<String>,
}

/// The size of the audit log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Size {
    /// Exact on SQLite, the database's own estimate on PostgreSQL.
    pub entries: i64,
    /// Including indexes; on SQLite the whole file.
    pub bytes: i64,
}

/// Counts from its creation on, reading each entry once or for an hour.
#[derive(Debug)]
pub struct Watch {
    /// Entries before this id are included in `settled`.
    settled_before: Uuid,
    settled: Vitals,
    began_at: DateTime<Utc>,
    last: Option<(DateTime<Utc>, Vitals)>,
}

impl Watch {
    pub fn from(now: DateTime<Utc>) -> Self {
        Self { settled_before: clock::floor_id(now), settled: Vitals::default(), began_at: now, last: None }
    }

    /// The current figures, or those of a few seconds ago.
    pub async fn look<C: ConnectionTrait>(&mut self, db: &C, now: DateTime<Utc>) -> Result<Vitals, DbErr> {
        if let Some((at, vitals)) = &self.last
            && (TimeDelta::zero()..FRESH).contains(&(now - *at))
        {
            return Ok(vitals.clone());
        }
        let (size, jobs) = (size(db).await?, job_health(db, JOBS_MAX).await?);
        // Only what no late entry can add to is counted permanently.
        let settle_before = self.settled_before.max(clock::floor_id(now - SETTLED_AFTER));
        let (service, last_periods) = (service(db, now).await?, last_periods(db, self.began_at).await?);
        let ledger = ledger::progress(db).await?;
        let mut vitals = Vitals { size, jobs, service, ledger, last_periods, ..self.settled.clone() };
        for row in runs(db, self.settled_before, settle_before).await? {
            row.add_to(&mut vitals, row.run_count);
            row.add_to(&mut self.settled, row.settled_count);
        }
        self.settled_before = settle_before;
        self.last = Some((now, vitals.clone()));
        Ok(vitals)
    }
}

/// How often one job ran, or one email was attempted, with one outcome.
#[derive(FromQueryResult)]
struct Runs {
    action_type: String,
    name: String,
    outcome: String,
    run_count: i64,
    settled_count: i64,
}

impl Runs {
    fn add_to(&self, vitals: &mut Vitals, count: i64) {
        let is_job = self.action_type == Action::CronJobExecuted.code();
        let tally = if is_job { &mut vitals.job_runs } else { &mut vitals.emails };
        *tally.entry((self.name.clone(), self.outcome == "success")).or_default() += u64::try_from(count).unwrap_or_default();
    }
}

async fn size<C: ConnectionTrait>(db: &C) -> Result<Size, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        // The statistics of a table that only grows are nearly exact; after a crash they restart, and the planner's statistics
        // are those of the last ANALYZE.
        DbBackend::Postgres => {
            "SELECT GREATEST(pg_stat_get_live_tuples(oid), reltuples::bigint, 0) AS entries, \
             pg_total_relation_size(oid) AS bytes FROM pg_class WHERE oid = 'audit_entries'::regclass"
        }
        // Rows are numbered from 1 and never removed.
        _ => {
            "SELECT (SELECT COALESCE(MAX(rowid), 0) FROM audit_entries) AS entries, \
             (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size()) AS bytes"
        }
    };
    let size = Size::find_by_statement(Statement::from_string(backend, sql)).one(db).await?;
    size.ok_or_else(|| DbErr::RecordNotFound("audit_entries".to_owned()))
}

/// Emails that were queued longer ago than this are neither retried nor counted as undelivered.
const QUEUED_WITHIN: TimeDelta = TimeDelta::days(7);

async fn service<C: ConnectionTrait>(db: &C, now: DateTime<Utc>) -> Result<Service, DbErr> {
    let pending = "FROM outbox WHERE outbox.status = 'pending' AND COALESCE(outbox.send_after, outbox.queued_at)";
    let sql = format!(
        "SELECT (SELECT COUNT(*) {pending} <= $1) AS emails_due, (SELECT COUNT(*) {pending} > $2) AS emails_later, \
         (SELECT MIN(COALESCE(outbox.send_after, outbox.queued_at)) {pending} <= $3) AS emails_due_since, \
         (SELECT COUNT(*) FROM outbox WHERE outbox.status = 'failed' AND outbox.id >= $4 AND outbox.last_attempt_at >= $5) \
         AS emails_undelivered, settings.time_zone, (SELECT MAX(version) FROM seaql_migrations) AS schema \
         FROM settings LIMIT 1"
    );
    let queued_since = clock::floor_id(now - QUEUED_WITHIN);
    let values = [now.into(), now.into(), now.into(), queued_since.into(), (now - TimeDelta::hours(24)).into()];
    let found = Service::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
    found.one(db).await?.ok_or_else(|| DbErr::RecordNotFound("settings".to_owned()))
}

/// A job that was neither run nor watched counts as watched since `began_at`.
async fn last_periods<C: ConnectionTrait>(db: &C, began_at: DateTime<Utc>) -> Result<Vec<(JobName, DateTime<Utc>)>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        job_name: String,
        watched_since: Option<DateTime<Utc>>,
        last_period: Option<DateTime<Utc>>,
    }
    let sql = "SELECT jobs.name AS job_name, jobs.watched_since, (SELECT MAX(run.scheduled_for) FROM job_runs AS run \
               WHERE run.job_name = jobs.name AND run.scheduled_for IS NOT NULL) AS last_period FROM jobs";
    let rows = Row::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).all(db).await?;
    // A newer version may have more jobs.
    let known = rows.into_iter().filter_map(|row| Some((JobName::parse(&row.job_name)?, row.last_period.or(row.watched_since))));
    Ok(known.map(|(job, since)| (job, since.unwrap_or(began_at))).collect())
}

/// The runs since an id, and how many of them will not change any more.
async fn runs<C: ConnectionTrait>(db: &C, since: Uuid, settle_before: Uuid) -> Result<Vec<Runs>, DbErr> {
    let (run, email) = (Action::CronJobExecuted.code(), Action::EmailNotificationSent.code());
    // A dry run has no topic and is not counted; an email that another system reports has none either.
    let sql = format!(
        "SELECT action_type, COALESCE(topic, 'external') AS name, outcome, COUNT(*) AS run_count, \
         COUNT(CASE WHEN id < $1 THEN 1 END) AS settled_count \
         FROM audit_entries WHERE action_type IN ('{run}', '{email}') AND outcome IN ('success', 'failure') \
         AND (topic IS NOT NULL OR action_type = '{email}') AND id >= $2 GROUP BY action_type, topic, outcome"
    );
    let values = [settle_before.into(), since.into()];
    Runs::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).all(db).await
}
