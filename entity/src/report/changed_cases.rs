//! The figures of case changes: of all, and by the member, the workshop and the assignee that the cases have now.

use super::EntryScope;
use crate::audit::{Action, ChangeType};
use crate::ledger::{By, ChangeColumn, Counted};
use crate::period::IdRange;
use crate::sql::{Sql, by_bytes};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use std::iter;

/// The maximum number of members, of workshops and of assignees: those whose cases changed most.
pub const GROUPS_MAX: usize = 100;

/// How often cases changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ChangeCounts {
    pub total_changes: i64,
    pub status_changes: i64,
    pub tier_changes: i64,
    pub reassignments: i64,
    pub resubmissions: i64,
    /// Resumptions included.
    pub holds: i64,
    /// Of the holds, those without the resumptions.
    pub placed_on_hold: i64,
    pub details_changes: i64,
}

/// How often cases changed, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct CaseChangeFigures {
    #[sea_orm(nested)]
    pub changes: ChangeCounts,
    pub cases_touched: i64,
}

/// The changes to the cases of one member or of one assignee; `None` for cases without an assignee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonChanges {
    pub user_id: Option<Uuid>,
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub figures: CaseChangeFigures,
}

/// The changes to the cases of one workshop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkshopChanges {
    pub workshop_code: String,
    pub figures: CaseChangeFigures,
}

/// The same changes, grouped in three ways, those with the most changes first. The totals are the numbers of rows that the lists
/// would have without their limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseChangeGroups {
    pub by_member: Vec<PersonChanges>,
    pub members_total: i64,
    pub by_workshop: Vec<WorkshopChanges>,
    pub workshops_total: i64,
    /// Cases without an assignee are one row.
    pub by_assignee: Vec<PersonChanges>,
    pub assignees_total: i64,
}

/// The number of cases with changes in scope, and the changes in groups. They are read once, and added up by case first, then by
/// all three together: each case has one member, one workshop and at most one assignee, and there are far fewer such combinations
/// than cases.
pub(super) async fn groups<C: ConnectionTrait>(
    db: &C,
    counted: &Counted,
    ids: IdRange,
    scope: &EntryScope,
) -> Result<(i64, CaseChangeGroups), DbErr> {
    let grouped = [
        group(MEMBER, "changed.member_id", "NULL", "changed.member_id"),
        group(WORKSHOP, "NULL", "changed.workshop_code", "changed.workshop_code"),
        group(ASSIGNEE, "changed.assigned_to_id", "NULL", "changed.assigned_to_id"),
    ];
    // Joined with the cases before grouping: PostgreSQL cannot estimate the number of groups, and would otherwise look up the
    // case of each.
    let columns = "cases.member_id, cases.workshop_code, cases.assigned_to_id";
    let sql = sums_by(Sql::new("WITH touched AS ("), (columns, "cases.id"), |sql| {
        scope.relation(sql, counted, By::Cases, &[ids]).text(" JOIN cases ON cases.id = counted.case_id")
    });
    let sql = sql.text(&format!(
        "), changed AS (SELECT touched.member_id, touched.workshop_code, touched.assigned_to_id, COUNT(*) AS cases_touched, {} \
         FROM touched GROUP BY touched.member_id, touched.workshop_code, touched.assigned_to_id) \
         SELECT ranked.*, (SELECT COUNT(*) FROM touched) AS touched_total \
         FROM (SELECT grouped.*, users.username, users.first_name, users.last_name, \
         COUNT(*) OVER (PARTITION BY grouped.group_kind) AS groups_total, \
         ROW_NUMBER() OVER (PARTITION BY grouped.group_kind ORDER BY grouped.total_changes DESC, \
         COALESCE(users.username, grouped.workshop_code, '')",
        sums("touched", "BIGINT")
    ));
    let sql = sql.text(by_bytes(db)).text(") AS place FROM (").text(&grouped.join(" UNION ALL "));
    let sql = sql.text(") AS grouped LEFT JOIN users ON users.id = grouped.user_id) AS ranked WHERE ranked.place <= ");
    let sql = sql.text(&GROUPS_MAX.to_string()).text(" ORDER BY ranked.group_kind, ranked.place");
    let rows: Vec<Row> = sql.all(db).await?;
    let cases_touched = rows.first().map_or(0, |row| row.touched_total);
    let mut groups = CaseChangeGroups::default();
    for row in rows {
        match row.group_kind.as_str() {
            MEMBER => {
                groups.members_total = row.groups_total;
                groups.by_member.push(row.into_person());
            }
            WORKSHOP => {
                groups.workshops_total = row.groups_total;
                groups.by_workshop.push(row.into_workshop());
            }
            _ => {
                groups.assignees_total = row.groups_total;
                groups.by_assignee.push(row.into_person());
            }
        }
    }
    Ok((cases_touched, groups))
}

const MEMBER: &str = "member";
const WORKSHOP: &str = "workshop";
const ASSIGNEE: &str = "assignee";

#[derive(FromQueryResult)]
struct Row {
    group_kind: String,
    user_id: Option<Uuid>,
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    workshop_code: Option<String>,
    groups_total: i64,
    touched_total: i64,
    #[sea_orm(nested)]
    figures: CaseChangeFigures,
}

/// The columns of `ChangeCounts` but the total, each with the actions that it counts.
fn columns() -> [(&'static str, Vec<Action>); 7] {
    let of = |kind: ChangeType| kind.actions().collect();
    [
        ("status_changes", of(ChangeType::Status)),
        ("tier_changes", of(ChangeType::Tier)),
        ("reassignments", of(ChangeType::Assignment)),
        ("resubmissions", of(ChangeType::Resubmission)),
        ("holds", of(ChangeType::Hold)),
        ("placed_on_hold", vec![Action::CaseHeld]),
        ("details_changes", of(ChangeType::Details)),
    ]
}

/// Appends a statement that reads a relation of counted entries: its columns of changes, and others, that the keys it is grouped
/// by determine.
pub(super) fn sums_by(sql: Sql, (columns, keys): (&str, &str), relation: impl FnOnce(Sql) -> Sql) -> Sql {
    // Sums of integers, which PostgreSQL adds faster than those of larger types.
    let sql = sql.text(&format!("SELECT {columns}, {} FROM ", sums("counted", "INTEGER")));
    let any = ChangeColumn::ALL.map(|column| format!("SUM(counted.{}) > 0", column.name())).join(" OR ");
    relation(sql).text(&format!(" GROUP BY {keys} HAVING {any}"))
}

/// The sum of each column of changes in a table.
fn sums(table: &str, kind: &str) -> String {
    let sum = |column: ChangeColumn| format!("CAST(SUM({table}.{0}) AS {kind}) AS {0}", column.name());
    ChangeColumn::ALL.map(sum).join(", ")
}

/// The columns of `ChangeCounts` as sums of a table with the columns of changes.
pub(super) fn totals(table: &str) -> String {
    let total = |name: &str, actions: Option<&[Action]>| {
        let counting = ChangeColumn::ALL.into_iter().filter(|column| column.counts_any(actions));
        let added: Vec<String> = counting.map(|column| format!("{table}.{}", column.name())).collect();
        format!("CAST(SUM({}) AS BIGINT) AS {name}", added.join(" + "))
    };
    let each = columns().map(|(name, actions)| total(name, Some(&actions)));
    iter::once(total("total_changes", None)).chain(each).collect::<Vec<_>>().join(", ")
}

fn group(kind: &str, user: &str, workshop: &str, key: &str) -> String {
    let totals = totals("changed");
    format!(
        "SELECT '{kind}' AS group_kind, {user} AS user_id, {workshop} AS workshop_code, \
         CAST(SUM(changed.cases_touched) AS BIGINT) AS cases_touched, {totals} FROM changed GROUP BY {key}"
    )
}

impl Row {
    fn into_person(self) -> PersonChanges {
        let full_name = self.first_name.zip(self.last_name).map(|(first, last)| format!("{first} {last}"));
        PersonChanges { user_id: self.user_id, username: self.username, full_name, figures: self.figures }
    }

    fn into_workshop(self) -> WorkshopChanges {
        WorkshopChanges { workshop_code: self.workshop_code.unwrap_or_default(), figures: self.figures }
    }
}
