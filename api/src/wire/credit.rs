//! Credits in the API's format: decimals in steps of a half.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use std::borrow::Cow;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A credit: a decimal string from `"0.5"` to `"3.0"` in steps of a half. Stored as tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditValue(pub i32);

const CREDITS: [(&str, i32); 6] = [("0.5", 5), ("1.0", 10), ("1.5", 15), ("2.0", 20), ("2.5", 25), ("3.0", 30)];

/// The names of the values in generated clients.
const CREDIT_NAMES: [&str; 6] = ["Half", "One", "OneAndAHalf", "Two", "TwoAndAHalf", "Three"];

impl Serialize for CreditValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&credits_text(self.0.into()))
    }
}

/// Tenths of a credit as a decimal with one place; a balance may be below zero.
pub fn credits_text(tenths: i64) -> String {
    let (sign, tenths) = (if tenths < 0 { "-" } else { "" }, tenths.unsigned_abs());
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

impl<'de> Deserialize<'de> for CreditValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = CREDITS.iter().find(|(name, _)| *name == text).map(|(_, tenths)| Self(*tenths));
        known.ok_or_else(|| serde::de::Error::custom("must be \"0.5\" to \"3.0\" in steps of a half"))
    }
}

impl PartialSchema for CreditValue {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A credit: a decimal from 0.5 to 3.0 in steps of a half"))
            .enum_values(Some(CREDITS.map(|(name, _)| name)))
            .extensions(Some(ExtensionsBuilder::new().add("x-enum-varnames", json!(CREDIT_NAMES)).build()))
            .into()
    }
}

impl ToSchema for CreditValue {
    fn name() -> Cow<'static, str> {
        "CreditValue".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_formatted_as_decimals_even_if_negative() {
        let shown = [0, 5, 10, 125, -5, -125].map(credits_text);
        assert_eq!(shown, ["0.0", "0.5", "1.0", "12.5", "-0.5", "-12.5"]);
    }
}
