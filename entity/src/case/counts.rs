//! Counts cases by what a caller sees of them, in one statement.

use super::secrecy::{Hidden, has_status};
use super::urgency::Rush;
use super::{CaseStatus, Column, Entity};
use crate::page::sortable;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, Iterable, Order, QueryResult, QuerySelect, QueryTrait, Select};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The maximum number of groups that are returned: those with the most cases.
pub const GROUPS_MAX: u64 = 200;

/// What cases are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseProperty {
    /// As the caller sees it.
    Status,
    Assignee,
    Workshop,
    Urgency,
    Tier,
    Member,
}

/// The cases of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseGroup {
    /// The word, the code of the workshop, or the id of the user; none for cases without an assignee or a tier.
    pub key: Option<String>,
    /// The full name, if the group is that of a user.
    pub full_name: Option<String>,
    pub case_count: i64,
}

/// Cases by one of their properties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those with the most cases first, at most `GROUPS_MAX`.
    pub groups: Vec<CaseGroup>,
    /// The number of all groups.
    pub total_groups: i64,
    /// The number of all cases.
    pub total_cases: i64,
}

impl CaseProperty {
    /// The column of a user's id.
    const fn person(self) -> Option<Column> {
        match self {
            Self::Assignee => Some(Column::AssignedToId),
            Self::Member => Some(Column::MemberId),
            Self::Status | Self::Workshop | Self::Urgency | Self::Tier => None,
        }
    }

    fn key(self, hidden: Hidden, now: DateTime<Utc>, rush: Rush) -> Expr {
        let column = |column: Column| Expr::col(column.as_column_ref());
        match self {
            Self::Status => status(hidden, now),
            Self::Assignee => column(Column::AssignedToId),
            Self::Workshop => column(Column::WorkshopCode),
            Self::Urgency => rush.column(),
            Self::Tier => column(Column::Tier),
            Self::Member => column(Column::MemberId),
        }
    }
}

/// The status that the caller sees, as a word.
fn status(hidden: Hidden, now: DateTime<Utc>) -> Expr {
    let seen = |status| has_status(&[status], hidden, now);
    CaseStatus::iter().fold(CaseStatement::new(), |words, status| words.case(seen(status), status.code())).into()
}

/// Counts these cases.
pub async fn counts<C: ConnectionTrait>(
    db: &C,
    cases: Select<Entity>,
    by: CaseProperty,
    hidden: Hidden,
    now: DateTime<Utc>,
    rush: Rush,
) -> Result<Counts, DbErr> {
    let backend = db.get_database_backend();
    // Grouped by the name of the key, since its expression may have bound values, which PostgreSQL wouldn't recognise.
    let grouped = cases
        .select_only()
        .expr_as(by.key(hidden, now, rush), "group_key")
        .expr_as(Expr::cust("COUNT(*)"), "case_count")
        .group_by(Expr::col("group_key"));
    let ranked = ranked(grouped.into_query(), by, backend);
    let mut counts = Counts::default();
    for row in db.query_all_raw(backend.build(&ranked)).await? {
        (counts.total_groups, counts.total_cases) = (row.try_get("", "total_groups")?, row.try_get("", "total_cases")?);
        counts.groups.push(CaseGroup::read(&row, by)?);
    }
    Ok(counts)
}

/// The groups with the most cases, with the names of users, and beside each the numbers of all groups and cases.
fn ranked(grouped: SelectStatement, by: CaseProperty, backend: DbBackend) -> SelectStatement {
    let mut ranked = Query::select();
    ranked
        .column(("grouped", "group_key"))
        .column(("grouped", "case_count"))
        .expr_as(Expr::cust("COUNT(*) OVER ()"), "total_groups")
        .expr_as(Expr::cust("CAST(SUM(grouped.case_count) OVER () AS BIGINT)"), "total_cases")
        .from_subquery(grouped, "grouped")
        .order_by(("grouped", "case_count"), Order::Desc)
        .limit(GROUPS_MAX);
    let text = match by.person() {
        Some(_) => {
            let is_theirs = Expr::col(("users", "id")).equals(("grouped", "group_key"));
            ranked.left_join("users", is_theirs).columns([("users", "first_name"), ("users", "last_name")]);
            "COALESCE(users.username, '')"
        }
        None => "COALESCE(grouped.group_key, '')",
    };
    ranked.order_by_expr(Expr::cust(sortable(text, backend)), Order::Asc);
    ranked
}

impl CaseGroup {
    fn read(row: &QueryResult, by: CaseProperty) -> Result<Self, DbErr> {
        let case_count = row.try_get("", "case_count")?;
        if by.person().is_none() {
            return Ok(Self { key: row.try_get("", "group_key")?, full_name: None, case_count });
        }
        let key = row.try_get::<Option<Uuid>>("", "group_key")?.map(|id| id.to_string());
        let names = row.try_get::<Option<String>>("", "first_name")?.zip(row.try_get::<Option<String>>("", "last_name")?);
        let full_name = names.map(|(first, last)| format!("{first} {last}"));
        Ok(Self { key, full_name, case_count })
    }
}
