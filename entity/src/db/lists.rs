//! Lists of values in statements, and numbers for the rows of a list.

use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, FromQueryResult, Value};
use std::array;
use std::collections::HashMap;

/// The values of a list in a statement, in one of few lengths: the last one is repeated up to the next power of two.
///
/// Each length is a statement of its own, which is prepared on each connection and displaces others there. `IN` takes a value
/// twice as well as once.
pub fn padded<T: Clone>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

/// The condition that a column has any of these values; none for an empty list, which filters nothing.
pub fn any_of<V: Into<Value>>(column: impl ColumnTrait, values: impl IntoIterator<Item = V>) -> Option<Expr> {
    let values: Vec<V> = values.into_iter().collect();
    (!values.is_empty()).then(|| column.is_in(values))
}

/// Runs several statements in one round trip. Each selects an `id` and a `number`, a bigint, in this order and once per id.
/// Returns the numbers by id, one map for each statement.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn numbers_by_id<const N: usize, C: ConnectionTrait>(
    db: &C,
    statements: [SelectStatement; N],
) -> Result<[HashMap<Uuid, u64>; N], DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        number: i64,
        place: i32,
    }
    let mut placed = (0_i32..).zip(statements).map(|(place, mut statement)| {
        statement.expr_as(Expr::cust(place.to_string()), "place");
        statement
    });
    let mut numbers = array::from_fn(|_| HashMap::new());
    let Some(mut first) = placed.next() else { return Ok(numbers) };
    first.unions(placed.map(|statement| (UnionType::All, statement)));
    for Row { id, number, place } in Row::find_by_statement(db.get_database_backend().build(&first)).all(db).await? {
        let of_statement: Option<&mut HashMap<Uuid, u64>> = usize::try_from(place).ok().and_then(|place| numbers.get_mut(place));
        of_statement.and_then(|of_statement| of_statement.insert(id, u64::try_from(number).unwrap_or_default()));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_of_few_lengths_and_the_same_values() {
        assert!(padded::<u8>([]).is_empty());
        assert_eq!(padded([7]), [7]);
        assert_eq!(padded([1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(padded([1, 2, 3, 4]), [1, 2, 3, 4]);
        let lengths: std::collections::BTreeSet<usize> = (0..=200).map(|length| padded(vec![0; length]).len()).collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [0, 1, 2, 4, 8, 16, 32, 64, 128, 256]);
    }
}
