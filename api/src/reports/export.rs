//! Reports as CSV: counted, recorded and then streamed from one snapshot, page by page.

use crate::http::Anyone;
use crate::http::answer::file::{Format, file};
use crate::state::App;
use crate::wire::{Error, Result, csv};
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use entity::audit::Event;
use entity::page::Direction;
use entity::report::ReportPage;
use futures_util::stream;
use sea_orm::DatabaseTransaction;
use serde_json::Value as Json;
use std::borrow::Cow;
use uuid::Uuid;

/// How many rows are read at once.
const PAGE: u64 = 500;

pub type Line = Vec<Cow<'static, str>>;

/// The rows of a report, ordered by their ids.
pub trait Rows: Send + Sync + 'static {
    fn header(&self) -> Line;

    /// One page, plus one row if there are more: each with the id it is sorted by.
    fn page(&self, db: &DatabaseTransaction, paging: &ReportPage) -> impl Future<Output = Result<Vec<(Uuid, Line)>>> + Send;
}

/// The export, for its audit entry and file name.
pub struct Export {
    pub report: &'static str,
    pub record_count: u64,
    pub filters: Json,
    pub direction: Direction,
}

impl Export {
    /// Records the export, then streams it.
    pub async fn send<R: Rows>(self, app: &App, by: &Anyone, db: DatabaseTransaction, rows: R) -> Result<HttpResponse> {
        self.record(app, by).await?;
        let head = csv::lines([rows.header()])?;
        let first = ReportPage { after: None, direction: self.direction, limit: PAGE };
        let lines = stream::try_unfold(State { db, rows, head: Some(head), next: Some(first) }, State::step);
        Ok(file(app, by, &self.file_name(), Format::Csv, lines))
    }

    /// The same for a report whose rows are already complete.
    pub async fn send_all(self, app: &App, by: &Anyone, lines: Vec<Line>) -> Result<HttpResponse> {
        self.record(app, by).await?;
        let text = csv::lines(lines)?;
        Ok(file(app, by, &self.file_name(), Format::Csv, stream::once(async move { Ok::<_, Error>(text) })))
    }

    async fn record(&self, app: &App, by: &Anyone) -> Result<()> {
        let event = Event::export_generated(self.report, Format::Csv.code(), self.record_count, self.filters.clone());
        app.record(by, event).await
    }

    fn file_name(&self) -> String {
        self.report.replace('_', "-")
    }
}

struct State<R> {
    db: DatabaseTransaction,
    rows: R,
    head: Option<Bytes>,
    /// `None` after the last page.
    next: Option<ReportPage>,
}

impl<R: Rows> State<R> {
    async fn step(mut self) -> Result<Option<(Bytes, Self)>> {
        if let Some(head) = self.head.take() {
            return Ok(Some((head, self)));
        }
        let Some(paging) = self.next.take() else { return Ok(None) };
        let mut rows = self.rows.page(&self.db, &paging).await?;
        let has_more = rows.len() > usize::try_from(paging.limit).unwrap_or(usize::MAX);
        if has_more {
            rows.pop();
        }
        let after = rows.last().map(|(id, _)| (*id).into());
        self.next = has_more.then_some(ReportPage { after, ..paging });
        let lines = csv::lines(rows.into_iter().map(|(_, line)| line))?;
        Ok(Some((lines, self)))
    }
}
