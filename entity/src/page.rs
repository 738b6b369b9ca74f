//! Keyset pagination, in one implementation: page 10,000 costs what page 1 costs, and concurrent writes don't shift rows between
//! pages.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, Order, Value};
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

/// The rows after a position, in a list sorted by id alone.
pub fn after_id(id: impl ColumnTrait, last: &Position, direction: Direction) -> Condition {
    Condition::all().add(beyond(Expr::col(id.as_column_ref()), Expr::val(last.id), direction))
}

/// The rows after a position, in a list sorted by a column and then by id. `value` is the position's value, in the column's type.
///
/// Both are compared as one row value, which both databases look up in the index; with an OR, they would read every row from the
/// beginning.
pub fn after<C: ColumnTrait>(column: C, value: Value, id: C, last: &Position, direction: Direction) -> Condition {
    after_expression(Expr::col(column.as_column_ref()), value, id, last, direction)
}

/// The same for a list sorted by an expression.
pub fn after_expression<C: ColumnTrait>(
    sorted_by: Expr,
    value: Value,
    id: C,
    last: &Position,
    direction: Direction,
) -> Condition {
    let row = Expr::tuple([sorted_by, Expr::col(id.as_column_ref())]);
    Condition::all().add(beyond(row, Expr::tuple([Expr::val(value), Expr::val(last.id)]), direction))
}

fn beyond(row: Expr, last: Expr, direction: Direction) -> Expr {
    match direction {
        Direction::Ascending => row.gt(last),
        Direction::Descending => row.lt(last),
    }
}
