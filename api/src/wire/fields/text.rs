//! A text with a minimum and a maximum length, and a form.

use super::form::{Anything, TextForm};
use super::{PREFIX, beyond, verdict};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Deref;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationErrors};

/// A text of `MIN` to `MAX` characters, not bytes, of the form `F`.
#[derive(Clone, Debug)]
pub struct Text<const MIN: usize, const MAX: usize, F = Anything>(String, PhantomData<F>);

impl<const MIN: usize, const MAX: usize, F> Text<MIN, MAX, F> {
    /// In characters.
    pub const LENGTH_MAX: usize = MAX;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize, F> Deref for Text<MIN, MAX, F> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The text as it was sent: the rule is applied by `Validate`.
impl<const MIN: usize, const MAX: usize, F> From<String> for Text<MIN, MAX, F> {
    fn from(text: String) -> Self {
        Self(text, PhantomData)
    }
}

impl<const MIN: usize, const MAX: usize, F> From<Text<MIN, MAX, F>> for String {
    fn from(text: Text<MIN, MAX, F>) -> Self {
        text.0
    }
}

impl<const MIN: usize, const MAX: usize, F> From<&Text<MIN, MAX, F>> for String {
    fn from(text: &Text<MIN, MAX, F>) -> Self {
        text.0.clone()
    }
}

impl<'de, const MIN: usize, const MAX: usize, F> Deserialize<'de> for Text<MIN, MAX, F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl<const MIN: usize, const MAX: usize, F> Serialize for Text<MIN, MAX, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<const MIN: usize, const MAX: usize, F: TextForm> Validate for Text<MIN, MAX, F> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let is_long_enough = (MIN..=MAX).contains(&self.0.chars().count());
        let length = if is_long_enough { Ok(()) } else { Err(beyond("length", (MIN > 0).then_some(MIN), MAX)) };
        verdict([length, F::check(&self.0)])
    }
}

impl<const MIN: usize, const MAX: usize, F: TextForm> PartialSchema for Text<MIN, MAX, F> {
    fn schema() -> RefOr<Schema> {
        let bounds = ObjectBuilder::new().schema_type(Type::String).min_length((MIN > 0).then_some(MIN)).max_length(Some(MAX));
        F::describe(bounds).into()
    }
}

impl<const MIN: usize, const MAX: usize, F: TextForm> ToSchema for Text<MIN, MAX, F> {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}text:{MIN}:{MAX}:{}", F::NAME).into()
    }
}
