//! The activity summary: how much happened, of what kind, by whom, and whether that is more than before.

use super::tally::{self, Tally};
use super::{CategoryCount, EntryScope, Percent, Point, TypeCount, counted, series};
use crate::audit::{Action, Category, Outcome};
use crate::ledger::{By, Counted};
use crate::period::{Interval, Period};
use crate::sql::{Sql, by_bytes};
use crate::user::{Level, Role};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Its permanent name, as recorded in the audit log.
pub const NAME: &str = "activity_summary";

/// The maximum number of types, and of people and service accounts each, in the summary.
pub const TYPES_MAX: usize = 15;
pub const USERS_MAX: usize = 10;

/// The direction of the change since the previous period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    Up,
    Down,
    Flat,
}

/// The report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivitySummary {
    pub total_activities: i64,
    /// Total of the period just before.
    pub previous_total: i64,
    pub delta: i64,
    /// `None` if the previous period had no activities.
    pub percent_change: Option<Percent>,
    pub direction: Trend,
    pub active_users: i64,
    pub case_activities: i64,
    pub user_management_activities: i64,
    pub quality_review_activities: i64,
    pub access_activities: i64,
    pub system_activity_count: i64,
    pub failed_attempts: i64,
    pub denied_attempts: i64,
    pub distinct_types: usize,
    /// Entries of the types beyond those in `by_action_type`.
    pub other_types_count: i64,
    pub by_category: Vec<CategoryCount>,
    pub by_action_type: Vec<TypeCount>,
    /// People only.
    pub top_users: Vec<UserCount>,
    pub top_service_accounts: Vec<UserCount>,
    pub timeseries: Vec<Point>,
}

/// The activity of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCount {
    pub user_id: Uuid,
    pub username: String,
    pub full_name: String,
    pub email: String,
    pub role: Role,
    pub user_level: Option<Level>,
    pub count: i64,
    pub percent: Percent,
    pub last_activity_at: DateTime<Utc>,
}

/// Computes the report for a period.
pub async fn activity_summary<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    interval: Interval,
) -> Result<ActivitySummary, super::ReportError> {
    let buckets = period.buckets(interval)?;
    let everything = EntryScope { outcomes: vec![Outcome::Success, Outcome::Failure, Outcome::Denied], ..EntryScope::done(None) };
    let counted = counted(db, period).await?;
    let tallies = tally::tallies(db, &counted, &buckets, &everything).await?;
    let previous_total = tally::count(db, &counted, period.previous_ids(), &EntryScope::done(None)).await?;
    let (active_users, most_active) = most_active(db, &counted, period).await?;
    let (service_accounts, people): (Vec<_>, Vec<_>) = most_active.into_iter().partition(|row| row.role == Role::Service);

    let done = || tallies.iter().filter(|tally| tally.was_done());
    let ended = |outcome| tally::total(tallies.iter().filter(|tally| tally.outcome == outcome));
    let total = tally::total(done());
    let mut by_action_type = tally::by_type(done());
    let distinct_types = by_action_type.len();
    by_action_type.truncate(TYPES_MAX);
    let delta = total - previous_total;
    let points = done().map(|tally| (tally.bucket, tally.action.category().code(), tally.count));
    Ok(ActivitySummary {
        total_activities: total,
        previous_total,
        delta,
        percent_change: Percent::new(delta, previous_total),
        direction: Trend::new(delta),
        active_users,
        case_activities: done().map(|tally| tally.on_cases).sum(),
        user_management_activities: tally::total(done().filter(|tally| manages_users(tally))),
        quality_review_activities: tally::total(done().filter(|tally| tally.action.category() == Category::Review)),
        access_activities: done().map(access).sum(),
        system_activity_count: done().filter(|tally| !tally.action.may_be_folded()).map(|tally| tally.by_system).sum(),
        failed_attempts: ended(Outcome::Failure),
        denied_attempts: ended(Outcome::Denied),
        distinct_types,
        other_types_count: total - by_action_type.iter().map(|row| row.count).sum::<i64>(),
        by_category: tally::by_category(done()),
        by_action_type,
        top_users: people.into_iter().map(|row| row.into_user_count(total)).collect(),
        top_service_accounts: service_accounts.into_iter().map(|row| row.into_user_count(total)).collect(),
        timeseries: series(&buckets, Category::all().map(Category::code), points),
    })
}

impl Trend {
    const fn new(delta: i64) -> Self {
        match delta {
            0 => Self::Flat,
            1.. => Self::Up,
            _ => Self::Down,
        }
    }
}

/// Whether it is user management by staff. Updates of a member's profile aren't counted, since members may make them too.
fn manages_users(tally: &Tally) -> bool {
    tally.action.category() == Category::User && tally.action != Action::MemberProfileUpdated
}

/// How many readings and exports it counts: whatever was read, an entry by the service itself that reports readings is one of
/// them, and not its own activity.
fn access(tally: &Tally) -> i64 {
    match tally.action.category() {
        Category::Access => tally.count,
        _ if tally.action.may_be_folded() => tally.by_system,
        _ => 0,
    }
}

#[derive(FromQueryResult)]
struct Row {
    user_id: Uuid,
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    role: Role,
    user_level: Option<Level>,
    entry_count: i64,
    last_activity_at: DateTime<Utc>,
    active_users: i64,
}

impl Row {
    fn into_user_count(self, total: i64) -> UserCount {
        let Self { user_id, username, first_name, last_name, email, role, user_level, entry_count, last_activity_at, .. } = self;
        let full_name = format!("{first_name} {last_name}");
        let percent = Percent::share(entry_count, total);
        UserCount { user_id, username, full_name, email, role, user_level, count: entry_count, percent, last_activity_at }
    }
}

/// The most active people and the most active service accounts, and the number of all active users.
async fn most_active<C: ConnectionTrait>(db: &C, counted: &Counted, period: &Period) -> Result<(i64, Vec<Row>), DbErr> {
    let order = format!("actor.entry_count DESC, users.username{}", by_bytes(db));
    let sql = Sql::new(&format!(
        "SELECT user_id, username, first_name, last_name, email, role, user_level, entry_count, last_activity_at, active_users \
         FROM (SELECT users.id AS user_id, users.username, users.first_name, users.last_name, users.email, users.role, \
         users.user_level, actor.entry_count, actor.last_activity_at, COUNT(*) OVER () AS active_users, \
         ROW_NUMBER() OVER (PARTITION BY CASE users.role WHEN 'service' THEN 1 ELSE 0 END ORDER BY {order}) AS place \
         FROM (SELECT counted.actor_id, CAST(SUM(counted.entry_count) AS BIGINT) AS entry_count, \
         MAX(counted.last_at) AS last_activity_at FROM "
    ));
    let sql = EntryScope::done(None).relation(sql, counted, By::ActorTotals, &[period.ids()]).text(
        " WHERE counted.actor_id IS NOT NULL GROUP BY counted.actor_id) AS actor JOIN users ON users.id = actor.actor_id) \
         AS ranked WHERE place <= ",
    );
    let rows: Vec<Row> = sql.text(&format!("{USERS_MAX} ORDER BY place")).all(db).await?;
    Ok((rows.first().map_or(0, |row| row.active_users), rows))
}
