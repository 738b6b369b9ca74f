//! The workload: what is open now, how old it is, and with whom. A state, so no period applies to it.

use crate::case::CaseStatus;
use crate::sql::{Sql, by_bytes};
use crate::user::{Level, Role};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Iterable};

/// The maximum number of technicians and of workshops: those with the most open cases.
pub const GROUPS_MAX: usize = 100;
/// The maximum number of listed holds: those that have lasted longest.
pub const HOLDS_MAX: usize = 50;

/// The days at which a case becomes older than one column of the ages and belongs to the next.
const AGES: [i64; 4] = [3, 7, 14, 30];

/// The workload at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    pub as_of: DateTime<Utc>,
    /// All statuses of open cases.
    pub by_status: Vec<StatusWork>,
    pub holds: Vec<HeldCase>,
    /// Active technicians, also without cases, and everyone else to whom open cases are assigned; those with the most first.
    pub by_technician: Vec<TechnicianWork>,
    /// The number of rows that `by_technician` would have without its limit.
    pub technicians_total: i64,
    pub by_workshop: Vec<WorkshopWork>,
    pub workshops_total: i64,
}

/// The open cases with one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusWork {
    pub status: CaseStatus,
    pub open_cases: i64,
    /// By age since the submission, or the creation of a draft: under 3 days, then from 3, 7, 14 and 30 days on.
    pub ages: [i64; AGES.len() + 1],
    pub overdue: i64,
    pub unassigned: i64,
    /// Of those on hold: whose expected end is over.
    pub overdue_holds: i64,
    pub oldest_at: Option<DateTime<Utc>>,
    pub longest_held_at: Option<DateTime<Utc>>,
}

/// A case on hold.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct HeldCase {
    pub case_id: Uuid,
    pub case_number: String,
    pub workshop_code: String,
    pub assigned_to_id: Option<Uuid>,
    pub assigned_to_username: Option<String>,
    pub held_at: Option<DateTime<Utc>>,
    pub expected_end_at: Option<DateTime<Utc>>,
}

/// The open cases of one technician, or of one workshop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Work {
    pub open_cases: i64,
    pub in_progress: i64,
    pub on_hold: i64,
    pub waiting_for_review: i64,
    pub overdue: i64,
    pub oldest_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct TechnicianWork {
    pub user_id: Uuid,
    pub username: String,
    pub full_name: String,
    pub role: Role,
    pub user_level: Option<Level>,
    #[sea_orm(nested)]
    pub work: Work,
}

#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WorkshopWork {
    pub workshop_code: String,
    #[sea_orm(nested)]
    pub work: Work,
}

impl Workload {
    /// The sum of a figure over all statuses.
    pub fn sum(&self, figure: fn(&StatusWork) -> i64) -> i64 {
        self.by_status.iter().map(figure).sum()
    }

    /// How many open cases have a status.
    pub fn with_status(&self, status: CaseStatus) -> i64 {
        self.by_status.iter().filter(|row| row.status == status).map(|row| row.open_cases).sum()
    }

    /// Since when the longest of the holds has lasted.
    pub fn longest_held_at(&self) -> Option<DateTime<Utc>> {
        self.by_status.iter().filter_map(|row| row.longest_held_at).min()
    }
}

/// Determines the workload at an instant: four statements, whatever is found.
pub async fn workload<C: ConnectionTrait>(db: &C, now: DateTime<Utc>, zone: Tz) -> Result<Workload, DbErr> {
    let today = now.with_timezone(&zone).date_naive();
    let (by_technician, technicians_total) = by_technician(db, today).await?;
    let (by_workshop, workshops_total) = by_workshop(db, today).await?;
    let (by_status, holds) = (by_status(db, now, today).await?, holds(db).await?);
    Ok(Workload { as_of: now, by_status, holds, by_technician, technicians_total, by_workshop, workshops_total })
}

/// Since when a case has been waiting to be completed.
const SINCE: &str = "COALESCE(cases.submitted_at, cases.created_at)";

/// The condition of an open case.
fn are_open(sql: Sql) -> Sql {
    sql.text("cases.deleted_at IS NULL AND cases.status IN (").values(open().map(CaseStatus::code)).text(")")
}

/// The statuses of open cases, in the order of the lifecycle.
fn open() -> impl Iterator<Item = CaseStatus> {
    CaseStatus::iter().filter(|status| status.is_open())
}

/// The number of cases that are late.
fn count_overdue(sql: Sql, today: NaiveDate) -> Sql {
    let late = CaseStatus::iter().filter(|status| status.can_be_overdue());
    let sql = sql.text("COUNT(CASE WHEN cases.status IN (").values(late.map(CaseStatus::code));
    sql.text(") AND cases.due_on < ").value(today).text(" THEN 1 END) AS overdue")
}

#[derive(FromQueryResult)]
struct StatusRow {
    status: CaseStatus,
    open_cases: i64,
    older_than_0: i64,
    older_than_1: i64,
    older_than_2: i64,
    older_than_3: i64,
    overdue: i64,
    unassigned: i64,
    overdue_holds: i64,
    oldest_at: Option<DateTime<Utc>>,
    longest_held_at: Option<DateTime<Utc>>,
}

async fn by_status<C: ConnectionTrait>(db: &C, now: DateTime<Utc>, today: NaiveDate) -> Result<Vec<StatusWork>, DbErr> {
    let sql = Sql::new("SELECT cases.status, COUNT(*) AS open_cases, ");
    let sql = AGES.into_iter().enumerate().fold(sql, |sql, (number, days)| {
        let sql = sql.text("COUNT(CASE WHEN ").text(SINCE).text(" <= ").value(now - TimeDelta::days(days));
        sql.text(&format!(" THEN 1 END) AS older_than_{number}, "))
    });
    let sql = count_overdue(sql, today).text(", COUNT(CASE WHEN cases.assigned_to_id IS NULL THEN 1 END) AS unassigned, ");
    let sql = sql.text("COUNT(CASE WHEN cases.hold_expected_end_at < ").value(now).text(" THEN 1 END) AS overdue_holds, ");
    let sql = sql.text("MIN(").text(SINCE).text(") AS oldest_at, MIN(cases.held_at) AS longest_held_at FROM cases WHERE ");
    let rows: Vec<StatusRow> = are_open(sql).text(" GROUP BY cases.status").all(db).await?;
    Ok(open().map(|status| StatusWork::new(status, rows.iter().find(|row| row.status == status))).collect())
}

impl StatusWork {
    fn new(status: CaseStatus, found: Option<&StatusRow>) -> Self {
        let Some(row) = found else {
            let ages = [0; AGES.len() + 1];
            let (oldest_at, longest_held_at) = (None, None);
            return Self { status, open_cases: 0, ages, overdue: 0, unassigned: 0, overdue_holds: 0, oldest_at, longest_held_at };
        };
        let StatusRow { older_than_0: a, older_than_1: b, older_than_2: c, older_than_3: d, .. } = *row;
        Self {
            status,
            open_cases: row.open_cases,
            ages: [row.open_cases - a, a - b, b - c, c - d, d],
            overdue: row.overdue,
            unassigned: row.unassigned,
            overdue_holds: row.overdue_holds,
            oldest_at: row.oldest_at,
            longest_held_at: row.longest_held_at,
        }
    }
}

/// The longest holds.
async fn holds<C: ConnectionTrait>(db: &C) -> Result<Vec<HeldCase>, DbErr> {
    let sql = Sql::new(
        "SELECT cases.id AS case_id, cases.case_number, cases.workshop_code, cases.assigned_to_id, \
         users.username AS assigned_to_username, cases.held_at, \
         cases.hold_expected_end_at AS expected_end_at \
         FROM cases LEFT JOIN users ON users.id = cases.assigned_to_id WHERE cases.deleted_at IS NULL AND cases.status = ",
    );
    let sql = sql.value(CaseStatus::Hold.code()).text(&format!(" ORDER BY cases.held_at, cases.id LIMIT {HOLDS_MAX}"));
    sql.all(db).await
}

/// The figures of a group of open cases, as columns.
fn figures(sql: Sql, today: NaiveDate) -> Sql {
    let sql = sql.text("COUNT(*) AS open_cases");
    let counted =
        [(CaseStatus::Accepted, "in_progress"), (CaseStatus::Hold, "on_hold"), (CaseStatus::PendingReview, "waiting_for_review")];
    let sql = counted.into_iter().fold(sql, |sql, (status, name)| {
        let sql = sql.text(", COUNT(CASE WHEN cases.status = ").value(status.code());
        sql.text(&format!(" THEN 1 END) AS {name}"))
    });
    count_overdue(sql.text(", "), today).text(", MIN(").text(SINCE).text(") AS oldest_at")
}

#[derive(FromQueryResult)]
struct TechnicianRow {
    #[sea_orm(nested)]
    technician: TechnicianWork,
    rows_total: i64,
}

async fn by_technician<C: ConnectionTrait>(db: &C, today: NaiveDate) -> Result<(Vec<TechnicianWork>, i64), DbErr> {
    let count = |name: &str| format!("COALESCE(held.{name}, 0) AS {name}");
    let counts = ["open_cases", "in_progress", "on_hold", "waiting_for_review", "overdue"].map(count).join(", ");
    let sql = Sql::new("SELECT users.id AS user_id, users.username, users.role, users.user_level, ");
    let sql = sql
        .text("users.first_name || ' ' || users.last_name AS full_name, ")
        .text(&counts)
        .text(", held.oldest_at, COUNT(*) OVER () AS rows_total FROM users LEFT JOIN (SELECT cases.assigned_to_id, ");
    let sql = are_open(figures(sql, today).text(" FROM cases WHERE "));
    let sql = sql.text(" AND cases.assigned_to_id IS NOT NULL GROUP BY cases.assigned_to_id) AS held");
    let sql = sql.text(" ON held.assigned_to_id = users.id WHERE held.assigned_to_id IS NOT NULL OR (users.role = ");
    let sql = sql
        .value(Role::Technician.code())
        .text(" AND users.is_active AND users.deleted_at IS NULL) ORDER BY COALESCE(held.open_cases, 0) DESC, users.username");
    let rows: Vec<TechnicianRow> = sql.text(by_bytes(db)).text(&format!(" LIMIT {GROUPS_MAX}")).all(db).await?;
    let total = rows.first().map_or(0, |row| row.rows_total);
    Ok((rows.into_iter().map(|row| row.technician).collect(), total))
}

#[derive(FromQueryResult)]
struct WorkshopRow {
    #[sea_orm(nested)]
    workshop: WorkshopWork,
    rows_total: i64,
}

async fn by_workshop<C: ConnectionTrait>(db: &C, today: NaiveDate) -> Result<(Vec<WorkshopWork>, i64), DbErr> {
    let sql = figures(Sql::new("SELECT cases.workshop_code, "), today).text(", COUNT(*) OVER () AS rows_total FROM cases WHERE ");
    let sql = are_open(sql).text(" GROUP BY cases.workshop_code ORDER BY COUNT(*) DESC, cases.workshop_code");
    let rows: Vec<WorkshopRow> = sql.text(by_bytes(db)).text(&format!(" LIMIT {GROUPS_MAX}")).all(db).await?;
    let total = rows.first().map_or(0, |row| row.rows_total);
    Ok((rows.into_iter().map(|row| row.workshop).collect(), total))
}
