//! Free-form data from another system, by name.

use super::days::ensure_thousandths;
use super::form::ensure;
use super::{PREFIX, verdict};
use entity::text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationError, ValidationErrors};

/// Data that an entry can hold: few enough keys, short enough, and numbers that have one spelling.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Facts(pub BTreeMap<String, Json>);

/// The maximum number of keys in such data, at all depths together.
const KEYS_MAX: usize = 256;
const KEY_LENGTH_MAX: usize = 128;
/// As JSON: an entry holds at most 64 KiB.
const FACTS_LENGTH_MAX: usize = 32 * 1024;
#[expect(clippy::as_conversions, reason = "exact, and a constant can't call a conversion")]
const NUMBER_MAX: f64 = super::EXACT_MAX as f64;

impl Validate for Facts {
    fn validate(&self) -> Result<(), ValidationErrors> {
        verdict([self.ensure_small()])
    }
}

impl Facts {
    fn ensure_small(&self) -> Result<(), ValidationError> {
        let mut keys = 0;
        self.0.iter().try_for_each(|(name, value)| ensure_fact(name, value, &mut keys))?;
        ensure(keys <= KEYS_MAX, "keys", "must have at most 256 keys")?;
        let length = serde_json::to_string(&self.0).map(|text| text.len()).unwrap_or(usize::MAX);
        ensure(length <= FACTS_LENGTH_MAX, "length", "must have at most 32 KiB")
    }
}

impl PartialSchema for Facts {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .property_names(Some(String::schema()))
            .additional_properties(Some(Json::schema()))
            .into()
    }
}

impl ToSchema for Facts {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}facts").into()
    }
}

fn ensure_fact(name: &str, value: &Json, keys: &mut usize) -> Result<(), ValidationError> {
    *keys += 1;
    let is_plain = name.chars().count() <= KEY_LENGTH_MAX && !name.contains('\0') && text::normalised(name) == name;
    ensure(is_plain, "key", "must have keys of at most 128 characters, in NFC and without NUL characters")?;
    ensure_value(value, keys)
}

fn ensure_value(value: &Json, keys: &mut usize) -> Result<(), ValidationError> {
    match value {
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::INFINITY);
            ensure(number.abs() <= NUMBER_MAX, "range", "must have numbers with an absolute value of at most 2^53 - 1")?;
            ensure_thousandths(number)
        }
        Json::Array(items) => items.iter().try_for_each(|item| ensure_value(item, keys)),
        Json::Object(fields) => fields.iter().try_for_each(|(name, value)| ensure_fact(name, value, keys)),
        Json::Null | Json::Bool(_) | Json::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod properties;
