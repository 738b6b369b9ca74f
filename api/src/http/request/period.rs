//! Periods in queries: between instants or civil days in the settings' time zone, or by their names.

use crate::state::App;
use crate::wire::{Code, Error, FieldProblem, Result};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::clock;
use entity::period::{Bound, IdRange, PeriodError, PeriodName, PeriodQuery};
use entity::report::ReportError;
use entity::setting;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use validator::Validate;

/// The length of an instant with nine decimals and an offset.
const LENGTH_MAX: usize = 35;

/// One end of a period: `2026-11-22`, or `2026-11-22T08:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When(pub Bound);

/// Selects a period.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PeriodParameters {
    /// Start of the period, inclusive: a timestamp, or a date in the configured time zone
    #[param(nullable = false)]
    pub since: Option<When>,
    /// End of the period: a timestamp (exclusive), or a date in the configured time zone (inclusive)
    #[param(nullable = false)]
    pub until: Option<When>,
    /// A period by its name, in civil days of the configured time zone, instead of its ends. Weeks start on Monday. A period that
    /// includes today ends now. All pages of a list cover the period of the first one
    #[param(nullable = false)]
    pub period: Option<PeriodName>,
}

/// A period as requested: by its ends or by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedPeriod {
    /// Open at an end that is not given.
    Between(PeriodQuery),
    Named(PeriodName),
}

impl PeriodParameters {
    /// The period as requested, by its name or by its ends, but not by both.
    pub fn requested(&self) -> Result<RequestedPeriod> {
        let bound = |when: Option<When>| when.map(|when| when.0);
        let ends = PeriodQuery { since: bound(self.since), until: bound(self.until), all_time: false };
        match self.period {
            Some(_) if ends != PeriodQuery::default() => Err(PeriodError::NameWithBounds.into()),
            Some(name) => Ok(RequestedPeriod::Named(name)),
            None => Ok(RequestedPeriod::Between(ends)),
        }
    }

    /// The ids of what was created in the period, open at an end that is not given; `None` if there is no period. `as_of` is the
    /// instant that a name refers to. The time zone is read only if the period depends on it.
    pub async fn ids(&self, app: &App, as_of: DateTime<Utc>) -> Result<Option<IdRange>> {
        match self.requested()?.has_days() {
            true => self.ids_in(as_of, setting::current(app.readers()).await?.zone()?),
            false => self.ids_in(as_of, Tz::UTC),
        }
    }

    /// The same in a time zone that is known already.
    pub fn ids_in(&self, as_of: DateTime<Utc>, zone: Tz) -> Result<Option<IdRange>> {
        let requested = self.requested()?;
        if requested.is_open() { Ok(None) } else { Ok(Some(requested.at(as_of, zone).ids(zone)?)) }
    }
}

impl RequestedPeriod {
    /// Its ends, as it is requested at an instant.
    pub fn at(self, now: DateTime<Utc>, zone: Tz) -> PeriodQuery {
        match self {
            Self::Between(ends) => ends,
            Self::Named(name) => name.query(now, zone),
        }
    }

    /// Whether it begins or ends with a civil day.
    fn has_days(self) -> bool {
        let is_day = |end: Option<Bound>| matches!(end, Some(Bound::Day(_)));
        match self {
            Self::Between(ends) => is_day(ends.since) || is_day(ends.until),
            Self::Named(_) => true,
        }
    }

    /// Whether it is open at both ends.
    fn is_open(self) -> bool {
        self == Self::Between(PeriodQuery::default())
    }
}

/// How long a period may be for a filter that no index bounds: 31 days, of which one may have 25 hours.
const SEARCHED_MAX: TimeDelta = TimeDelta::hours(31 * 24 + 1);

/// Whether ids belong to a period of at most 31 days; one that is open at its end ends now.
pub fn is_short(ids: Option<IdRange>, now: DateTime<Utc>) -> bool {
    let is_short = |ids: IdRange| {
        // The bounds are no ids of entries, but begin with a time as these do.
        let end = i64::try_from(ids.before.as_u128() >> 80).ok().and_then(DateTime::from_timestamp_millis);
        let end = end.map_or(now, |end| end.min(now));
        ids.from >= clock::floor_id(end - SEARCHED_MAX)
    };
    ids.is_some_and(is_short)
}

/// The refusal of a filter that no index bounds.
pub fn period_required(parameter: &str) -> Error {
    let detail = "requires a period of at most 31 days (period, or since, and until unless it ends now), a case or a request";
    Error::fields(Code::PeriodRequired, vec![FieldProblem::query(parameter, "period_required", detail)])
}

impl From<PeriodError> for Error {
    fn from(error: PeriodError) -> Self {
        let problem = FieldProblem::query(error.parameter(), "invalid_period", error.to_string());
        Self::fields(Code::InvalidPeriod, vec![problem])
    }
}

impl From<ReportError> for Error {
    #[track_caller]
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Period(error) => Self::from(error),
            ReportError::Database(error) => Self::from(error),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let instant = || clock::parse_instant(&text).map(Bound::Instant);
        let bound = clock::parse_date(&text).map(Bound::Day).or_else(instant);
        bound.map(Self).ok_or_else(|| serde::de::Error::custom("must be a date or an instant (RFC 3339)"))
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
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_dates_and_instants_are_accepted() {
        let read = |text: &str| serde_json::from_value::<When>(text.into()).ok();
        assert!(read("2026-11-22").is_some() && read("2026-11-22T08:00:00+01:00").is_some());
        for text in ["", "yesterday", "2026-1-5", "+2026-1-5", "2026-02-30", "2026-11-22T08:00:00", "1700000000", "2026-11-22 "] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn instants_are_accepted_only_in_the_format_of_the_contract() {
        let read = |text: &str| serde_json::from_value::<When>(text.into()).ok();
        assert!(read("2026-11-22T08:00:00.123456789-11:30").is_some());
        for text in [
            "2026-11-22t08:00:00Z",
            "2026-11-22T08:00:00z",
            "2026-11-22 08:00:00Z",
            "2026-11-22T08:00:00\u{2212}01:00",
            "2026-11-22T08:00:00.1234567891Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
