//! What lists of cases are sorted by, as SQL: as the caller sees it, and the same on both databases.

use super::secrecy::{Hidden, has_status};
use super::{CaseStatus, Column, Entity};
use crate::db::rows_of;
use crate::page::sortable;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{CaseStatement, Expr, Func};
use sea_orm::{ColumnTrait, Condition, DbBackend, IdenStatic, Iterable, QuerySelect, Select};
use std::sync::LazyLock;

const TEXT: &str = "listed_text";

/// A text by which cases are sorted. Computed by the database alone, which also returns it: a cursor contains what was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedText {
    CaseNumber,
    /// Last name, then first name.
    EmployeeName,
    /// The full name of the member, then the username.
    Member,
    /// The same of the assignee; empty without one.
    Assignee,
}

impl ListedText {
    /// As SQL, to sort by.
    pub fn expression(self, backend: DbBackend) -> Expr {
        let text = match self {
            Self::CaseNumber => column(Column::CaseNumber),
            // Of two last names of which one begins like the other, the shorter one comes first.
            Self::EmployeeName => {
                format!("{} || '\u{1}' || {}", column(Column::EmployeeLastName), column(Column::EmployeeFirstName))
            }
            Self::Member => name_of(Column::MemberId),
            Self::Assignee => name_of(Column::AssignedToId),
        };
        Expr::cust(sortable(&text, backend))
    }
}

fn column(column: Column) -> String {
    format!("\"cases\".\"{}\"", column.as_str())
}

fn name_of(person: Column) -> String {
    let name = "person.first_name || ' ' || person.last_name || '\u{1}' || person.username";
    format!("COALESCE((SELECT {name} FROM users AS person WHERE person.id = {}), '')", column(person))
}

/// The columns of a case as a list reads them: without its longest texts, which no list shows, and on which nothing that it shows
/// depends.
fn listed_columns() -> &'static str {
    static COLUMNS: LazyLock<String> = LazyLock::new(|| {
        let listed = |name: Column| match name {
            Column::ClientEmail
            | Column::SpecialNotes
            | Column::InternalNotes
            | Column::ReportNotesToMember
            | Column::ReviewNotes
            | Column::RejectionNotes
            | Column::ResubmissionNotes => format!("NULL AS \"{}\"", name.as_str()),
            // Every case has one.
            Column::SearchText => format!("'' AS \"{}\"", name.as_str()),
            _ => column(name),
        };
        Column::iter().map(listed).collect::<Vec<_>>().join(", ")
    });
    &COLUMNS
}

/// The same cases without what no list shows, with the text that they are sorted by as the column after those of the case.
pub fn with_text(cases: Select<Entity>, text: Option<ListedText>, backend: DbBackend) -> Select<Entity> {
    let text = text.map_or_else(|| Expr::cust("CAST(NULL AS TEXT)"), |text| text.expression(backend));
    rows_of(cases, listed_columns()).expr_as(text, TEXT)
}

/// The place of the status that the caller sees: `status_for` of each row. The statuses are in the order of a case's course.
pub fn status_place(hidden: Hidden, now: DateTime<Utc>) -> Expr {
    let places = (0_i32..).zip(CaseStatus::iter());
    let seen = |status| has_status(&[status], hidden, now);
    places.fold(CaseStatement::new(), |places, (place, status)| places.case(seen(status), place)).into()
}

/// The place of a status among all.
pub fn place_of(status: CaseStatus) -> Option<i32> {
    (0_i32..).zip(CaseStatus::iter()).find(|(_, other)| *other == status).map(|(place, _)| place)
}

/// The tier; cases without one come before those with one.
pub fn tier() -> Expr {
    Func::coalesce([Expr::col(Column::Tier.as_column_ref()), Expr::val("")]).into()
}

/// Whether the due date of a case has passed, by the date today, and it is neither a draft nor completed as far as the caller
/// sees.
pub fn is_overdue(is: bool, today: NaiveDate, hidden: Hidden, now: DateTime<Utc>) -> Condition {
    // The complement is spelled out: a comparison with a time that is null is neither true nor false.
    let (late, never): (Vec<_>, Vec<_>) = CaseStatus::iter().partition(|status| status.can_be_overdue());
    match is {
        true => Condition::all().add(Column::DueOn.lt(today)).add(has_status(&late, hidden, now)),
        false => Condition::any().add(Column::DueOn.gte(today)).add(has_status(&never, hidden, now)),
    }
}
