//! How every report is generated: from one snapshot, for a period, page by page; the first page is recorded.

use super::columns::{self, Line};
use super::frame::{Filters, PeriodView};
use super::query::{AllTime, ListPage, Pins, ReportQuery, SeriesParameters, TableQuery, period, row_count};
use crate::http::request::period::{PeriodParameters, RequestedPeriod};
use crate::http::request::query::Parameters;
use crate::http::{Answer, Anyone, NoParameters, Paged, QueryParts};
use crate::state::App;
use crate::wire::{Instant, Result};
use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use entity::audit::Event;
use entity::page::{Direction, Position};
use entity::period::{Interval, Period};
use entity::report::ReportPage;
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde_json::{Value as Json, json};

/// A report: what it is computed from, and how it is shown.
pub trait Report: Serialize + Paged + Sized {
    /// Its permanent name, as recorded in the audit log.
    const NAME: &'static str;
    /// What the list of reports says of it.
    const ABOUT: About;
    /// The query parameters of this report alone.
    type Filter: Parameters;
    /// What the filter selects.
    type Subject;
    /// The requested page: `ListPage` if the report has a list, `()` if not.
    type Page: Pins;

    /// Reads what the filter selects.
    async fn subject(db: &DatabaseTransaction, filter: Self::Filter) -> Result<Self::Subject>;

    /// Computes the report, and how many rows it has.
    async fn compute(db: &DatabaseTransaction, subject: Self::Subject, frame: Frame, page: Self::Page) -> Result<(Self, i64)>;
}

/// What the list of reports says of a report.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub title: &'static str,
    pub description: &'static str,
    /// Its filters in addition to the period, separated by commas.
    pub filters: &'static str,
}

/// A report with a list. Its CSV has the rows of the list.
pub trait ListReport: Report<Page = ListPage> + 'static {
    /// How many rows a page has by default.
    const LIMIT: u64;

    /// The names of the columns.
    fn header() -> Line;

    /// The line of the example in the contract.
    fn example() -> Line;

    /// The example in the contract.
    fn csv_example() -> String {
        columns::example(Self::header(), Self::example())
    }

    /// One page as lines, plus one row if there are more: each with its position in the list.
    async fn rows(
        db: &DatabaseTransaction,
        period: &Period,
        subject: &Self::Subject,
        paging: &ReportPage,
    ) -> Result<Vec<(Position, Line)>>;
}

/// What a report is computed for.
pub struct Frame {
    pub period: Period,
    pub interval: Interval,
    pub generated_at: DateTime<Utc>,
    filters: Json,
}

/// The first fields of every report.
pub struct Head {
    pub report: &'static str,
    pub generated_at: Instant,
    pub period: PeriodView,
    pub filters: Filters,
}

impl Frame {
    /// The first fields of the report.
    pub fn head<R: Report>(self) -> Head {
        let (generated_at, period) = (self.generated_at.into(), PeriodView::from(&self.period));
        Head { report: R::NAME, generated_at, period, filters: Filters(self.filters) }
    }
}

/// Generates a page of a report with a list.
pub async fn page<R: ListReport>(
    app: &App,
    by: &Anyone,
    request: &HttpRequest,
    query: ReportQuery<R::Filter>,
) -> Result<Answer<R>> {
    let (filters, given) = (query.only::<R::Filter>(), query.all);
    let (asked, all_time, series, order, filter, paging) = query.parts;
    let page = ListPage::new(request, app, by, &paging, order.direction(), R::LIMIT)?;
    let (asked, interval, is_first) = (all_time.or(&asked)?, series.interval(), page.is_first());
    let (generated_at, as_of) = (app.now(), page.as_of());
    ReportRequest::<R> { asked, as_of, interval, generated_at, filter, filters, given, page, is_first }.generate(app, by).await
}

/// Generates a page of a report whose rows are not entries.
pub async fn table<R: ListReport>(
    app: &App,
    by: &Anyone,
    request: &HttpRequest,
    query: TableQuery<R::Filter>,
    direction: Direction,
) -> Result<Answer<R>> {
    let (filters, given) = (query.only::<R::Filter>(), query.all);
    let (asked, all_time, filter, paging) = query.parts;
    let page = ListPage::new(request, app, by, &paging, direction, R::LIMIT)?;
    let (asked, interval, is_first) = (all_time.or(&asked)?, Interval::default(), page.is_first());
    let (generated_at, as_of) = (app.now(), page.as_of());
    ReportRequest::<R> { asked, as_of, interval, generated_at, filter, filters, given, page, is_first }.generate(app, by).await
}

/// Generates a report without a list.
pub async fn whole<R: Report<Page = (), Filter = NoParameters>>(
    app: &App,
    by: &Anyone,
    query: QueryParts<(PeriodParameters, AllTime, SeriesParameters)>,
) -> Result<Answer<R>> {
    let (asked, all_time, series) = query.parts;
    let (asked, interval, now) = (all_time.or(&asked)?, series.interval(), app.now());
    let request = ReportRequest::<R> {
        asked,
        as_of: now,
        interval,
        generated_at: now,
        filter: NoParameters {},
        filters: json!({}),
        given: query.all,
        page: (),
        is_first: true,
    };
    request.generate(app, by).await
}

/// A report as requested.
struct ReportRequest<R: Report> {
    asked: RequestedPeriod,
    /// When the first page was requested.
    as_of: DateTime<Utc>,
    interval: Interval,
    generated_at: DateTime<Utc>,
    filter: R::Filter,
    /// The values of the filter as given.
    filters: Json,
    /// All values as given.
    given: Json,
    page: R::Page,
    is_first: bool,
}

impl<R: Report> ReportRequest<R> {
    /// The response is complete before it is recorded, so that it never contains its own entry.
    async fn generate(self, app: &App, by: &Anyone) -> Result<Answer<R>> {
        let db = app.snapshot().await?;
        let subject = R::subject(&db, self.filter).await?;
        let seen = self.page.seen(&db).await?;
        let period = Period { seen, ..period(&db, self.asked, self.as_of).await? };
        let frame = Frame { period, interval: self.interval, generated_at: self.generated_at, filters: self.filters };
        let (report, rows) = R::compute(&db, subject, frame, self.page).await?;
        db.commit().await?;
        if self.is_first {
            app.record_reading(by, Event::report_generated(R::NAME, self.given, row_count(rows))).await?;
        }
        Ok(Answer::page(report))
    }
}
