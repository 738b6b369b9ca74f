//! What the reports' queries have in common: the period, the steps of the series, the order, and the page.

use crate::http::page::{PageRequest, Paging};
use crate::http::period::PeriodParameters;
use crate::http::{Anyone, Error, Given, Result};
use crate::state::App;
use actix_web::HttpRequest;
use chrono::{DateTime, TimeDelta, Utc};
use entity::page::{Direction, Position};
use entity::report::{self, Asked, Interval, Period};
use entity::setting;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// The parameters of a report with a list.
pub type ReportQuery<T> = Given<(PeriodParameters, SeriesParameters, OrderParameters, T, Paging)>;

/// The parameters of its CSV.
pub type ExportQuery<T> = Given<(PeriodParameters, OrderParameters, T)>;

/// How the time series is divided.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct SeriesParameters {
    /// How long a bucket of the time series is; at most 1,000 of them
    #[param(nullable = false)]
    pub interval: Option<Interval>,
}

/// Which way the list runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct OrderParameters {
    /// The newest first, unless it says otherwise
    #[param(nullable = false)]
    pub sort: Option<EntrySort>,
}

/// The order of a report's entries
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum EntrySort {
    /// The newest first
    #[default]
    #[serde(rename = "-occurred_at")]
    NewestFirst,
    /// The oldest first
    #[serde(rename = "occurred_at")]
    OldestFirst,
}

impl SeriesParameters {
    pub fn interval(&self) -> Interval {
        self.interval.unwrap_or_default()
    }
}

impl OrderParameters {
    pub fn direction(&self) -> Direction {
        match self.sort.unwrap_or_default() {
            EntrySort::NewestFirst => Direction::Descending,
            EntrySort::OldestFirst => Direction::Ascending,
        }
    }
}

/// One look at a report's list: which page, and as of when.
pub struct Look {
    pub page: PageRequest,
    pub paging: report::Paging,
    /// When the answer is made.
    pub generated_at: DateTime<Utc>,
    /// When the first page was: every page of a look covers the same period.
    as_of: DateTime<Utc>,
}

impl Look {
    pub fn at(
        request: &HttpRequest,
        app: &App,
        by: &Anyone,
        paging: &Paging,
        order: &OrderParameters,
        limit: u64,
    ) -> Result<Self> {
        let page = paging.of(request, app, by, limit)?;
        let now = app.now();
        // An open period ends a millisecond after the first page's now.
        let first = page.until.and_then(DateTime::from_timestamp_millis).map(|until| until - TimeDelta::milliseconds(1));
        let paging = report::Paging { after: page.after.clone(), direction: order.direction(), limit: page.limit };
        Ok(Self { page, paging, generated_at: now, as_of: first.unwrap_or(now) })
    }

    pub async fn period<C: ConnectionTrait>(&self, db: &C, asked: Asked) -> Result<Period> {
        period(db, asked, self.as_of).await
    }

    /// Cuts the rows to the page. The next one will cover the same period.
    pub fn cut<R>(
        &self,
        rows: &mut Vec<R>,
        matching: i64,
        period: &Period,
        id: impl Fn(&R) -> uuid::Uuid,
    ) -> crate::http::PageInfo {
        let total = self.page.include_total.then(|| row_count(matching));
        let until = period.until.timestamp_millis();
        self.page.cut_pinned(rows, total, Some(until), |row| Position { value: None, id: id(row) })
    }
}

/// The period somebody asked for, in the settings' zone.
pub async fn period<C: ConnectionTrait>(db: &C, asked: Asked, now: DateTime<Utc>) -> Result<Period> {
    let zone = setting::current(db).await?.zone()?;
    let first = if asked.reaches_back() { report::first_entry_at(db).await? } else { None };
    Period::of(asked, first, now, zone).map_err(Error::from)
}

/// A count that is none of the database's signed numbers any more.
pub fn row_count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
