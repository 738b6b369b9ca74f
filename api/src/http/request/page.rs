//! Pages of a list: their size, their start, and the signed cursor for the next one.

use super::caller::Anyone;
use crate::state::App;
use crate::wire::fields::shown::ShownCursor;
use crate::wire::fields::{Cursor, PageLimit};
use crate::wire::{Code, Error, FieldProblem, Result};
use actix_web::HttpRequest;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use entity::db::{Placed, by_place};
use entity::page::{self, Direction, Position, SortKey, Total};
use entity::period::{LedgerExtent, Seen};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryResult, QueryTrait, Select};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// A response body that may be one page of several.
pub trait Paged {
    /// The cursor for the next page; none on the last one.
    fn next_cursor(&self) -> Option<&str>;
}

/// Selects a page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Paging {
    /// Maximum number of rows per page
    #[validate(nested)]
    #[param(inline, nullable = false, example = 50)]
    pub limit: Option<PageLimit>,
    /// Pagination cursor: the `next_cursor` of the previous page
    #[validate(nested)]
    #[param(inline, nullable = false, example = "eyJib3VuZF90byI6IjZkIn0.x3Yk")]
    pub cursor: Option<Cursor>,
    /// Whether to count the matching rows: up to 10,001 of them, unless the list belongs to a report
    #[param(nullable = false)]
    pub include_total: Option<bool>,
}

/// Position of a page in its list
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"next_cursor": null, "has_more": false, "limit": 50, "total": null, "total_is_capped": false}))]
pub struct PageInfo {
    /// Cursor for the next page; null on the last page
    #[schema(value_type = Option<ShownCursor>)]
    pub next_cursor: Option<String>,
    pub has_more: bool,
    /// Maximum number of rows per page
    pub limit: PageLimit,
    /// Number of all matching rows, if requested with `include_total`; at most 10,001, unless the list belongs to a
    /// report or the number of audit entries is known without counting them
    #[schema(minimum = 0)]
    pub total: Option<u64>,
    /// Whether there may be more rows than `total`: it counts at most 10,001, and of a text that many entries have, only those
    /// among the newest 50,000; false if no total was requested
    #[serde(default)]
    #[schema(required = true)]
    pub total_is_capped: bool,
}

/// The content of a cursor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Token {
    /// Digest of path, caller and filters: a cursor is valid for nothing else.
    bound_to: String,
    position: Position,
    /// The end of a period until the request of the first page, in milliseconds: that millisecond is part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    /// What the first page could see, as `Seen::numbers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Vec<u64>>,
    /// How much of that was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ledger: Option<LedgerExtent>,
}

/// A request for a page, with its cursor checked.
pub struct PageRequest {
    pub limit: u64,
    /// The last row of the page before; `None` for the first page.
    pub after: Option<Position>,
    /// When the first page was requested: what an open end and the name of a period refer to.
    pub as_of: DateTime<Utc>,
    /// What the first page could see; `None` if this is the first, or the list pins nothing.
    seen: Option<Seen>,
    pub include_total: bool,
    bound_to: String,
    app: App,
}

impl Paging {
    /// How many rows a page of most lists has by default.
    pub const LIMIT: u64 = 50;

    /// Checks the cursor against caller, path and filters.
    pub fn page_request(&self, request: &HttpRequest, app: &App, by: &Anyone, default_limit: u64) -> Result<PageRequest> {
        let bound_to = bound_to(request.path(), request.query_string(), by);
        let token = self.cursor.as_deref().map(|cursor| open(app.cursor_key(), cursor, &bound_to)).transpose()?;
        let (after, until, seen) = token.map_or((None, None, None), |token| {
            let seen = token.seen.as_deref().and_then(|numbers| Seen::from_numbers(numbers, token.ledger));
            (Some(token.position), token.until, seen)
        });
        let first_at = until.and_then(|until| DateTime::from_timestamp_millis(until.checked_sub(1)?));
        Ok(PageRequest {
            limit: self.limit.map_or(default_limit, PageLimit::get),
            after,
            as_of: first_at.unwrap_or_else(|| app.now()),
            seen,
            include_total: self.include_total.unwrap_or(false),
            bound_to,
            app: app.clone(),
        })
    }
}

impl PageRequest {
    /// The first page of a list without filters, for a response of another operation that contains it: its cursor continues at
    /// the list's own path.
    pub fn first(path: &str, app: &App, by: &Anyone, limit: u64) -> Self {
        Self {
            limit,
            after: None,
            as_of: app.now(),
            seen: None,
            include_total: false,
            bound_to: bound_to(path, "", by),
            app: app.clone(),
        }
    }

    /// Only the first page is recorded in the audit log; the others belong to the same read.
    pub fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// Reads the page from a list: its rows as sorted by `key`, and its position; one query, and another for the total if
    /// requested. `position` returns a row's position by that key.
    pub async fn read<C, E, R>(
        &self,
        db: &C,
        list: Select<E>,
        key: &SortKey,
        position: impl Fn(&R) -> Position,
    ) -> Result<(Vec<R>, PageInfo)>
    where
        C: ConnectionTrait,
        E: EntityTrait<Model: Send + Sync>,
        R: FromQueryResult,
    {
        let (rows, total) = self.rows(db, list, key, |page| page).await?;
        let mut rows = rows.iter().map(|row| R::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
        let page = self.cut(&mut rows, total, position);
        Ok((rows, page))
    }

    /// The same for rows that are shown with something else, and read by the places of their columns: `related` is the statement
    /// that adds it to the rows of a page.
    pub async fn read_with<C, E, R>(
        &self,
        db: &C,
        list: Select<E>,
        key: &SortKey,
        related: impl FnOnce(SelectStatement) -> SelectStatement,
        position: impl Fn(&R) -> Position,
    ) -> Result<(Vec<R>, PageInfo)>
    where
        C: ConnectionTrait,
        E: EntityTrait<Model: Send + Sync>,
        R: Placed,
    {
        let (rows, total) = self.rows(db, list, key, related).await?;
        let mut rows = by_place(&rows)?;
        let page = self.cut(&mut rows, total, position);
        Ok((rows, page))
    }

    /// The rows of the page, and the total if it is requested.
    async fn rows<C: ConnectionTrait, E: EntityTrait<Model: Send + Sync>>(
        &self,
        db: &C,
        list: Select<E>,
        key: &SortKey,
        related: impl FnOnce(SelectStatement) -> SelectStatement,
    ) -> Result<(Vec<QueryResult>, Option<Total>)> {
        let total = if self.include_total { Some(Total::count(db, list.clone().into_query()).await?) } else { None };
        let rest = match &self.after {
            Some(last) => list.filter(key.after(last).ok_or_else(invalid_cursor)?),
            None => list,
        };
        let mut page = key.sort(rest).into_query();
        page.limit(written_limit(self.fetch()));
        let statement = page::statement(&related(page), db.get_database_backend());
        Ok((db.query_all_raw(statement).await?, total))
    }

    /// The same for a list of whole rows, latest first.
    pub async fn read_newest<C, E>(
        &self,
        db: &C,
        list: Select<E>,
        id: E::Column,
        id_of: impl Fn(&E::Model) -> Uuid,
    ) -> Result<(Vec<E::Model>, PageInfo)>
    where
        C: ConnectionTrait,
        E: EntityTrait<Model: Send + Sync>,
    {
        self.read(db, list, &SortKey::id(id, Direction::Descending), |row: &E::Model| id_of(row).into()).await
    }

    /// What all pages show of rows that are only added: what the first one can see. Read in the same snapshot as the page.
    pub async fn seen<C: ConnectionTrait>(&self, db: &C) -> Result<Option<Seen>> {
        match self.is_first() {
            true => Ok(Some(Seen::read(db, self.app.now()).await?)),
            false => Ok(self.seen),
        }
    }

    /// How many rows to read: one more than requested shows whether there is a next page.
    pub fn fetch(&self) -> u64 {
        self.limit.saturating_add(1)
    }

    /// Cuts the rows to the page and returns its position. `position` returns a row's position in the list's order.
    pub fn cut<R>(&self, rows: &mut Vec<R>, total: Option<Total>, position: impl Fn(&R) -> Position) -> PageInfo {
        self.cut_seen(rows, total, None, position)
    }

    /// The same, with what the first page could see.
    pub fn cut_seen<R>(
        &self,
        rows: &mut Vec<R>,
        total: Option<Total>,
        seen: Option<Seen>,
        position: impl Fn(&R) -> Position,
    ) -> PageInfo {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more).map(position);
        let until = self.as_of.timestamp_millis().checked_add(1);
        let (seen, ledger) = (seen.map(|seen| seen.numbers()), seen.and_then(|seen| seen.ledger()));
        let bound_to = self.bound_to.clone();
        let seal = |position| seal(self.app.cursor_key(), &Token { bound_to, position, until, seen, ledger });
        PageInfo {
            next_cursor: last.map(seal),
            has_more,
            limit: self.limit.into(),
            total: total.map(|total| total.rows),
            total_is_capped: total.is_some_and(|total| total.is_capped),
        }
    }
}

/// The limit as a statement states it: written, since PostgreSQL plans a statement anew each time if its limit is a value; and
/// one of few, since each is a statement of its own. `PageRequest::cut` drops what is over.
fn written_limit(rows: u64) -> u64 {
    [2, 11, 26, 51, 101, 201].into_iter().find(|limit| rows <= *limit).unwrap_or(rows)
}

fn bound_to(path: &str, query: &str, by: &Anyone) -> String {
    let mut filters: Vec<&str> = query.split('&').collect();
    filters.retain(|pair| !["cursor=", "limit=", "include_total="].iter().any(|name| pair.starts_with(name)) && !pair.is_empty());
    filters.sort_unstable();
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let text = format!("{} {path} {}", by.id(), filters.join("&"));
    entity::text::sha256_hex(text.as_bytes()).chars().take(32).collect()
}

fn seal(key: &[u8; 32], token: &Token) -> String {
    let body = serde_json::to_vec(token).unwrap_or_default();
    let tag = mac(key, &body).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
    format!("{}.{}", BASE64.encode(&body), BASE64.encode(tag))
}

/// A cursor that was not issued, or was issued by another version.
pub fn invalid_cursor() -> Error {
    let fault = FieldProblem::query("cursor", "invalid_cursor", "was not issued for this list");
    Error::fields(Code::InvalidCursor, vec![fault])
}

fn open(key: &[u8; 32], cursor: &str, bound_to: &str) -> Result<Token> {
    let (body, tag) = cursor.split_once('.').ok_or_else(invalid_cursor)?;
    let body = BASE64.decode(body).map_err(|_| invalid_cursor())?;
    let tag = BASE64.decode(tag).map_err(|_| invalid_cursor())?;
    mac(key, &body).ok_or_else(invalid_cursor)?.verify_slice(&tag).map_err(|_| invalid_cursor())?;
    let token: Token = serde_json::from_slice(&body).map_err(|_| invalid_cursor())?;
    if token.bound_to == bound_to { Ok(token) } else { Err(invalid_cursor()) }
}

fn mac(key: &[u8; 32], body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(body);
    Some(mac)
}

/// Declares the list of a resource: a concrete type, since generators rename generic ones.
#[macro_export]
macro_rules! list_of {
    ($(#[doc = $doc:literal])+ $name:ident = $row:ty) => {
        $(#[doc = $doc])+
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            #[schema(max_items = 200)]
            pub data: Vec<$row>,
            pub page: $crate::http::request::page::PageInfo,
        }

        impl $crate::http::request::page::Paged for $name {
            fn next_cursor(&self) -> Option<&str> {
                self.page.next_cursor.as_deref()
            }
        }
    };
}

#[cfg(test)]
mod properties;
