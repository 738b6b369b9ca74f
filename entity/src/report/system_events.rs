//! The system events report: what the service did by itself or in bulk, its outcome, the state of the jobs, and who read the
//! audit log.

use super::tally::{self, Tally};
use super::{EntryScope, ListedEntry, Percent, Point, ReportPage, TypeCount, counted, entries, series};
use crate::audit::{Action, Category, Outcome, SystemEvent};
use crate::audit_log::{JobHealth, job_health};
use crate::clock;
use crate::ledger::{By, Counted};
use crate::period::{Added, IdRange, Interval, Period};
use crate::sql::{Sql, by_bytes};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Its permanent name, as recorded in the audit log.
pub const NAME: &str = "system_events";

/// The maximum number of jobs in the report, sorted by name.
const JOBS_MAX: u32 = 1_000;
/// The maximum number of rows in the table of who read what, the most frequent ones.
pub const ACCESS_MAX: usize = 100;

/// The filters of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemEventsCriteria {
    /// Action types, or all of a group; empty for all events.
    pub actions: Vec<Action>,
    pub outcome: Option<Ending>,
}

/// The possible outcomes of a system event. Denied attempts are not system events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SystemEventOutcome)]
pub enum Ending {
    Success,
    Failure,
}

/// The report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemEvents {
    pub total_events: i64,
    pub successful_events: i64,
    pub failed_events: i64,
    pub success_percent: Option<Percent>,
    pub by_event_type: Vec<GroupCount>,
    pub by_action_type: Vec<TypeCount>,
    pub jobs: Vec<JobHealth>,
    pub health: Health,
    /// Who read which parts of the audit log, the most frequent first.
    pub access: Vec<Access>,
    /// The number of rows that `access` would have without its limit.
    pub access_total: i64,
    pub timeseries: Vec<Point>,
    /// The total number of entries in the list.
    pub matching: i64,
    /// One page, plus one entry if there are more.
    pub entries: Vec<ListedEntry>,
}

/// The number of events in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupCount {
    pub group: SystemEvent,
    pub count: i64,
    pub percent: Percent,
}

/// The current health of the service, regardless of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Failed runs, here and reported; no dry runs.
    pub failed_jobs_24h: i64,
    /// Failed attempts to send an email, here and reported.
    pub failed_emails_24h: i64,
    pub pending_emails: i64,
    pub audit_entries_total: i64,
    pub oldest_entry_at: Option<DateTime<Utc>>,
}

/// How often a user read one view, report or export of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Access {
    pub action_type: String,
    pub view_type: Option<String>,
    pub user_id: Option<Uuid>,
    pub username: String,
    pub entry_count: i64,
    pub last_at: DateTime<Utc>,
}

impl Ending {
    const fn outcome(self) -> Outcome {
        match self {
            Self::Success => Outcome::Success,
            Self::Failure => Outcome::Failure,
        }
    }
}

impl SystemEventsCriteria {
    /// The entries that the statistics count.
    fn universe() -> EntryScope {
        let actions = Action::all().filter(|action| action.system_event().is_some()).collect();
        EntryScope { outcomes: vec![Outcome::Success, Outcome::Failure], ..EntryScope::done(Some(actions)) }
    }

    /// The entries that the list shows.
    pub fn list(&self) -> EntryScope {
        let universe = Self::universe();
        let asked_for = |action: &Action| self.actions.is_empty() || self.actions.contains(action);
        let actions = universe.actions.map(|actions| actions.into_iter().filter(asked_for).collect());
        let outcomes = self.outcome.map_or(universe.outcomes, |ending| vec![ending.outcome()]);
        EntryScope { actions, outcomes, ..universe }
    }
}

/// Computes the report for a period.
pub async fn system_events<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    interval: Interval,
    now: DateTime<Utc>,
    filters: &SystemEventsCriteria,
    paging: &ReportPage,
) -> Result<SystemEvents, super::ReportError> {
    let buckets = period.buckets(interval)?;
    let list = filters.list();
    let counted = counted(db, period).await?;
    let tallies = tally::tallies(db, &counted, &buckets, &SystemEventsCriteria::universe()).await?;
    let (access, access_total) = access(db, &counted, period.ids()).await?;
    let total = tally::total(tallies.iter());
    let successful = tally::total(tallies.iter().filter(|tally| tally.was_done()));
    let groups = tallies.iter().filter_map(|tally| Some((tally.bucket, tally.action.system_event()?.code(), tally.count)));
    Ok(SystemEvents {
        total_events: total,
        successful_events: successful,
        failed_events: total - successful,
        success_percent: Percent::new(successful, total),
        by_event_type: SystemEvent::all().map(|group| group_count(group, &tallies, total)).collect(),
        by_action_type: tally::by_type(tallies.iter()),
        jobs: job_health(db, JOBS_MAX).await?,
        health: health(db, &counted, now).await?,
        access,
        access_total,
        timeseries: series(&buckets, SystemEvent::all().map(SystemEvent::code), groups),
        matching: tally::matching(&tallies, &list),
        entries: entries(db, period.ids(), &list, paging).await?,
    })
}

fn group_count(group: SystemEvent, tallies: &[Tally], total: i64) -> GroupCount {
    let count = tally::total(tallies.iter().filter(|tally| tally.action.system_event() == Some(group)));
    GroupCount { group, count, percent: Percent::share(count, total) }
}

async fn health<C: ConnectionTrait>(db: &C, counted: &Counted, now: DateTime<Utc>) -> Result<Health, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        failed_jobs: i64,
        failed_emails: i64,
        pending_emails: i64,
    }
    let a_day_ago = clock::floor_id(now - TimeDelta::hours(24));
    let failed = |sql: Sql, action: Action, which: &'static str| {
        let sql = sql.text("(SELECT COUNT(*) FROM audit_entries WHERE outcome = 'failure' AND action_type = ");
        sql.value(action.code()).text(" AND id >= ").value(a_day_ago).text(which).text(")")
    };
    // A dry run has no topic, and neither has an email that another system reports.
    let sql = failed(Sql::new("SELECT "), Action::CronJobExecuted, " AND topic IS NOT NULL").text(" AS failed_jobs, ");
    let sql = failed(sql, Action::EmailNotificationSent, "")
        .text(" AS failed_emails, (SELECT COUNT(*) FROM outbox WHERE status = 'pending') AS pending_emails");
    let row: Row = sql.one(db).await?.ok_or_else(|| DbErr::RecordNotFound("health".to_owned()))?;
    Ok(Health {
        failed_jobs_24h: row.failed_jobs,
        failed_emails_24h: row.failed_emails,
        pending_emails: row.pending_emails,
        audit_entries_total: counted.entries_total(db).await?,
        oldest_entry_at: counted.oldest_entry_at(),
    })
}

#[derive(FromQueryResult)]
struct AccessRow {
    #[sea_orm(nested)]
    access: Access,
    rows_total: i64,
}

/// Who read which parts of the audit log, the most frequent first, and how many rows there would be without the limit.
async fn access<C: ConnectionTrait>(db: &C, counted: &Counted, ids: IdRange) -> Result<(Vec<Access>, i64), DbErr> {
    let reads = EntryScope::done(Some(Category::Access.actions().collect()));
    let sql = Sql::new(
        "SELECT counted.action_type, counted.topic AS view_type, counted.actor_id AS user_id, counted.actor_label AS username, \
         CAST(SUM(counted.entry_count) AS BIGINT) AS entry_count, COUNT(*) OVER () AS rows_total, ",
    );
    let sql = match ids.seen {
        // An entry that is not counted may be the last one.
        Some(_) => {
            last_seen(sql.text("CASE WHEN MIN(counted.entry_count) < 0 THEN "), ids).text(" ELSE MAX(counted.last_at) END")
        }
        None => sql.text("MAX(counted.last_at)"),
    };
    let collation = by_bytes(db);
    // The service itself reads nothing: its entries report how many readings of others were only counted.
    let sql = reads.relation(sql.text(" AS last_at FROM "), counted, By::Actors, &[ids]).text(
        " WHERE counted.actor_id IS NOT NULL GROUP BY counted.action_type, counted.topic, counted.actor_id, counted.actor_label \
         HAVING SUM(counted.entry_count) > 0 ORDER BY SUM(counted.entry_count) DESC, counted.actor_label",
    );
    let sql = sql.text(collation).text(", counted.action_type").text(collation);
    let sql = sql.text(", COALESCE(counted.topic, '')").text(collation);
    let rows: Vec<AccessRow> = sql.text(&format!(", counted.actor_id LIMIT {ACCESS_MAX}")).all(db).await?;
    let total = rows.first().map_or(0, |row| row.rows_total);
    Ok((rows.into_iter().map(|row| row.access).collect(), total))
}

/// The time of the last entry of a group that the first page of a list could see.
fn last_seen(sql: Sql, ids: IdRange) -> Sql {
    let sql = sql.text(
        "(SELECT entry.occurred_at FROM audit_entries AS entry WHERE entry.action_type = counted.action_type \
         AND COALESCE(entry.topic, '') = COALESCE(counted.topic, '') AND entry.actor_id IS NOT DISTINCT FROM counted.actor_id \
         AND entry.actor_label = counted.actor_label AND entry.outcome = ",
    );
    let sql = sql.value(Outcome::Success.code()).text(" AND entry.id >= ").value(ids.from).text(" AND entry.id < ");
    sql.value(ids.before).seen(ids.seen, Added::Entries, "entry").text(" ORDER BY entry.id DESC LIMIT 1)")
}
