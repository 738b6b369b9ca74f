//! List the audit log.

use super::filter::{EntryQuery, LogFilter};
use super::page::{self, AuditEntryList};
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, AuditReader};
use crate::state::App;
use crate::wire::{ListProblems, Result};
use actix_web::{HttpRequest, get};
use entity::audit::Event;

/// List the audit log
///
/// Returns all matching entries, newest first, 50 per page. The access is recorded once for all pages of a list, and the response
/// never contains the entry it causes. The same again by the same caller within 15 minutes is only counted, and the next entry has
/// the number as `folded_count`.
#[utoipa::path(
    tag = "audit-log",
    params(LogFilter, PeriodParameters, Paging),
    responses((status = OK, description = "The matching entries", body = AuditEntryList), ListProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/audit-log")]
pub async fn list_audit_log(
    app: App,
    by: AuditReader,
    query: EntryQuery<LogFilter>,
    request: HttpRequest,
) -> Result<Answer<AuditEntryList>> {
    let given = query.without::<Paging>();
    let (filter, period, paging) = query.parts;
    let page = paging.page_request(&request, &app, &by, 50)?;
    let filter = filter.read(&app, period).await?;
    let snapshot = app.snapshot().await?;
    let list = page::read(&snapshot, &filter, &page).await?;
    snapshot.commit().await?;
    if page.is_first() {
        let log = ("audit_log", "audit_log".to_owned());
        app.record_reading(&by, Event::audit_log_accessed("main_dashboard", log, given)).await?;
    }
    Ok(Answer::plain(list))
}
