//! The common parts of all report responses: the period covered, action types and time series, all of them flat rows.

use crate::wire::Instant;
use crate::wire::fields::shown::ShownTimeZone;
use chrono::NaiveDate;
use entity::audit::{Action, Category};
use entity::period::Period;
use entity::report::{self, Point, TypeCount};
use serde::Serialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The period a report covers
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago", "defaulted": true
}))]
pub struct PeriodView {
    /// Start of the period, inclusive
    pub since: Instant,
    /// End of the period, exclusive
    pub until: Instant,
    /// The configured time zone, in which calendar days are counted
    #[schema(value_type = ShownTimeZone)]
    pub time_zone: String,
    /// Whether no period was requested, so that this is the default: the last 30 calendar days including today
    pub defaulted: bool,
}

impl From<&Period> for PeriodView {
    fn from(period: &Period) -> Self {
        let Period { since, until, previous_since: _, as_of: _, seen: _, zone, defaulted } = *period;
        Self { since: since.into(), until: until.into(), time_zone: zone.name().to_owned(), defaulted }
    }
}

/// The filters as given, by parameter.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Filters(pub Json);

impl PartialSchema for Filters {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("The filters as given, by parameter"))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for Filters {
    fn name() -> Cow<'static, str> {
        "ReportFilters".into()
    }
}

/// How often an action was performed
#[derive(Serialize, ToSchema)]
#[schema(example = json!(ActionTypeCount::example()))]
pub struct ActionTypeCount {
    pub action_type: Action,
    #[schema(max_length = 64)]
    pub label: &'static str,
    pub category: Category,
    #[schema(minimum = 0)]
    pub count: i64,
    /// Share of all activities
    #[schema(minimum = 0, maximum = 100)]
    pub percent: f64,
}

impl ActionTypeCount {
    /// The row shown in the contract.
    pub fn example() -> Self {
        let action = Action::CaseHeld;
        Self { action_type: action, label: action.label(), category: action.category(), count: 12, percent: 4.3 }
    }

    pub fn new(count: TypeCount) -> Self {
        let TypeCount { action, count, percent } = count;
        Self { action_type: action, label: action.label(), category: action.category(), count, percent: percent.number() }
    }
}

/// How often actions of a category were performed
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"category": "case", "count": 12, "percent": 4.3}))]
pub struct CategoryCount {
    pub category: Category,
    #[schema(minimum = 0)]
    pub count: i64,
    /// Share of all activities
    #[schema(minimum = 0, maximum = 100)]
    pub percent: f64,
}

impl CategoryCount {
    pub fn new(count: report::CategoryCount) -> Self {
        let report::CategoryCount { category, count, percent } = count;
        Self { category, count, percent: percent.number() }
    }
}

/// A value of a time series
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "bucket_start": "2026-11-22T06:00:00.000Z", "bucket_on": "2026-11-22", "series": "case", "value": 12
}))]
pub struct SeriesPoint {
    /// Start of the calendar day, week or month
    pub bucket_start: Instant,
    /// The calendar day, or the first one of the week or month, in the configured time zone: the label of the bucket. In another
    /// time zone `bucket_start` may fall on another day
    pub bucket_on: NaiveDate,
    #[schema(max_length = 32)]
    pub series: &'static str,
    #[schema(minimum = 0)]
    pub value: i64,
}

impl SeriesPoint {
    pub fn new(point: Point) -> Self {
        let Point { bucket_start, bucket_on, series, value } = point;
        Self { bucket_start: bucket_start.into(), bucket_on, series, value }
    }
}

/// All values of a time series, one row per bucket and series.
pub fn timeseries(points: Vec<Point>) -> Vec<SeriesPoint> {
    points.into_iter().map(SeriesPoint::new).collect()
}
