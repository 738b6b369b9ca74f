//! Determines the health of jobs, in this service and elsewhere, from the audit log: over all their runs at any time except dry
//! runs, along one index, at a cost that grows with the number of jobs and failures, not with the number of runs.

use crate::audit::Action;
use crate::clock;
use crate::job::run::RunStatus;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

/// How many failures of a job are counted at most.
const FAILURES_MAX: u32 = 1_000;

/// The health of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobHealth {
    pub job_name: String,
    pub last_success_at: Option<DateTime<Utc>>,
    pub last_failure_at: Option<DateTime<Utc>>,
    /// Since the last success; at most `FAILURES_MAX`.
    pub consecutive_failures: i64,
}

impl JobHealth {
    pub fn last_run_at(&self) -> Option<DateTime<Utc>> {
        self.last_success_at.max(self.last_failure_at)
    }

    /// The status of the last run; any failure since the last success counts.
    pub fn last_status(&self) -> RunStatus {
        if self.consecutive_failures > 0 { RunStatus::Failure } else { RunStatus::Success }
    }
}

/// A job's last runs, as read from the database.
#[derive(FromQueryResult)]
struct Row {
    job_name: String,
    success_id: Option<Uuid>,
    failure_id: Option<Uuid>,
    failure_count: i64,
}

impl From<Row> for JobHealth {
    fn from(row: Row) -> Self {
        Self {
            job_name: row.job_name,
            last_success_at: row.success_id.and_then(clock::instant_of),
            last_failure_at: row.failure_id.and_then(clock::instant_of),
            consecutive_failures: row.failure_count,
        }
    }
}

/// The first `most` jobs that ever ran, sorted by name.
pub async fn job_health<C: ConnectionTrait>(db: &C, most: u32) -> Result<Vec<JobHealth>, DbErr> {
    let backend = db.get_database_backend();
    let runs = runs(backend);
    // Steps from job to job along the index, and reads the last runs of each. For some jobs, runs were only denied.
    let sql = format!(
        "WITH RECURSIVE job (job_name) AS (SELECT (SELECT MIN(entry.topic) {runs}) UNION ALL \
         SELECT (SELECT MIN(entry.topic) {runs} AND entry.topic > job.job_name) FROM job WHERE job.job_name IS NOT NULL), \
         last AS (SELECT job_name, {} FROM job WHERE job_name IS NOT NULL) {} LIMIT {most}",
        last_runs(backend, "job_name"),
        failures_since(backend, "last"),
    );
    let rows = Row::find_by_statement(Statement::from_string(backend, sql)).all(db).await?;
    Ok(rows.into_iter().map(JobHealth::from).collect())
}

/// The health of one job, if it ever ran.
pub async fn job_health_of<C: ConnectionTrait>(db: &C, job_name: &str) -> Result<Option<JobHealth>, DbErr> {
    let backend = db.get_database_backend();
    // No WITH: inside a write transaction only plain reads are allowed.
    let last = format!("(SELECT CAST($1 AS TEXT) AS job_name, {}) AS last", last_runs(backend, "$1"));
    let sql = failures_since(backend, &last);
    let row = Row::find_by_statement(Statement::from_sql_and_values(backend, sql, [job_name.into()])).one(db).await?;
    Ok(row.map(JobHealth::from))
}

/// Whether the last run of a job failed, in this service or elsewhere; false for a job that never ran.
pub async fn is_failing<C: ConnectionTrait>(db: &C, job_name: &str) -> Result<bool, DbErr> {
    Ok(job_health_of(db, job_name).await?.is_some_and(|job| job.last_status() == RunStatus::Failure))
}

/// The entries of job runs, along their index.
fn runs(backend: DbBackend) -> String {
    // SQLite by default chooses the index by type and reads every run there ever was: 3 s with 80,000 runs, compared to less than
    // 1 ms with this index.
    let by_index = if backend == DbBackend::Sqlite { " INDEXED BY audit_entries_job_runs" } else { "" };
    // The type is a literal: the index is partial, and a database recognises its condition in no other form.
    format!("FROM audit_entries AS entry{by_index} WHERE entry.action_type = '{}'", Action::CronJobExecuted.code())
}

/// The ids of a job's last successful and last failed entries.
fn last_runs(backend: DbBackend, job_name: &str) -> String {
    let runs = runs(backend);
    let last = |outcome: &str| {
        format!(
            "(SELECT entry.id {runs} AND entry.topic = {job_name} AND entry.outcome = '{outcome}' ORDER BY entry.id DESC LIMIT 1)"
        )
    };
    format!("{} AS success_id, {} AS failure_id", last("success"), last("failure"))
}

/// For the jobs in `last` that ran: how often each has failed since its last success.
fn failures_since(backend: DbBackend, last: &str) -> String {
    let runs = runs(backend);
    let failures = |since: &str| {
        let failed =
            format!("SELECT 1 {runs} AND entry.topic = job_name AND entry.outcome = 'failure'{since} LIMIT {FAILURES_MAX}");
        format!("(SELECT COUNT(*) FROM ({failed}) AS failed)")
    };
    let (all, later) = (failures(""), failures(" AND entry.id > success_id"));
    format!(
        "SELECT job_name, success_id, failure_id, CASE WHEN success_id IS NULL THEN {all} ELSE {later} END AS failure_count \
         FROM {last} \
         WHERE success_id IS NOT NULL OR failure_id IS NOT NULL"
    )
}
