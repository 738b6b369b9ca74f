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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub open_cases: i64,
    pub in_progress: i64,
    pub on_hold: i64,
    pub waiting_for_review: i64,
    pub overdue: i64,
    pub oldest_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TechnicianWork {
    pub user_id: Uuid,
    pub username: String,
    pub full_name: String,
    pub role: Role,
    pub user_level: Option<Level>,
    pub work: Work,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkshopWork {
    pub workshop_code: String,
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

/// Determines the workload at an instant: two statements, whatever is found.
pub async fn workload<C: ConnectionTrait>(db: &C, now: DateTime<Utc>, zone: Tz) -> Result<Workload, DbErr> {
    let today = now.with_timezone(&zone).date_naive();
    let groups: Vec<WorkloadGroup> = grouped(db, now, today).all(db).await?;
    let of = |kind: &'static str| groups.iter().filter(move |group| group.kind == kind);
    let total = |kind: &'static str| of(kind).next().map_or(0, |group| group.groups_total);
    Ok(Workload {
        as_of: now,
        by_status: open().map(|status| StatusWork::new(status, of(STATUS).find(|group| group.is_of(status)))).collect(),
        holds: holds(db).await?,
        by_technician: of(TECHNICIAN).filter_map(WorkloadGroup::technician).collect(),
        technicians_total: total(TECHNICIAN),
        by_workshop: of(WORKSHOP).map(WorkloadGroup::workshop).collect(),
        workshops_total: total(WORKSHOP),
    })
}

const STATUS: &str = "status";
const TECHNICIAN: &str = "technician";
const WORKSHOP: &str = "workshop";

/// The statuses of open cases, in the order of the lifecycle.
fn open() -> impl Iterator<Item = CaseStatus> {
    CaseStatus::iter().filter(|status| status.is_open())
}

/// Open cases that have something in common.
#[derive(FromQueryResult)]
struct WorkloadGroup {
    kind: String,
    /// A status, or the code of a workshop.
    name: Option<String>,
    user_id: Option<Uuid>,
    username: Option<String>,
    full_name: Option<String>,
    role: Option<Role>,
    user_level: Option<Level>,
    open_cases: i64,
    in_progress: i64,
    on_hold: i64,
    waiting_for_review: i64,
    older_than_0: i64,
    older_than_1: i64,
    older_than_2: i64,
    older_than_3: i64,
    overdue: i64,
    unassigned: i64,
    overdue_holds: i64,
    oldest_at: Option<DateTime<Utc>>,
    longest_held_at: Option<DateTime<Utc>>,
    /// The number of groups of this kind that there would be without the limit.
    groups_total: i64,
}

/// The open cases by status, technician and workshop. They are read once, and counted by all three together first: there are far
/// fewer such combinations than cases.
fn grouped<C: ConnectionTrait>(db: &C, now: DateTime<Utc>, today: NaiveDate) -> Sql {
    let bytes = by_bytes(db);
    let figures = figures();
    let sql = combinations(Sql::new("WITH open AS ("), now, today).text(&format!(
        ") SELECT listed.*, users.username, users.first_name || ' ' || users.last_name AS full_name, users.role, \
         users.user_level FROM (SELECT '{TECHNICIAN}' AS kind, NULL AS name, users.id AS user_id, {}, \
         work.oldest_at, work.longest_held_at, COUNT(*) OVER () AS groups_total, \
         ROW_NUMBER() OVER (ORDER BY COALESCE(work.open_cases, 0) DESC, users.username{bytes}) AS place \
         FROM users LEFT JOIN (SELECT open.assigned_to_id, {figures} FROM open WHERE open.assigned_to_id IS NOT NULL \
         GROUP BY open.assigned_to_id) AS work ON work.assigned_to_id = users.id \
         WHERE work.assigned_to_id IS NOT NULL OR (users.role = ",
        COUNTS.map(|count| format!("COALESCE(work.{count}, 0) AS {count}")).join(", ")
    ));
    let group = |kind: &str, column: &str| {
        format!(
            "SELECT '{kind}' AS kind, open.{column} AS name, NULL AS user_id, {figures}, COUNT(*) OVER () AS groups_total, \
             ROW_NUMBER() OVER (ORDER BY SUM(open.open_cases) DESC, open.{column}{bytes}) AS place \
             FROM open GROUP BY open.{column}"
        )
    };
    sql.value(Role::Technician.code()).text(&format!(
        " AND users.is_active AND users.deleted_at IS NULL) UNION ALL {} UNION ALL {}) AS listed \
         LEFT JOIN users ON users.id = listed.user_id WHERE listed.place <= {GROUPS_MAX} ORDER BY listed.kind, listed.place",
        group(STATUS, "status"),
        group(WORKSHOP, "workshop_code")
    ))
}

/// Counts the open cases of each status, assignee and workshop.
fn combinations(sql: Sql, now: DateTime<Utc>, today: NaiveDate) -> Sql {
    let sql = sql.text("SELECT cases.status, cases.assigned_to_id, cases.workshop_code, COUNT(*) AS open_cases, ");
    let sql = AGES.into_iter().enumerate().fold(sql, |sql, (number, days)| {
        let sql = sql.text("COUNT(CASE WHEN cases.since <= ").value(now - TimeDelta::days(days));
        sql.text(&format!(" THEN 1 END) AS older_than_{number}, "))
    });
    let sql = sql.text("COUNT(CASE WHEN cases.due_on < ").value(today).text(" THEN 1 END) AS late, ");
    let sql = sql.text("COUNT(CASE WHEN cases.hold_expected_end_at < ").value(now).text(" THEN 1 END) AS overdue_holds, ");
    let sql = sql.text(
        "MIN(cases.since) AS oldest_at, MIN(cases.held_at) AS longest_held_at FROM (SELECT cases.*, \
         COALESCE(cases.submitted_at, cases.created_at) AS since FROM cases) AS cases \
         WHERE cases.deleted_at IS NULL AND cases.status IN (",
    );
    sql.values(open().map(CaseStatus::code)).text(") GROUP BY cases.status, cases.assigned_to_id, cases.workshop_code")
}

/// The counts of a group.
const COUNTS: [&str; 11] = [
    "open_cases",
    "in_progress",
    "on_hold",
    "waiting_for_review",
    "older_than_0",
    "older_than_1",
    "older_than_2",
    "older_than_3",
    "overdue",
    "unassigned",
    "overdue_holds",
];

/// The figures of a group, from those of its combinations.
fn figures() -> String {
    let late: Vec<String> =
        CaseStatus::iter().filter(|status| status.can_be_overdue()).map(|status| format!("'{}'", status.code())).collect();
    let sums = COUNTS.map(|count| {
        let counted = match count {
            "in_progress" => with_status(CaseStatus::Accepted),
            "on_hold" => with_status(CaseStatus::Hold),
            "waiting_for_review" => with_status(CaseStatus::PendingReview),
            "overdue" => format!("CASE WHEN open.status IN ({}) THEN open.late ELSE 0 END", late.join(", ")),
            "unassigned" => "CASE WHEN open.assigned_to_id IS NULL THEN open.open_cases ELSE 0 END".to_owned(),
            count => format!("open.{count}"),
        };
        format!("CAST(SUM({counted}) AS BIGINT) AS {count}")
    });
    format!("{}, MIN(open.oldest_at) AS oldest_at, MIN(open.longest_held_at) AS longest_held_at", sums.join(", "))
}

fn with_status(status: CaseStatus) -> String {
    format!("CASE WHEN open.status = '{}' THEN open.open_cases ELSE 0 END", status.code())
}

impl WorkloadGroup {
    fn is_of(&self, status: CaseStatus) -> bool {
        self.name.as_deref() == Some(status.code())
    }

    fn work(&self) -> Work {
        Work {
            open_cases: self.open_cases,
            in_progress: self.in_progress,
            on_hold: self.on_hold,
            waiting_for_review: self.waiting_for_review,
            overdue: self.overdue,
            oldest_at: self.oldest_at,
        }
    }

    fn technician(&self) -> Option<TechnicianWork> {
        Some(TechnicianWork {
            user_id: self.user_id?,
            username: self.username.clone()?,
            full_name: self.full_name.clone()?,
            role: self.role?,
            user_level: self.user_level,
            work: self.work(),
        })
    }

    fn workshop(&self) -> WorkshopWork {
        WorkshopWork { workshop_code: self.name.clone().unwrap_or_default(), work: self.work() }
    }
}

impl StatusWork {
    fn new(status: CaseStatus, found: Option<&WorkloadGroup>) -> Self {
        let Some(row) = found else {
            let ages = [0; AGES.len() + 1];
            let (oldest_at, longest_held_at) = (None, None);
            return Self { status, open_cases: 0, ages, overdue: 0, unassigned: 0, overdue_holds: 0, oldest_at, longest_held_at };
        };
        let WorkloadGroup { older_than_0: a, older_than_1: b, older_than_2: c, older_than_3: d, .. } = *row;
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
