//! Periods as queries ask for them: instants, or civil days of the settings' zone.

use super::{Code, Error, FieldProblem};
use chrono::{DateTime, NaiveDate, Utc};
use entity::report::{Asked, Bound, PeriodError, ReportError};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use validator::Validate;

/// An instant with nine decimals and an offset.
const LENGTH_MAX: usize = 35;

/// One end of a period: `2026-11-22`, or `2026-11-22T08:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When(pub Bound);

/// Which period.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PeriodParameters {
    /// From here on: an instant, or a civil day in the settings' zone
    #[param(nullable = false)]
    pub since: Option<When>,
    /// Before this instant, or until the end of this civil day in the settings' zone
    #[param(nullable = false)]
    pub until: Option<When>,
    /// From the first entry until now
    #[param(nullable = false)]
    pub all_time: Option<bool>,
}

impl PeriodParameters {
    pub fn asked(&self) -> Asked {
        let bound = |when: Option<When>| when.map(|when| when.0);
        Asked { since: bound(self.since), until: bound(self.until), all_time: self.all_time.unwrap_or(false) }
    }
}

impl From<PeriodError> for Error {
    fn from(error: PeriodError) -> Self {
        let problem = FieldProblem::query(error.parameter(), "invalid_period", error.to_string());
        Self::fields(Code::InvalidPeriod, vec![problem])
    }
}

impl From<ReportError> for Error {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Period(error) => error.into(),
            ReportError::Database(error) => error.into(),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // chrono would take a month of one digit.
        let day = || NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| text.len() == 10).map(Bound::Day);
        let is_instant = text.len() <= LENGTH_MAX && !text.contains(' ');
        let instant =
            || DateTime::parse_from_rfc3339(&text).ok().filter(|_| is_instant).map(|at| Bound::Instant(at.with_timezone(&Utc)));
        day().or_else(instant).map(Self).ok_or_else(|| serde::de::Error::custom("must be a date or an instant (RFC 3339)"))
    }
}

impl PartialSchema for When {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A civil day (`2026-11-22`) or an instant (RFC 3339)"))
            .pattern(Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?$"))
            .min_length(Some(10))
            .max_length(Some(LENGTH_MAX))
            .examples(["2026-11-22", "2026-11-22T08:00:00.123Z"])
            .into()
    }
}

impl ToSchema for When {
    fn name() -> Cow<'static, str> {
        "PeriodBound".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_dates_and_instants_are_read() {
        let read = |text: &str| serde_json::from_value::<When>(text.into()).ok();
        assert!(read("2026-11-22").is_some() && read("2026-11-22T08:00:00+01:00").is_some());
        for text in ["", "yesterday", "2026-1-5", "2026-02-30", "2026-11-22T08:00:00", "1700000000", "2026-11-22 "] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
