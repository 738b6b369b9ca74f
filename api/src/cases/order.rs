//! The orders of the case list.

use super::filter::ListedAt;
use crate::http::Anyone;
use crate::wire::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use entity::case::listed::ListedCase;
use entity::case::listing::{self, ListedText};
use entity::case::{Column, Tier, secrecy};
use entity::clock;
use entity::page::{Direction, Position, SortKey};
use entity::user::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbBackend, Value};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// The order of the case list
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct CaseOrder {
    /// Sort order; defaults to newest first
    #[serde(default)]
    #[param(nullable = false)]
    pub sort: CaseSort,
}

/// Sort order; a minus sign means descending. Equal cases are sorted by id
///
/// `created_at` and `case_number` never change, so that pages in these orders contain each case exactly once. In the other orders
/// a case whose value changes between two pages may occur twice or not at all. Texts are compared without regard to the case of
/// ASCII letters, and otherwise by code point; `employee_last_name` continues with the first name, `member` and `assigned_to` are
/// sorted by full name. `status` is in the order of a case's course, and `tier` is not available to members. Cases without tier
/// or assignee come first in ascending order
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum CaseSort {
    #[default]
    #[serde(rename = "-created_at")]
    NewestFirst,
    #[serde(rename = "created_at")]
    OldestFirst,
    #[serde(rename = "due_on")]
    DueFirst,
    #[serde(rename = "-due_on")]
    DueLast,
    #[serde(rename = "updated_at")]
    UpdatedFirst,
    #[serde(rename = "-updated_at")]
    UpdatedLast,
    #[serde(rename = "case_number")]
    CaseNumber,
    #[serde(rename = "-case_number")]
    CaseNumberDescending,
    #[serde(rename = "employee_last_name")]
    EmployeeName,
    #[serde(rename = "-employee_last_name")]
    EmployeeNameDescending,
    #[serde(rename = "status")]
    Status,
    #[serde(rename = "-status")]
    StatusDescending,
    #[serde(rename = "urgency")]
    Urgency,
    #[serde(rename = "-urgency")]
    UrgencyDescending,
    #[serde(rename = "tier")]
    Tier,
    #[serde(rename = "-tier")]
    TierDescending,
    #[serde(rename = "member")]
    Member,
    #[serde(rename = "-member")]
    MemberDescending,
    #[serde(rename = "assigned_to")]
    Assignee,
    #[serde(rename = "-assigned_to")]
    AssigneeDescending,
}

/// What cases are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Created,
    Due,
    Updated,
    Status,
    Urgency,
    Tier,
    Text(ListedText),
}

impl CaseSort {
    const fn parts(self) -> (By, Direction) {
        use Direction::{Ascending, Descending};
        match self {
            Self::NewestFirst => (By::Created, Descending),
            Self::OldestFirst => (By::Created, Ascending),
            Self::DueFirst => (By::Due, Ascending),
            Self::DueLast => (By::Due, Descending),
            Self::UpdatedFirst => (By::Updated, Ascending),
            Self::UpdatedLast => (By::Updated, Descending),
            Self::CaseNumber => (By::Text(ListedText::CaseNumber), Ascending),
            Self::CaseNumberDescending => (By::Text(ListedText::CaseNumber), Descending),
            Self::EmployeeName => (By::Text(ListedText::EmployeeName), Ascending),
            Self::EmployeeNameDescending => (By::Text(ListedText::EmployeeName), Descending),
            Self::Status => (By::Status, Ascending),
            Self::StatusDescending => (By::Status, Descending),
            Self::Urgency => (By::Urgency, Ascending),
            Self::UrgencyDescending => (By::Urgency, Descending),
            Self::Tier => (By::Tier, Ascending),
            Self::TierDescending => (By::Tier, Descending),
            Self::Member => (By::Text(ListedText::Member), Ascending),
            Self::MemberDescending => (By::Text(ListedText::Member), Descending),
            Self::Assignee => (By::Text(ListedText::Assignee), Ascending),
            Self::AssigneeDescending => (By::Text(ListedText::Assignee), Descending),
        }
    }

    /// Refuses an order that would show what is hidden from the caller.
    pub fn ensure_available(self, by: &Anyone) -> Result<()> {
        match (self.parts().0, by.role()) {
            (By::Tier, Role::Member) => Err(Error::parameter("sort", "not_available", "must not be tier for members")),
            _ => Ok(()),
        }
    }

    /// The text that the database sorts by, if it is one.
    pub const fn text(self) -> Option<ListedText> {
        match self.parts().0 {
            By::Text(text) => Some(text),
            By::Created | By::Due | By::Updated | By::Status | By::Urgency | By::Tier => None,
        }
    }

    pub fn key(self, at: &ListedAt, backend: DbBackend) -> SortKey {
        let (value, direction) = self.parts();
        let column = |column: Column| Expr::col(column.as_column_ref());
        let (expression, read): (Expr, fn(&str) -> Option<Value>) = match value {
            By::Created => return SortKey::id(Column::Id, direction),
            By::Due => (column(Column::DueOn), day),
            By::Updated => (secrecy::updated_at(at.hidden), instant),
            By::Status => (listing::status_place(at.hidden, at.now), place),
            By::Urgency => (at.rush.column(), text),
            By::Tier => (listing::tier(), text),
            By::Text(listed) => (listed.expression(backend), text),
        };
        SortKey::expression(expression, read, Column::Id, direction)
    }

    pub fn position(self, listed: &ListedCase, by: &Anyone, at: &ListedAt) -> Position {
        let row = &listed.case;
        let value = match self.parts().0 {
            By::Created => None,
            By::Due => Some(row.due_on.to_string()),
            By::Updated => Some(clock::rfc3339(row.updated_at_for(by))),
            By::Status => listing::place_of(row.status_for(by, at.now)).map(|place| place.to_string()),
            By::Urgency => Some(at.rush.urgency(row).code().to_owned()),
            By::Tier => Some(row.tier.map(Tier::code).unwrap_or_default().to_owned()),
            By::Text(_) => listed.text.clone(),
        };
        Position { value, id: row.id }
    }
}

fn day(text: &str) -> Option<Value> {
    text.parse::<NaiveDate>().ok().map(Value::from)
}

fn instant(text: &str) -> Option<Value> {
    text.parse::<DateTime<Utc>>().ok().map(Value::from)
}

fn place(text: &str) -> Option<Value> {
    text.parse::<i32>().ok().map(Value::from)
}

fn text(text: &str) -> Option<Value> {
    Some(text.into())
}
