//! The length of a list of words, which is bounded by their number.

use super::beyond;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use validator::ValidationError;

/// A list of words of one type: no longer than there are words, so that each can be named once. The contract's lists are bounded
/// likewise, by `openapi::bounds`.
pub fn at_most_all<T: ToSchema>(words: &[T]) -> Result<(), ValidationError> {
    match number_of_words(&T::schema()) {
        Some(number) if words.len() > number => Err(beyond("length", None, number)),
        Some(_) | None => Ok(()),
    }
}

/// The number of words that a schema enumerates, if it does.
pub fn number_of_words(schema: &RefOr<Schema>) -> Option<usize> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.enum_values.as_ref().map(Vec::len),
        RefOr::T(_) | RefOr::Ref(_) => None,
    }
}
