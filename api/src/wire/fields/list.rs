//! The lengths of lists: of one of words, which is bounded by their number, and of others in a query.

use super::{PREFIX, beyond};
use std::borrow::Cow;
use std::marker::PhantomData;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::ValidationError;

/// A list of words of one type: no longer than there are words, so that each can be named once. The contract's lists are bounded
/// likewise, by `openapi::bounds`.
pub fn at_most_all<T: ToSchema>(words: &[T]) -> Result<(), ValidationError> {
    match number_of_words(&T::schema()) {
        Some(number) if words.len() > number => Err(beyond("length", None, number)),
        Some(_) | None => Ok(()),
    }
}

/// Describes a list of at most `MAX` items in a query, and holds none. The field itself is a `Vec` whose rule names the same
/// constant: with `type Ids = UpTo<Id, IDS_MAX>`, `#[validate(length(max = IDS_MAX))] #[param(inline, value_type = Ids)]`.
pub struct UpTo<T, const MAX: u64>(PhantomData<T>);

impl<T: PartialSchema, const MAX: u64> PartialSchema for UpTo<T, MAX> {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(T::schema()).max_items(usize::try_from(MAX).ok()).into()
    }
}

impl<T: ToSchema, const MAX: u64> ToSchema for UpTo<T, MAX> {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}list:{}:{MAX}", T::name()).into()
    }
}

/// The number of words that a schema enumerates, if it does.
pub fn number_of_words(schema: &RefOr<Schema>) -> Option<usize> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.enum_values.as_ref().map(Vec::len),
        RefOr::T(_) | RefOr::Ref(_) => None,
    }
}
