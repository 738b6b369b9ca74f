//! Instants and decimals in the API's format.

use chrono::{DateTime, SubsecRound, Utc};
use entity::clock::rfc3339;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use std::borrow::Cow;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An instant: RFC 3339 in UTC with `Z` and always three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub DateTime<Utc>);

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // RFC 3339 allows a space in place of the T, and chrono reads it; the format `date-time` doesn't.
        let at = DateTime::parse_from_rfc3339(&text).ok().filter(|_| !text.contains(' '));
        let at = at.ok_or_else(|| serde::de::Error::custom("must be an instant (RFC 3339), such as 2026-11-22T08:00:00.123Z"))?;
        // Truncated to milliseconds here, so that the stored value is the returned one.
        Ok(Self(at.with_timezone(&Utc).trunc_subsecs(3)))
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant: RFC 3339 in UTC with `Z` and three decimals"))
            .examples(["2026-11-22T08:00:00.123Z"])
            .into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        "Instant".into()
    }
}

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
    fn credits_are_decimals_also_where_too_many_are_used() {
        let shown = [0, 5, 10, 125, -5, -125].map(credits_text);
        assert_eq!(shown, ["0.0", "0.5", "1.0", "12.5", "-0.5", "-12.5"]);
    }
}
