//! A duration in days, with at most three decimals.

use super::form::ensure;
use super::{PREFIX, beyond, verdict};
use chrono::TimeDelta;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::time::Duration;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationError, ValidationErrors};

const MIN: f64 = 0.001;
const MAX: f64 = 999.999;
const SECONDS_A_THOUSANDTH: f64 = 86.4;

/// Days from 0.001 to 999.999, with at most three decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThousandthDays(f64);

impl ThousandthDays {
    /// The duration in whole seconds.
    pub fn duration(self) -> TimeDelta {
        let seconds = ((self.0 * 1_000.0).round() * SECONDS_A_THOUSANDTH).round();
        // Neither conversion can fail: the number of days was validated.
        Duration::try_from_secs_f64(seconds).ok().and_then(|lasts| TimeDelta::from_std(lasts).ok()).unwrap_or_default()
    }
}

/// A number with at most three decimals: more would be rounded, and the stored value must be the requested one.
pub fn ensure_thousandths(number: f64) -> Result<(), ValidationError> {
    let rounded = (number * 1_000.0).round() / 1_000.0;
    ensure((rounded - number).abs() < 1e-9, "decimals", "must have at most 3 decimals")
}

impl<'de> Deserialize<'de> for ThousandthDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self)
    }
}

impl Validate for ThousandthDays {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let range = if (MIN..=MAX).contains(&self.0) { Ok(()) } else { Err(beyond("range", Some(MIN), MAX)) };
        verdict([range, ensure_thousandths(self.0)])
    }
}

impl PartialSchema for ThousandthDays {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .minimum(Some(MIN))
            .maximum(Some(MAX))
            .into()
    }
}

impl ToSchema for ThousandthDays {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}thousandth_days").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousandth_of_a_day_is_rounded_to_seconds() {
        for (days, seconds) in [(0.001, 86), (0.01, 864), (1.0, 86_400), (13.999, 1_209_514), (999.999, 86_399_914)] {
            assert_eq!(ThousandthDays(days).duration(), TimeDelta::seconds(seconds), "{days}");
        }
    }
}
