//! List the audit log.

use super::filter::{LogFilter, LogQuery};
use super::page::{self, AuditEntryList, EntryPageRequest};
use crate::http::request::order::OrderParameters;
use crate::http::request::page::{PageRequest, Paging};
use crate::http::request::period::{PeriodParameters, is_short, period_required};
use crate::http::{Answer, AuditReader, Recorded};
use crate::state::App;
use crate::wire::{Result, SearchProblems};
use actix_web::{HttpRequest, get};
use entity::audit::Event;
use entity::audit_log::{Filter, LogView};
use entity::page::Direction;

/// List the audit log
///
/// Returns all matching entries, newest first or oldest first, 50 per page. The access is recorded once for all pages of a list,
/// and the response never contains the entry it causes. A repeated request by the same caller within 15 minutes is only counted,
/// and the next entry has the number as `folded_count`.
///
/// A short `q`, a network as `ip_address`, and `changed_field` require a period of at most 31 days, a case or a request (422
/// `period_required`): no index bounds what they would read. So does a `q` that many entries have, combined with filters that few
/// of these match. An export has no such limit.
///
/// To follow the log, read `GET /ledger/entries`: here an entry may appear after newer ones, up to 30 minutes later.
#[utoipa::path(
    tag = "audit-log",
    params(LogFilter, PeriodParameters, OrderParameters, Paging),
    responses((status = OK, description = "The matching entries", body = AuditEntryList), SearchProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/audit-log")]
pub async fn list_audit_log(
    app: App,
    by: Recorded<AuditReader>,
    query: LogQuery,
    request: HttpRequest,
) -> Result<Answer<AuditEntryList>> {
    let given = query.without::<Paging>();
    let (filter, period, order, paging) = query.parts;
    let page = paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let filter = filter.read(&app, period, page.as_of).await?;
    let (is_short, direction) = (is_short(filter.ids, page.as_of), order.direction());
    if let Some(parameter) = filter.unbounded().filter(|_| !is_short) {
        return Err(period_required(parameter));
    }
    let list = match filter.text.is_some() && !is_short {
        true => searched(&app, &filter, direction, &page).await,
        false => page::read_log(&app, &filter, direction, &page).await,
    };
    let list = match list {
        Ok(list) => list,
        Err(error) => {
            // What the page was refused for may depend on the log, and no transaction reads the caller again.
            by.judged_again(&app).await?;
            return Err(error);
        }
    };
    if page.is_first() {
        app.record_reading(&by, Event::audit_log_accessed(LogView::List, given)).await?;
    }
    Ok(Answer::page(list))
}

/// A page of the entries with a text, from a period that is not short: refused if it can't be read soon.
async fn searched(app: &App, filter: &Filter, direction: Direction, page: &PageRequest) -> Result<AuditEntryList> {
    let snapshot = app.snapshot().await?;
    let wanted = EntryPageRequest::new(&snapshot, filter, direction, page).await?;
    if !wanted.is_soon(&snapshot).await? {
        return Err(period_required("q"));
    }
    let list = wanted.list(&snapshot).await?;
    snapshot.commit().await?;
    Ok(list)
}
