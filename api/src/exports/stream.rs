//! The common part of all exports: read from one snapshot of the database, with one batch in memory at a time.

use crate::http::answer::file::{Batch, CsvParameters, Export, Format};
use crate::http::request::period::PeriodParameters;
use crate::http::{Anyone, QueryParts};
use crate::state::App;
use crate::wire::{Error, Result};
use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use entity::audit::{Audited, Event};
use entity::period::Bounds;
use entity::{setting, user};
use futures_util::stream::{self, StreamExt};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How many rows are held in memory at once.
const BATCH: u64 = 500;

/// The query parameters of an export: the period that its rows were created in.
pub type RowExportQuery = QueryParts<(PeriodParameters,)>;

/// The same, and how the CSV is written.
pub type RowCsvQuery = QueryParts<(PeriodParameters, CsvParameters)>;

/// A row of an export: flat, its fields are the columns.
pub trait Row: Serialize + Sized + Send + 'static {
    /// What is exported, as named in the audit log and the file name.
    const EXPORT: &'static str;
    /// The table the rows belong to.
    type Entity: Audited;

    /// The row shown in the contract.
    fn example() -> Self;

    /// The rows that are not deleted.
    fn there() -> Select<Self::Entity>;

    /// A batch of rows as exported, in the same order.
    fn load(db: &DatabaseTransaction, rows: Vec<Model<Self>>, as_of: &AsOf) -> impl Future<Output = Result<Vec<Self>>> + Send;
}

/// What holds for all rows of an export: the instant at which it began, and the settings in its snapshot.
pub struct AsOf {
    pub now: DateTime<Utc>,
    pub settings: setting::Model,
}

type Model<R> = <<R as Row>::Entity as EntityTrait>::Model;

/// The usernames for some ids, in one query.
pub async fn usernames(db: &DatabaseTransaction, ids: HashSet<Uuid>) -> Result<HashMap<Uuid, String>> {
    let people = user::people_by_id(db, ids).await?;
    Ok(people.into_iter().map(|(id, person)| (id, person.username)).collect())
}

/// Sends the rows as CSV.
pub async fn csv<R: Row>(app: &App, by: &Anyone, query: RowCsvQuery) -> Result<HttpResponse> {
    let (period, csv) = query.parts;
    send::<R>(app, by, period, query.all, csv.format()).await
}

/// Sends the rows as NDJSON.
pub async fn ndjson<R: Row>(app: &App, by: &Anyone, query: RowExportQuery) -> Result<HttpResponse> {
    let (period,) = query.parts;
    send::<R>(app, by, period, query.all, Format::Ndjson).await
}

/// Records the export, and sends the rows in batches. The snapshot is released after the last one, or when the client
/// disconnects.
async fn send<R: Row>(app: &App, by: &Anyone, period: PeriodParameters, given: Json, format: Format) -> Result<HttpResponse> {
    let snapshot = app.db().export_snapshot().await?;
    let as_of = AsOf { now: app.now(), settings: setting::current(&snapshot).await? };
    let zone = as_of.settings.zone()?;
    let found = created::<R>(period.requested()?.at(as_of.now, zone).bounds(zone)?);
    let export = Export { content: R::EXPORT, format, filters: given, access: None, event: Event::bulk_export };
    let head = Batch::header(&R::example(), format)?;
    let first: Option<Uuid> = None;
    let batches = stream::try_unfold((snapshot, found, as_of, first), move |(snapshot, found, as_of, after)| async move {
        let left = Condition::all().add_option(after.map(|last| R::Entity::ID.gt(last)));
        let batch = found.clone().filter(left).order_by_asc(R::Entity::ID).limit(BATCH).all(&snapshot).await?;
        let Some(last) = batch.last().map(R::Entity::id) else { return Ok(None) };
        let rows = R::load(&snapshot, batch, &as_of).await?;
        Ok::<_, Error>(Some((Batch::rows(&rows, format)?, (snapshot, found, as_of, Some(last)))))
    });
    export.send(app, by, stream::iter([Ok(head)]).chain(batches)).await
}

/// Filters by the row's own time, not by that of its id: a document gets its id before its bytes are received.
fn created<R: Row>(period: Bounds) -> Select<R::Entity> {
    let since = period.since.map(|since| R::Entity::CREATED_AT.gte(since));
    let until = period.until.map(|until| R::Entity::CREATED_AT.lt(until));
    R::there().filter(Condition::all().add_option(since).add_option(until))
}
