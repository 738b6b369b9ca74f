//! Instants in the API's format.

use chrono::{DateTime, SubsecRound, Utc};
use entity::clock::rfc3339;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An instant: RFC 3339 in UTC with `Z` and always three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub DateTime<Utc>);

impl Instant {
    /// The instant of an example in the contract, as it is shown there.
    pub fn example(text: &str) -> Self {
        Self(text.parse().unwrap_or_default())
    }
}

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
