//! A civil day in a request.

use super::PREFIX;
use chrono::NaiveDate;
use entity::clock;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A date as RFC 3339 spells it (`full-date`): `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilDay(NaiveDate);

impl CivilDay {
    pub fn get(self) -> NaiveDate {
        self.0
    }
}

impl<'de> Deserialize<'de> for CivilDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer).ok();
        let day = text.and_then(|text| clock::parse_date(&text));
        day.map(Self).ok_or_else(|| serde::de::Error::custom("must be a date, such as 2026-11-22"))
    }
}

impl PartialSchema for CivilDay {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Date);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for CivilDay {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}civil_day").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_complete_date_is_accepted() {
        let read = |text: &str| serde_json::from_value::<CivilDay>(json!(text)).ok().map(CivilDay::get);
        for (text, year, month, day) in
            [("2026-11-22", 2026, 11, 22), ("2028-02-29", 2028, 2, 29), ("0000-01-01", 0, 1, 1), ("9999-12-31", 9999, 12, 31)]
        {
            assert_eq!(read(text), NaiveDate::from_ymd_opt(year, month, day), "{text}");
        }
        for text in [
            "",
            "2028-2-29",
            "2028-02-9",
            "2027-02-29",
            "2026-00-10",
            "2026-13-01",
            "+2026-11-22",
            "-2026-11-22",
            "+026-11-22",
            "12026-11-22",
            "26-11-22",
            "20261122",
            "2026/11/22",
            "2026-11-22 ",
            " 2026-11-22",
            "2026- 1-22",
            "2026-11-22T00:00:00Z",
            "2026\u{2212}11-22",
            "２０２６-11-22",
            "2026-W47-7",
            "2026-326",
            "tomorrow",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for value in [json!(20_261_122), json!(null), json!(true), json!(["2026-11-22"]), json!({})] {
            assert!(serde_json::from_value::<CivilDay>(value.clone()).is_err(), "{value}");
        }
    }
}
