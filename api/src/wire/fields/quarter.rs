//! The name of a calendar quarter.

use super::PREFIX;
use crate::wire::{Error, Result};
use entity::credit::{NoQuarter, Quarter};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

const LENGTH: usize = "2026-Q4".len();

/// A quarter as it is spelled, such as `2026-Q4`; in a request, as it was sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct QuarterName(String);

impl QuarterName {
    /// The quarter; 422 where there is none of this name.
    pub fn parse(&self) -> Result<Quarter> {
        self.0.parse().map_err(|error: NoQuarter| Error::field("/quarter", "pattern", &error.to_string()))
    }
}

/// A name that was checked when it was stored.
impl From<String> for QuarterName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl PartialSchema for QuarterName {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(LENGTH)).max_length(Some(LENGTH));
        text.pattern(Some("^20[0-9]{2}-Q[1-4]$")).into()
    }
}

impl ToSchema for QuarterName {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}quarter").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;
    use serde_json::json;

    #[test]
    fn the_pattern_for_quarters_agrees_with_the_parser() {
        let pattern = Regex::new(json!(QuarterName::schema())["pattern"].as_str().unwrap()).unwrap();
        for name in
            ["2000-Q1", "2026-Q4", "2099-Q2", "1999-Q4", "2100-Q1", "2026-Q0", "2026-Q5", "2026-q4", "26-Q4", "2026-Q44", ""]
        {
            let is_quarter = QuarterName::from(name.to_owned()).parse().is_ok();
            assert_eq!(pattern.is_match(name) && name.len() == LENGTH, is_quarter, "{name}");
        }
    }
}
