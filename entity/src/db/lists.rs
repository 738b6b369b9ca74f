//! Lists of values in statements.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Value};

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
