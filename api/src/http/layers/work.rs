//! Admits as much work as can be processed, by its kind, and ends what takes too long: excess work is refused at once, before it
//! costs anything.

use super::connections::Handle;
use super::limits;
use crate::http::request::caller::PresentedCredential;
use crate::http::request::operations;
use crate::http::request::work::Work;
use crate::state::App;
use crate::state::budgets::{Permit, WorkKind};
use crate::wire::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use entity::audit::CommitWatch;
use entity::db::Unsettled;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::time::{Instant, sleep_until};

fn classify(request: &ServiceRequest) -> WorkKind {
    let is_known = request.extensions().contains::<PresentedCredential>();
    kind_of(request.method(), request.path(), request.query_string(), is_known)
}

/// A request without a known caller is refused before anything is read.
fn kind_of(method: &Method, path: &str, query: &str, is_known: bool) -> WorkKind {
    let Some(operation) = path.strip_prefix("/api/v1/") else {
        return if operations::is_probe(path) { WorkKind::Probe } else { WorkKind::Plain };
    };
    let is_post = *method == Method::POST;
    match operation {
        _ if !is_known => WorkKind::Plain,
        _ if is_export(operation) => WorkKind::Export,
        _ if operation.starts_with("reports") => WorkKind::Report,
        _ if is_post && operation.starts_with("cases/") && operation.ends_with("/documents") => WorkKind::Upload,
        "credit-resets" if is_post => WorkKind::Reset,
        _ if is_post && operation.starts_with("jobs/") => WorkKind::Job,
        "cases/counts" => WorkKind::Scan,
        _ if query.split('&').any(is_costly) => WorkKind::Scan,
        _ => WorkKind::Plain,
    }
}

/// What takes a connection of the exports and is generated while it is sent. The file of the activity summary is complete before
/// it is sent, and read like the report itself.
fn is_export(operation: &str) -> bool {
    let is_report = operation.starts_with("reports/") && operation.ends_with(".csv");
    operation.starts_with("exports/")
        || operation.starts_with("audit-log/export.")
        || (is_report && operation != "reports/activity-summary.csv")
}

/// The orders of cases that no index provides.
const UNINDEXED: [&str; 7] = ["case_number", "employee_last_name", "status", "urgency", "tier", "member", "assigned_to"];

fn is_costly(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    let (name, value) = (decoded(name), decoded(value));
    match &*name {
        // Neither a text nor a network is found by an index.
        "q" | "ip_address" => !value.is_empty(),
        "include_total" => value != "false",
        "sort" => UNINDEXED.contains(&value.trim_start_matches('-')),
        _ => false,
    }
}

/// Admits as much as can be processed, and ends what takes too long.
pub async fn work(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = App::extract(request.request())?;
    let kind = classify(&request);
    let caller = limits::caller(&request);
    let caller_id = request.extensions().get::<PresentedCredential>().and_then(PresentedCredential::user_id);
    let turn = app.budgets().turn(kind, caller_id).await;
    let begun = turn.and_then(|turn| Work::begin(app.budgets(), kind, caller).map(|work| (turn, work)));
    let (turn, work) = match begun {
        Ok(begun) => begun,
        // Not `into_response`, which drops the error that the edge renders.
        Err(error) => return Ok(ServiceResponse::new(request.into_parts().0, HttpResponse::from_error(error))),
    };
    request.extensions_mut().insert(work.clone());
    let mut body = request.request().conn_data::<Handle>().map(Handle::body);
    let (commits, unsettled) = (CommitWatch::default(), Unsettled::default());
    let mut handler = pin!(unsettled.clone().during(commits.clone().during(next.call(request))));
    let mut timer = pin!(sleep_until(Instant::now()));
    let answered = poll_fn(|context| {
        if let Poll::Ready(answered) = handler.as_mut().poll(context) {
            return Poll::Ready(Some(answered));
        }
        if let Some(body) = &mut body {
            body.set_owed(work.is_body_owed());
        }
        // A request that may have committed is processed to its end: no response may claim that nothing was changed.
        let Some(due) = work.due().filter(|_| !commits.has_begun()) else { return Poll::Pending };
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(context).map(|()| None)
    });
    let answered = answered.await;
    drop(body);
    match answered {
        Some(response) => {
            // The response may say what was never committed.
            unsettled.settle().await.map_err(Error::from)?;
            Ok(response?.map_body(|_, body| hold(turn, body)))
        }
        // The request was dropped with its handler: the edge answers without it.
        None => Err(Error::overloaded().into()),
    }
}

/// Keeps a turn while the response body is generated. A complete body needs no more work, however slowly it is read.
fn hold(turn: Permit, body: impl MessageBody + 'static) -> BoxBody {
    let is_generated = matches!(body.size(), BodySize::Stream);
    if turn.is_limited() && is_generated { BodyWithPermit { body: body.boxed(), _turn: turn }.boxed() } else { body.boxed() }
}

struct BodyWithPermit {
    body: BoxBody,
    _turn: Permit,
}

impl MessageBody for BodyWithPermit {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::budgets::{Budgets, WorkLimits};
    use actix_web::body::BodyStream;
    use futures_util::stream;
    use std::time::Duration;

    #[tokio::test]
    async fn a_complete_body_that_is_not_read_yet_keeps_no_turn() {
        let limits = WorkLimits { scans: 1, patience: Duration::from_millis(10), ..WorkLimits::default() };
        let budgets = Budgets::new(limits);
        let turn = async || budgets.turn(WorkKind::Scan, None).await;
        let complete = hold(turn().await.unwrap(), "[]".to_owned());
        let parts = stream::iter([Ok::<_, Error>(Bytes::from_static(b"[]"))]);
        let generated = hold(turn().await.unwrap(), BodyStream::new(parts));
        turn().await.unwrap_err();
        drop(generated);
        turn().await.unwrap();
        drop(complete);
    }

    #[test]
    fn requests_are_classified_by_their_cost() {
        let kind = |method: Method, path: &str| {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            kind_of(&method, path, query, true)
        };
        for (path, expected) in [
            ("/livez", WorkKind::Probe),
            ("/docs/", WorkKind::Plain),
            ("/api/v1/cases", WorkKind::Plain),
            ("/api/v1/cases?q=moss", WorkKind::Scan),
            ("/api/v1/cases?limit=1&%71=moss", WorkKind::Scan),
            ("/api/v1/cases?sort=-updated_at", WorkKind::Plain),
            ("/api/v1/cases?sort=-member", WorkKind::Scan),
            ("/api/v1/cases?%73ort=%2Dstatus", WorkKind::Scan),
            ("/api/v1/cases/counts?by=status", WorkKind::Scan),
            ("/api/v1/audit-log?include_total=true", WorkKind::Scan),
            ("/api/v1/audit-log?ip_address=192.0.2.0/24", WorkKind::Scan),
            ("/api/v1/audit-log?q=&include_total=false", WorkKind::Plain),
            ("/api/v1/audit-log/export.csv?q=moss", WorkKind::Export),
            ("/api/v1/exports/users.csv", WorkKind::Export),
            ("/api/v1/reports/case-changes", WorkKind::Report),
            ("/api/v1/reports/case-changes.csv?period=last_week", WorkKind::Export),
            ("/api/v1/reports/user-activity/users.csv", WorkKind::Export),
            ("/api/v1/reports/activity-summary.csv", WorkKind::Report),
        ] {
            assert_eq!(kind(Method::GET, path), expected, "{path}");
        }
        assert_eq!(kind(Method::POST, "/api/v1/cases/1/documents"), WorkKind::Upload);
        assert_eq!(kind(Method::GET, "/api/v1/cases/1/documents"), WorkKind::Plain);
        assert_eq!(kind(Method::POST, "/api/v1/jobs/check_expired_holds/run"), WorkKind::Job);
        assert_eq!(kind(Method::POST, "/api/v1/credit-resets"), WorkKind::Reset);
        assert_eq!(kind_of(&Method::GET, "/api/v1/exports/users.csv", "", false), WorkKind::Plain);
    }
}
