//! One page of the trail.

use crate::http::page::PageRequest;
use crate::http::{AuditEntry, Result};
use crate::list_of;
use entity::trail::{self, Entry, Filter};
use sea_orm::ConnectionTrait;

list_of! {
    /// Entries of the trail, the newest first
    AuditEntryList = AuditEntry
}

/// Reads a page of what matches: one statement, and one more for the total if it is asked for.
pub async fn read<C: ConnectionTrait>(db: &C, filter: &Filter, page: &PageRequest) -> Result<AuditEntryList> {
    let mut rows = trail::page(db, filter, page.after.as_ref(), page.fetch()).await?;
    let total = if page.include_total { Some(trail::count(db, filter).await?) } else { None };
    let page = page.cut(&mut rows, total, Entry::position);
    let data = rows.iter().map(AuditEntry::of).collect::<Result<_>>()?;
    Ok(AuditEntryList { data, page })
}
