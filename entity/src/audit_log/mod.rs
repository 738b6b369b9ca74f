//! Reads the audit log: entries that match a filter, ordered by id, page by page; nothing here writes.

mod address;
mod catalogue;
mod change;
mod decisions;
mod events;
mod filter;
mod jobs;
mod member;
mod search;
mod sign_ins;
pub mod vitals;

pub use address::AddressRange;
pub use catalogue::{Usage, usage};
pub use change::ChangedField;
pub use decisions::entries_of_decisions;
pub use events::{EXPORT, LogView};
use filter::Countable;
pub use filter::Filter;
pub use jobs::{JobHealth, is_failing, job_health, job_health_of};
pub use member::MemberView;
use search::Candidates;
pub use search::{TextIndex, candidates};
pub use sign_ins::{SignIn, sign_ins};

use crate::audit_entry::{Column, Entity};
use crate::ledger;
use crate::page::{self, Direction, Position, TOTAL_MAX, Total};
use crate::period::Seen;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

/// An entry as stored: all its data is in its body, except its place in the sealed log.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Entry {
    pub id: Uuid,
    /// None until it is sealed.
    pub sequence: Option<i64>,
    pub body: String,
}

impl Entry {
    /// Its position in a list.
    pub fn position(&self) -> Position {
        self.id.into()
    }
}

/// A filter, and what the index of texts says of it: read once for a page and its total, and for all batches of an export.
pub struct Search {
    filter: Filter,
    candidates: Candidates,
}

impl Search {
    pub async fn new<C: ConnectionTrait>(db: &C, filter: Filter) -> Result<Self, DbErr> {
        let candidates = search::candidates_of(db, &filter).await?;
        Ok(Self { filter, candidates })
    }

    /// At most `limit` matching entries in the order of their ids, after the last entry of the previous page.
    pub async fn page<C: ConnectionTrait>(
        &self,
        db: &C,
        direction: Direction,
        after: Option<&Position>,
        limit: u64,
    ) -> Result<Vec<Entry>, DbErr> {
        let backend = db.get_database_backend();
        let select = self.select(direction, after, limit, backend);
        Entry::find_by_statement(page::statement(&select, backend)).all(db).await
    }

    /// The first page, and what its statement could see, which the later ones are pinned to; `None` if nothing matches.
    pub async fn first_page<C: ConnectionTrait>(
        &self,
        db: &C,
        direction: Direction,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Entry>, Option<Seen>), DbErr> {
        let backend = db.get_database_backend();
        let mut select = self.select(direction, None, limit, backend);
        for (expression, name) in Seen::columns(backend) {
            select.expr_as(Expr::cust(expression), name);
        }
        let rows = db.query_all_raw(page::statement(&select, backend)).await?;
        let seen = rows.first().map(|row| Seen::from_row(row, backend, now)).transpose()?;
        if let Some(past) = seen.and_then(Seen::if_past) {
            // Later pages can't be pinned to all that this statement could see.
            let pinned = Self::new(db, Filter { seen: Some(past), ..self.filter.clone() }).await?;
            return Ok((pinned.page(db, direction, None, limit).await?, seen));
        }
        let entries: Result<_, _> = rows.iter().map(|row| Entry::from_query_result(row, "")).collect();
        Ok((entries?, seen))
    }

    fn select(&self, direction: Direction, after: Option<&Position>, limit: u64, backend: DbBackend) -> SelectStatement {
        match &self.candidates {
            Candidates::Few(candidates) => search::among(candidates, &self.filter, direction, after, limit, backend),
            Candidates::Many | Candidates::Unknown => listing(&self.filter, direction, after, limit, backend),
        }
    }

    /// Whether a page can be read without looking through a large part of the log: not if the text is frequent, and the entries
    /// that match the whole filter are rare among those next to the page. Such a filter needs a period.
    pub async fn is_soon_read<C: ConnectionTrait>(
        &self,
        db: &C,
        direction: Direction,
        after: Option<&Position>,
        limit: u64,
    ) -> Result<bool, DbErr> {
        match self.near(db, direction, after).await? {
            Some(near) => {
                let found = listing(&near, direction, after, limit, db.get_database_backend());
                Ok(Total::count(db, found).await?.rows >= limit)
            }
            None => Ok(true),
        }
    }

    /// The number of matching entries: all of them where the rollups say, otherwise counted up to a maximum; of a frequent text
    /// among the newest entries. `db` is a snapshot.
    pub async fn total<C: ConnectionTrait>(&self, db: &C) -> Result<Total, DbErr> {
        if let Some(Countable { ids, actions, outcomes, actor_id }) = self.filter.countable()
            && let Some(rows) = ledger::counted_total(db, ids, actions, outcomes, actor_id).await?
        {
            return Ok(Total::exact(rows));
        }
        let (newest, backend) = (Direction::Descending, db.get_database_backend());
        if let Candidates::Few(candidates) = &self.candidates {
            return Total::count(db, search::among(candidates, &self.filter, newest, None, TOTAL_MAX, backend)).await;
        }
        if let Some(near) = self.near(db, newest, None).await? {
            let found = Total::count(db, listing(&near, newest, None, TOTAL_MAX, backend)).await?;
            return Ok(Total { is_capped: true, ..found });
        }
        let matching = self.filter.whole(backend);
        Total::count(db, Entity::find().select_only().column(Column::Id).filter(matching).into_query()).await
    }

    /// The filter for the entries next to a page, if its text is frequent and more entries than these may match.
    async fn near<C: ConnectionTrait>(
        &self,
        db: &C,
        direction: Direction,
        after: Option<&Position>,
    ) -> Result<Option<Filter>, DbErr> {
        match self.candidates {
            Candidates::Many if !self.filter.names_one_thing() => search::near(db, &self.filter, direction, after).await,
            Candidates::Many | Candidates::Few(_) | Candidates::Unknown => Ok(None),
        }
    }
}

/// One entry by its id.
pub async fn entry<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Entry>, DbErr> {
    let entry = plain().filter(Column::Id.eq(id)).limit(1).into_query();
    Entry::find_by_statement(page::statement(&entry, db.get_database_backend())).one(db).await
}

/// Any number of entries by their ids, in the order of the ids.
pub async fn entries<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<Entry>, DbErr> {
    let mut entries = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let found = plain().filter(Column::Id.is_in(some.iter().copied())).order_by_asc(Column::Id);
        entries.extend(found.into_model::<Entry>().all(db).await?);
    }
    Ok(entries)
}

/// The other entries of an entry's request, in the order in which they were written.
pub async fn siblings<C: ConnectionTrait>(db: &C, id: Uuid, request_id: &str, limit: u64) -> Result<Vec<Entry>, DbErr> {
    let others = plain().filter(Column::RequestId.eq(request_id)).filter(Column::Id.ne(id));
    let others = others.order_by_asc(Column::Id).limit(limit).into_query();
    Entry::find_by_statement(page::statement(&others, db.get_database_backend())).all(db).await
}

/// The statement behind a page; public, so that its query plan can be inspected.
///
/// If no single index provides the order, each of its values is read separately up to the limit: an `IN` or an `OR` would make
/// the database sort everything that matches.
pub fn listing(
    filter: &Filter,
    direction: Direction,
    after: Option<&Position>,
    limit: u64,
    backend: DbBackend,
) -> SelectStatement {
    let rest = after.map(|last| page::after_id(Column::Id, last, direction));
    let order = direction.order();
    let branches = filter.branches();
    let Some((first, others)) = branches.split_first() else {
        let matching = filter.whole(backend).add_option(rest);
        return plain().filter(matching).order_by(Column::Id, order).limit(limit).into_query();
    };
    let matching = filter.beside_branches(backend).add_option(rest);
    let branch = |own: &Condition| first_of(own.clone().add(matching.clone()), direction, limit);
    let mut ids = branch(first);
    for own in others {
        // Distinct: a user may be both the actor of an entry and its related user.
        ids.union(UnionType::Distinct, branch(own));
    }
    plain().filter(Column::Id.in_subquery(ids)).order_by(Column::Id, order).limit(limit).into_query()
}

/// SQLite accepts an ORDER BY inside a union only in a subselect of its own.
fn first_of(matching: Condition, direction: Direction, limit: u64) -> SelectStatement {
    let ids =
        Entity::find().select_only().column(Column::Id).filter(matching).order_by(Column::Id, direction.order()).limit(limit);
    Query::select().column(Column::Id).from_subquery(ids.into_query(), "first").take()
}

/// The place of an entry in the sealed log.
fn sequence() -> SimpleExpr {
    Expr::cust("(SELECT sequence FROM ledger_leaves WHERE entry_id = audit_entries.id)")
}

/// The sequence is looked up for the rows of the page alone, after they were chosen.
fn plain() -> sea_orm::Select<Entity> {
    Entity::find().select_only().columns([Column::Id, Column::Body]).expr_as(sequence(), "sequence")
}
