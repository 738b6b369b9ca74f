//! The common parts of the report queries: period, time series interval, order and page.

use crate::http::answer::file::CsvParameters;
use crate::http::request::order::OrderParameters;
use crate::http::request::page::{PageRequest, Paging};
use crate::http::request::period::{PeriodParameters, RequestedPeriod};
use crate::http::{Anyone, PageInfo, QueryParts};
use crate::state::App;
use crate::wire::{Error, Result};
use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use entity::page::{Direction, Position, Total};
use entity::period::{Interval, Period, PeriodError, PeriodQuery, Seen};
use entity::report;
use entity::setting;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

/// The query parameters of a report with a list.
pub type ReportQuery<T> = QueryParts<(PeriodParameters, AllTime, SeriesParameters, OrderParameters, T, Paging)>;

/// The query parameters of its CSV export.
pub type ReportExportQuery<T> = QueryParts<(PeriodParameters, AllTime, OrderParameters, T, CsvParameters)>;

/// The query parameters of a report whose rows are not entries, and so have an order of their own.
pub type TableQuery<T> = QueryParts<(PeriodParameters, AllTime, T, Paging)>;

/// The query parameters of its CSV export.
pub type TableExportQuery<T> = QueryParts<(PeriodParameters, AllTime, T, CsvParameters)>;

/// Selects the whole log as the period.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct AllTime {
    /// From the first entry until now; not together with `since`, `until` or `period`
    #[param(nullable = false)]
    pub all_time: Option<bool>,
}

/// The division of the time series.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct SeriesParameters {
    /// Length of a bucket of the time series; at most 1,000 buckets
    #[param(nullable = false)]
    pub interval: Option<Interval>,
}

impl AllTime {
    /// The period as requested: all time, or the other one.
    pub fn or(self, period: &PeriodParameters) -> Result<RequestedPeriod> {
        match (period.requested()?, self.all_time.unwrap_or(false)) {
            (asked, false) => Ok(asked),
            (RequestedPeriod::Named(_), true) => Err(PeriodError::NameWithBounds.into()),
            (RequestedPeriod::Between(ends), true) => Ok(RequestedPeriod::Between(PeriodQuery { all_time: true, ..ends })),
        }
    }
}

impl SeriesParameters {
    pub fn interval(&self) -> Interval {
        self.interval.unwrap_or_default()
    }
}

/// The requested page of a report's list.
pub struct ListPage {
    page: PageRequest,
    pub paging: report::ReportPage,
}

impl ListPage {
    pub fn new(request: &HttpRequest, app: &App, by: &Anyone, paging: &Paging, direction: Direction, limit: u64) -> Result<Self> {
        let page = paging.page_request(request, app, by, limit)?;
        let paging = report::ReportPage { after: page.after.clone(), direction, limit: page.limit };
        Ok(Self { page, paging })
    }

    pub fn is_first(&self) -> bool {
        self.page.is_first()
    }

    /// When the first page was requested: all pages cover the same period.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.page.as_of
    }

    /// Cuts the rows to the page. The next page will cover the same period, and of it what this one could see.
    pub fn cut<R, P: Into<Position>>(
        &self,
        rows: &mut Vec<R>,
        matching: i64,
        period: &Period,
        position: impl Fn(&R) -> P,
    ) -> PageInfo {
        let total = self.page.include_total.then(|| Total::exact(row_count(matching)));
        self.page.cut_seen(rows, total, period.seen, |row| position(row).into())
    }
}

/// What all pages of a report have in common.
pub trait Pins {
    /// What they show of the rows that are only added; `None` if there is only one page.
    async fn seen(&self, db: &DatabaseTransaction) -> Result<Option<Seen>>;
}

impl Pins for () {
    async fn seen(&self, _: &DatabaseTransaction) -> Result<Option<Seen>> {
        Ok(None)
    }
}

impl Pins for ListPage {
    async fn seen(&self, db: &DatabaseTransaction) -> Result<Option<Seen>> {
        self.page.seen(db).await
    }
}

/// The requested period, in the configured time zone.
pub async fn period<C: ConnectionTrait>(db: &C, asked: RequestedPeriod, now: DateTime<Utc>) -> Result<Period> {
    let zone = setting::current(db).await?.zone()?;
    let asked = asked.at(now, zone);
    let first = if asked.reaches_back() { report::first_entry_at(db).await? } else { None };
    Period::new(asked, first, now, zone).map_err(Error::from)
}

/// A row count, converted from the database's signed integer.
pub fn row_count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
