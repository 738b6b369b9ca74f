//! One page of audit entries.

use crate::http::AuditEntry;
use crate::http::request::page::PageRequest;
use crate::list_of;
use crate::wire::Result;
use entity::audit_log::{self, Entry, Filter};
use entity::page::Direction;
use sea_orm::ConnectionTrait;

list_of! {
    /// A page of audit entries in their order, newest first by default
    AuditEntryList = AuditEntry
}

/// Reads a page of the matching entries: one query, and another for the total if requested.
pub async fn read<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    direction: Direction,
    page: &PageRequest,
) -> Result<AuditEntryList> {
    let mut rows = audit_log::page(db, filter, direction, page.after.as_ref(), page.fetch()).await?;
    let total = if page.include_total { Some(audit_log::count(db, filter).await?) } else { None };
    let page = page.cut(&mut rows, total, Entry::position);
    let data = rows.iter().map(AuditEntry::new).collect::<Result<_>>()?;
    Ok(AuditEntryList { data, page })
}
