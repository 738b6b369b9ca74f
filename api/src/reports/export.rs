//! Reports as CSV: recorded and then streamed from one snapshot, page by page.

use super::columns::Line;
use super::generate::{ListReport, Report};
use super::query::{ReportExportQuery, TableExportQuery, period};
use crate::http::Anyone;
use crate::http::answer::file::{Batch, Export, Format};
use crate::http::request::period::RequestedPeriod;
use crate::state::App;
use crate::wire::{Result, csv};
use actix_web::HttpResponse;
use entity::audit::Event;
use entity::page::Direction;
use entity::period::Period;
use entity::report::ReportPage;
use futures_util::stream;
use sea_orm::DatabaseTransaction;
use serde_json::Value as Json;

/// How many rows are read at once.
const PAGE: u64 = 500;

/// Records the export of a report's list, and streams its rows.
pub async fn send<R: ListReport>(app: &App, by: &Anyone, query: ReportExportQuery<R::Filter>) -> Result<HttpResponse> {
    let (asked, all_time, order, filter, csv) = query.parts;
    let list = List::<R> { asked: all_time.or(&asked)?, filter, direction: order.direction(), format: csv.format() };
    list.stream(app, by, query.all).await
}

/// The same for a report whose rows are not entries.
pub async fn send_table<R: ListReport>(
    app: &App,
    by: &Anyone,
    query: TableExportQuery<R::Filter>,
    direction: Direction,
) -> Result<HttpResponse> {
    let (asked, all_time, filter, csv) = query.parts;
    let list = List::<R> { asked: all_time.or(&asked)?, filter, direction, format: csv.format() };
    list.stream(app, by, query.all).await
}

/// The list of a report as requested.
struct List<R: ListReport> {
    asked: RequestedPeriod,
    filter: R::Filter,
    direction: Direction,
    format: Format,
}

impl<R: ListReport> List<R> {
    async fn stream(self, app: &App, by: &Anyone, given: Json) -> Result<HttpResponse> {
        let db = app.db().export_snapshot().await?;
        let subject = R::subject(&db, self.filter).await?;
        let period = period(&db, self.asked, app.now()).await?;
        let export = export::<R>(self.format, given);
        let head = Batch::without_records(csv::lines([R::header()])?);
        let first = ReportPage { after: None, direction: self.direction, limit: PAGE };
        let state = ReportExportState::<R> { db, period, subject, head: Some(head), next: Some(first) };
        export.send(app, by, stream::try_unfold(state, ReportExportState::step)).await
    }
}

/// The same for a report whose rows are already complete; the first line is the header.
pub async fn send_all<R: Report>(
    app: &App,
    by: &Anyone,
    lines: Vec<Line>,
    format: Format,
    filters: Json,
) -> Result<HttpResponse> {
    let batch = Batch::new(lines.len().saturating_sub(1), csv::lines(lines)?);
    export::<R>(format, filters).send(app, by, stream::iter([Ok(batch)])).await
}

fn export<R: Report>(format: Format, filters: Json) -> Export {
    Export { content: R::NAME, format, filters, access: None, event: Event::export_generated }
}

struct ReportExportState<R: ListReport> {
    db: DatabaseTransaction,
    period: Period,
    subject: R::Subject,
    head: Option<Batch>,
    /// `None` after the last page.
    next: Option<ReportPage>,
}

impl<R: ListReport> ReportExportState<R> {
    async fn step(mut self) -> Result<Option<(Batch, Self)>> {
        if let Some(head) = self.head.take() {
            return Ok(Some((head, self)));
        }
        let Some(paging) = self.next.take() else { return Ok(None) };
        let mut rows = R::rows(&self.db, &self.period, &self.subject, &paging).await?;
        let has_more = rows.len() > usize::try_from(paging.limit).unwrap_or(usize::MAX);
        if has_more {
            rows.pop();
        }
        let after = rows.last().map(|(position, _)| position.clone());
        self.next = has_more.then_some(ReportPage { after, ..paging });
        let batch = Batch::new(rows.len(), csv::lines(rows.into_iter().map(|(_, line)| line))?);
        Ok(Some((batch, self)))
    }
}
