//! Instants in the API's format.

use chrono::{DateTime, Utc};
use entity::clock::{parse_instant, rfc3339};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An instant: RFC 3339 in UTC with `Z` and always three decimals. A request may have any offset and up to nine decimals.
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
        let text = Cow::<str>::deserialize(deserializer).ok();
        let at = text.and_then(|text| parse_instant(&text));
        // Cut to milliseconds here, so that the stored value is the returned one. A leap second is the first of the next minute.
        let at = at.and_then(|at| DateTime::from_timestamp_millis(at.timestamp_millis()));
        let refused = || serde::de::Error::custom("must be an instant (RFC 3339), such as 2026-11-22T08:00:00.123Z");
        at.map(Self).ok_or_else(refused)
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "An instant: RFC 3339 in UTC with `Z` and three decimals. A request may have any offset and up to nine decimals, \
                 of which three are kept; `T` and `Z` are upper case",
            ))
            .examples(["2026-11-22T08:00:00.123Z"])
            .into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        "Instant".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_instant_is_accepted_in_the_format_of_the_contract_and_cut_to_milliseconds() {
        let read = |text: &str| serde_json::from_value::<Instant>(json!(text)).ok().map(|Instant(at)| rfc3339(at));
        for (text, expected) in [
            ("2026-12-24T15:00:00Z", "2026-12-24T15:00:00.000Z"),
            ("2026-12-24T15:00:00.5+01:00", "2026-12-24T14:00:00.500Z"),
            ("2026-12-24T15:00:00.123999999-11:30", "2026-12-25T02:30:00.123Z"),
            ("2026-12-24T15:00:00-00:00", "2026-12-24T15:00:00.000Z"),
            ("2026-12-31T23:59:60.5Z", "2027-01-01T00:00:00.500Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "2026-12-24",
            "2026-12-24T15:00",
            "2026-12-24T15:00Z",
            "2026-12-24T15:00:00",
            "2026-12-24 15:00:00Z",
            "2026-12-24t15:00:00Z",
            "2026-12-24T15:00:00z",
            "2026-12-24T15:00:00.Z",
            "2026-12-24T15:00:00,5Z",
            "2026-12-24T15:00:00.1234567891Z",
            "2026-12-24T15:00:00+0100",
            "2026-12-24T15:00:00+1:00",
            "2026-12-24T15:00:00\u{2212}01:00",
            "2026-12-24T15:00:00 +01:00",
            "2026-12-24T15:00:00Z ",
            " 2026-12-24T15:00:00Z",
            "2026-12-4T15:00:00Z",
            "+2026-12-24T15:00:00Z",
            "2026-02-29T15:00:00Z",
            "2026-12-24T24:00:00Z",
            "1700000000",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
