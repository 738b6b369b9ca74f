//! An integer with a minimum and a maximum.

use super::{PREFIX, beyond, verdict};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationErrors};

/// An integer from `MIN` to `MAX`, stored as `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<T, const MIN: i64, const MAX: i64>(T);

impl<T, const MIN: i64, const MAX: i64> Whole<T, MIN, MAX> {
    pub fn get(self) -> T {
        self.0
    }
}

/// The integer that a text spells as JSON does: without plus sign, leading zeros and blanks, which Rust alone partly accepts.
pub fn integer(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

/// The number as it was sent: the rule is applied by `Validate`.
impl<T, const MIN: i64, const MAX: i64> From<T> for Whole<T, MIN, MAX> {
    fn from(number: T) -> Self {
        Self(number)
    }
}

impl<'de, T: Deserialize<'de>, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<T, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

impl<T: Serialize, const MIN: i64, const MAX: i64> Serialize for Whole<T, MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: Copy + Into<i128>, const MIN: i64, const MAX: i64> Validate for Whole<T, MIN, MAX> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let is_in_range = (i128::from(MIN)..=i128::from(MAX)).contains(&self.0.into());
        verdict([if is_in_range { Ok(()) } else { Err(beyond("range", Some(MIN), MAX)) }])
    }
}

impl<T: PartialSchema, const MIN: i64, const MAX: i64> PartialSchema for Whole<T, MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        match T::schema() {
            RefOr::T(Schema::Object(number)) => ObjectBuilder::from(number).minimum(Some(MIN)).maximum(Some(MAX)).into(),
            other => other,
        }
    }
}

impl<T: ToSchema, const MIN: i64, const MAX: i64> ToSchema for Whole<T, MIN, MAX> {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}{}:{MIN}:{MAX}", T::name()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn an_integer_has_one_spelling() {
        for number in [0, 7, 50, -3, i64::MAX, i64::MIN] {
            assert_eq!(integer(&number.to_string()), Some(number));
        }
        for text in
            ["", "+5", "-0", "+0", "007", "00", "-07", " 5", "5 ", "5.0", "5e0", "0x5", "1_000", "٥", "9223372036854775808"]
        {
            assert_eq!(integer(text), None, "{text}");
        }
    }
}
