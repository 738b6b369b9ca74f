//! One page of audit entries.

use crate::http::AuditEntry;
use crate::http::request::page::PageRequest;
use crate::list_of;
use crate::state::App;
use crate::wire::Result;
use entity::audit_log::{Entry, Filter, Search};
use entity::page::Direction;
use entity::period::Seen;
use sea_orm::ConnectionTrait;

list_of! {
    /// A page of audit entries in their order, newest first by default
    AuditEntryList = AuditEntry
}

/// A page of the matching entries that is about to be read.
pub struct EntryPageRequest<'a> {
    search: Search,
    /// What the page may show, as far as it is known before the page is read.
    seen: Option<Seen>,
    direction: Direction,
    page: &'a PageRequest,
}

impl<'a> EntryPageRequest<'a> {
    pub async fn new<C: ConnectionTrait>(db: &C, filter: &Filter, direction: Direction, page: &'a PageRequest) -> Result<Self> {
        // The statement of a first page without a total returns it.
        let seen = if page.is_first() && !page.include_total { None } else { page.seen(db).await? };
        let filter = Filter { seen: seen.and_then(Seen::if_past), ..filter.clone() };
        Ok(Self { search: Search::new(db, filter).await?, seen, direction, page })
    }

    /// Whether it can be read without looking through a large part of the log.
    pub async fn is_soon<C: ConnectionTrait>(&self, db: &C) -> Result<bool> {
        Ok(self.search.is_soon_read(db, self.direction, self.page.after.as_ref(), self.page.fetch()).await?)
    }

    /// The entries, their total if requested, and names that the entries themselves don't contain. The total is that of the first
    /// page: entries that were written since then are on none of the pages.
    pub async fn list<C: ConnectionTrait>(self, db: &C) -> Result<AuditEntryList> {
        let Self { search, seen, direction, page } = self;
        let (mut rows, seen) = match seen {
            None if page.is_first() => search.first_page(db, direction, page.fetch(), page.as_of).await?,
            seen => (search.page(db, direction, page.after.as_ref(), page.fetch()).await?, seen),
        };
        let total = if page.include_total { Some(search.total(db).await?) } else { None };
        let page = page.cut_seen(&mut rows, total, seen, Entry::position);
        Ok(AuditEntryList { data: AuditEntry::all(db, &rows).await?, page })
    }
}

/// Reads a page of the matching entries: in one statement where an index has them next to each other, otherwise in a snapshot,
/// whose statements see the same and may take longer.
pub async fn read_log(app: &App, filter: &Filter, direction: Direction, page: &PageRequest) -> Result<AuditEntryList> {
    if filter.is_indexed() && !page.include_total {
        return read(app.readers(), filter, direction, page).await;
    }
    let snapshot = app.snapshot().await?;
    let list = read(&snapshot, filter, direction, page).await?;
    snapshot.commit().await?;
    Ok(list)
}

/// Reads a page of the matching entries. `db` is a snapshot, unless one statement is enough.
pub async fn read<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    direction: Direction,
    page: &PageRequest,
) -> Result<AuditEntryList> {
    EntryPageRequest::new(db, filter, direction, page).await?.list(db).await
}
