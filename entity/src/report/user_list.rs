//! The user activity report as a table: one row per user, also of those who did nothing in the period.

use super::{EntryScope, ReportPage, counted};
use crate::audit::Outcome;
use crate::clock;
use crate::ledger::{By, Counted};
use crate::page::{Direction, Position};
use crate::period::{Added, IdRange, Period};
use crate::sql::{Sql, by_bytes};
use crate::user::{Level, Role};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Iterable, Value};

/// What the table shows, and what it is sorted by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserListCriteria {
    /// Empty for all roles.
    pub roles: Vec<Role>,
    pub key: UserSortKey,
}

/// What the table is sorted by, and then by the ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSortKey {
    #[default]
    Username,
    TotalActivities,
}

/// The table, and figures of all users whatever their role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserList {
    pub total_users: i64,
    /// Of these, those with an activity in the period.
    pub active_users: i64,
    pub total_activities: i64,
    /// The total number of rows.
    pub matching: i64,
    /// One page, plus one row if there are more.
    pub rows: Vec<UserRow>,
}

/// The activity of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    pub id: Uuid,
    pub username: String,
    pub full_name: String,
    pub email: String,
    pub role: Role,
    pub user_level: Option<Level>,
    pub is_active: bool,
    pub deleted_at: Option<DateTime<Utc>>,
    pub total_activities: i64,
    /// Of these, those on a case.
    pub case_activities: i64,
    /// Within the period.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// At any time.
    pub last_activity_overall_at: Option<DateTime<Utc>>,
}

/// Computes the report for a period.
pub async fn user_list<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    filters: &UserListCriteria,
    paging: &ReportPage,
) -> Result<UserList, DbErr> {
    let counted = counted(db, period).await?;
    let Totals { total_users, active_users, total_activities, matching } = totals(db, &counted, period.ids(), filters).await?;
    let rows = page(db, &counted, period.ids(), filters, paging).await?;
    Ok(UserList { total_users, active_users, total_activities, matching, rows })
}

/// One page of the table, plus one row if there are more.
pub async fn rows<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    filters: &UserListCriteria,
    paging: &ReportPage,
) -> Result<Vec<UserRow>, DbErr> {
    page(db, &counted(db, period).await?, period.ids(), filters, paging).await
}

async fn page<C: ConnectionTrait>(
    db: &C,
    counted: &Counted,
    ids: IdRange,
    filters: &UserListCriteria,
    paging: &ReportPage,
) -> Result<Vec<UserRow>, DbErr> {
    let (beyond, direction) = match paging.direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    };
    let key = filters.key.expression("users.username", "COALESCE(actor.entry_count, 0)", by_bytes(db));
    let last_id = |sql: Sql| {
        let sql = sql.text("(SELECT entry.id FROM audit_entries AS entry WHERE entry.actor_id = listed.id AND entry.outcome = ");
        sql.value(Outcome::Success.code()).seen(ids.seen, Added::Entries, "entry")
    };
    let last_in_order = " ORDER BY entry.id DESC LIMIT 1) AS ";
    let sql = last_id(Sql::new("SELECT listed.*, ")).text(" AND entry.id >= ").value(ids.from).text(" AND entry.id < ");
    let sql = last_id(sql.value(ids.before).text(last_in_order).text("last_id, ")).text(last_in_order).text("last_ever_id");
    let sql = sql.text(
        " FROM (SELECT users.id, users.username, users.first_name, users.last_name, \
         users.email, users.role, users.user_level, users.is_active, users.deleted_at, \
         COALESCE(actor.entry_count, 0) AS entry_count, COALESCE(actor.case_count, 0) AS case_count",
    );
    let sql = with_activity(sql, counted, ids).text(" AND users.role IN (").values(filters.roles()).text(")");
    let sql = match &paging.after {
        Some(last) => {
            let sql = sql.text(&format!(" AND ({key}, users.id) {beyond} (")).value(filters.key.value(last)?);
            sql.text(", ").value(last.id).text(")")
        }
        None => sql,
    };
    let limit = paging.limit.saturating_add(1);
    let sql = sql.text(&format!(" ORDER BY {key} {direction}, users.id {direction} LIMIT {limit}) AS listed"));
    // The order of a statement within a statement is not that of its rows.
    let key = filters.key.expression("listed.username", "listed.entry_count", by_bytes(db));
    let sql = sql.text(&format!(" ORDER BY {key} {direction}, listed.id {direction}"));
    Ok(sql.all::<Row, C>(db).await?.into_iter().map(UserRow::new).collect())
}

#[derive(FromQueryResult)]
struct Totals {
    total_users: i64,
    active_users: i64,
    total_activities: i64,
    matching: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    role: Role,
    user_level: Option<Level>,
    is_active: bool,
    deleted_at: Option<DateTime<Utc>>,
    entry_count: i64,
    case_count: i64,
    last_id: Option<Uuid>,
    last_ever_id: Option<Uuid>,
}

async fn totals<C: ConnectionTrait>(
    db: &C,
    counted: &Counted,
    ids: IdRange,
    filters: &UserListCriteria,
) -> Result<Totals, DbErr> {
    let sql = Sql::new(
        "SELECT COUNT(*) AS total_users, COUNT(actor.entry_count) AS active_users, \
         CAST(COALESCE(SUM(actor.entry_count), 0) AS BIGINT) AS total_activities, COUNT(CASE WHEN users.role IN (",
    );
    let sql = sql.values(filters.roles()).text(") THEN 1 END) AS matching");
    let totals: Option<Totals> = with_activity(sql, counted, ids).one(db).await?;
    totals.ok_or_else(|| DbErr::RecordNotFound("users".to_owned()))
}

/// All users with what they did as actors; deleted users only if they did something in the period.
fn with_activity(sql: Sql, counted: &Counted, ids: IdRange) -> Sql {
    let sql = sql.text(
        " FROM users LEFT JOIN (SELECT counted.actor_id, CAST(SUM(counted.entry_count) AS BIGINT) AS entry_count, \
         CAST(SUM(counted.on_cases) AS BIGINT) AS case_count FROM ",
    );
    EntryScope::done(None).relation(sql, counted, By::ActorTotals, &[ids]).text(
        " WHERE counted.actor_id IS NOT NULL GROUP BY counted.actor_id HAVING SUM(counted.entry_count) > 0) AS actor \
         ON actor.actor_id = users.id WHERE (users.deleted_at IS NULL OR actor.entry_count IS NOT NULL)",
    )
}

impl UserListCriteria {
    /// The codes of the roles that are shown.
    fn roles(&self) -> Vec<&'static str> {
        Role::iter().filter(|role| self.roles.is_empty() || self.roles.contains(role)).map(Role::code).collect()
    }
}

impl UserSortKey {
    /// What is sorted by: a username, in the collation of all names, or a count.
    fn expression(self, username: &str, count: &str, collation: &str) -> String {
        match self {
            Self::Username => format!("{username}{collation}"),
            Self::TotalActivities => count.to_owned(),
        }
    }

    /// The value of a position.
    fn value(self, position: &Position) -> Result<Value, DbErr> {
        let text = position.value.as_deref().unwrap_or_default();
        match self {
            Self::Username => Ok(text.into()),
            Self::TotalActivities => text.parse::<i64>().map(Value::from).map_err(|error| DbErr::Type(error.to_string())),
        }
    }
}

impl UserRow {
    fn new(row: Row) -> Self {
        let Row { id, username, email, role, user_level, is_active, deleted_at, .. } = row;
        Self {
            id,
            username,
            full_name: format!("{} {}", row.first_name, row.last_name),
            email,
            role,
            user_level,
            is_active,
            deleted_at,
            total_activities: row.entry_count,
            case_activities: row.case_count,
            last_activity_at: row.last_id.and_then(clock::instant_of),
            last_activity_overall_at: row.last_ever_id.and_then(clock::instant_of),
        }
    }

    /// Where the row is in a table that is sorted by a key.
    pub fn position(&self, key: UserSortKey) -> Position {
        let value = match key {
            UserSortKey::Username => self.username.clone(),
            UserSortKey::TotalActivities => self.total_activities.to_string(),
        };
        Position { value: Some(value), id: self.id }
    }
}
