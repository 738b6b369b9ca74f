//! Keyset pagination, in one implementation: page 10,000 costs what page 1 costs, and concurrent writes don't shift rows between
//! pages, except for rows whose own sort value they change.

mod total;

pub use total::{TOTAL_MAX, Total, statement};

use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, Condition, DbBackend, EntityTrait, Order, QueryTrait, Select, Value};
use serde::{Deserialize, Serialize};

/// The sort direction of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    pub const fn order(self) -> Order {
        match self {
            Self::Ascending => Order::Asc,
            Self::Descending => Order::Desc,
        }
    }
}

/// The last row of a page: the value it is sorted by, and its id as the tie-breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The value of the sort column, unless that is the id itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    pub id: sea_orm::prelude::Uuid,
}

impl From<sea_orm::prelude::Uuid> for Position {
    fn from(id: sea_orm::prelude::Uuid) -> Self {
        Self { value: None, id }
    }
}

/// What a list is sorted by: a value, unless that is the id itself, and then the id.
#[derive(Clone, Debug)]
pub struct SortKey {
    value: Option<SortValue>,
    id: Expr,
    direction: Direction,
}

#[derive(Clone, Debug)]
struct SortValue {
    expression: Expr,
    /// Converts a position's value to the expression's type.
    read: fn(&str) -> Option<Value>,
}

impl SortKey {
    /// By the ids alone. Ids contain the instant of creation, so this is the order of creation.
    pub fn id(id: impl ColumnTrait, direction: Direction) -> Self {
        Self { value: None, id: Expr::col(id.as_column_ref()), direction }
    }

    /// By a column of texts and then by the ids.
    pub fn text<C: ColumnTrait>(column: C, id: C, direction: Direction) -> Self {
        Self::expression(Expr::col(column.as_column_ref()), |text| Some(text.into()), id, direction)
    }

    /// By an expression and then by the ids. `read` converts a position's value to the expression's type.
    pub fn expression(expression: Expr, read: fn(&str) -> Option<Value>, id: impl ColumnTrait, direction: Direction) -> Self {
        Self { value: Some(SortValue { expression, read }), ..Self::id(id, direction) }
    }

    /// The rows in this order.
    pub fn sort<E: EntityTrait>(&self, mut rows: Select<E>) -> Select<E> {
        self.sort_statement(QueryTrait::query(&mut rows));
        rows
    }

    /// The same for any statement that reads the table, or a part of it by the same name.
    pub fn sort_statement(&self, rows: &mut SelectStatement) {
        if let Some(value) = &self.value {
            rows.order_by_expr(value.expression.clone(), self.direction.order());
        }
        rows.order_by_expr(self.id.clone(), self.direction.order());
    }

    /// The rows after a position; `None` if its value is not one that the list is sorted by.
    ///
    /// Value and id are compared as one row value, which both databases look up in the index; with an OR, they would read every
    /// row from the beginning.
    pub fn after(&self, last: &Position) -> Option<Condition> {
        let (key, position) = match (&self.value, &last.value) {
            (None, None) => (self.id.clone(), Expr::val(last.id)),
            (Some(SortValue { expression, read }), Some(text)) => {
                let key = Expr::tuple([expression.clone(), self.id.clone()]);
                (key, Expr::tuple([Expr::val(read(text)?), Expr::val(last.id)]))
            }
            (None, Some(_)) | (Some(_), None) => return None,
        };
        Some(Condition::all().add(beyond(key, position, self.direction)))
    }
}

/// The rows after a position, in a list sorted by id alone.
pub fn after_id(id: impl ColumnTrait, last: &Position, direction: Direction) -> Condition {
    Condition::all().add(beyond(Expr::col(id.as_column_ref()), Expr::val(last.id), direction))
}

/// The SQL of a text for sorting, the same on both databases: ASCII letters regardless of case, and all others by code point.
/// PostgreSQL compares texts by the locale of the database unless it is told otherwise.
pub fn sortable(text: &str, backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => format!("LOWER(({text}) COLLATE \"C\")"),
        _ => format!("LOWER({text})"),
    }
}

fn beyond(row: Expr, last: Expr, direction: Direction) -> Expr {
    match direction {
        Direction::Ascending => row.gt(last),
        Direction::Descending => row.lt(last),
    }
}
