//! One page of audit entries.

use crate::http::AuditEntry;
use crate::http::request::page::{PageRequest, Pinned};
use crate::list_of;
use crate::wire::Result;
use entity::audit_log::{self, Entry, Filter};
use entity::page::Direction;
use entity::period::Seen;
use sea_orm::ConnectionTrait;

list_of! {
    /// A page of audit entries in their order, newest first by default
    AuditEntryList = AuditEntry
}

/// Reads a page of the matching entries, their total if requested, and names that the entries themselves don't contain. The total
/// is that of the first page: entries that were written since then are on none of the pages.
pub async fn read<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    direction: Direction,
    page: &PageRequest,
) -> Result<AuditEntryList> {
    let seen = page.seen(db).await?;
    let filter = &Filter { seen: seen.and_then(Seen::if_past), ..filter.clone() };
    let mut rows = audit_log::page(db, filter, direction, page.after.as_ref(), page.fetch()).await?;
    let total = if page.include_total { Some(audit_log::total(db, filter).await?) } else { None };
    let page = page.cut_pinned(&mut rows, total, Pinned { until: None, seen }, Entry::position);
    Ok(AuditEntryList { data: AuditEntry::all(db, &rows).await?, page })
}
