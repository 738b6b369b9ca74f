//! Limits on concurrent work and its duration: excess work is refused at once, before it costs anything, and no kind of work
//! takes the resources that the others need.

use super::{Code, Error, Result, operations};
use crate::http::caller::Presented;
use crate::state::App;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use entity::audit::CommitWatch;
use futures_util::poll;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// How much of each kind of work runs concurrently, and how long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct WorkLimits {
    /// Requests being processed; those whose body is still on its way don't count.
    pub requests: usize,
    /// Reports, text searches and totals together.
    pub scans: usize,
    pub exports: usize,
    pub uploads: usize,
    /// Bytes of memory that request bodies of more than 64 KiB may hold together.
    pub large_bodies: usize,
    /// How long a request waits for its turn if its kind has a budget.
    pub patience: Duration,
    /// How long a whole request body may take; a document has its own pace.
    pub body: Duration,
    /// How long processing a request may take.
    pub handler: Duration,
    /// How long a report may take.
    pub report: Duration,
}

impl WorkLimits {
    /// Scans leave three of the readers and one of the processors to everything else, and have at least one of each.
    pub fn for_readers(readers: u32, processors: usize) -> Self {
        let readers = usize::try_from(readers.saturating_sub(3)).unwrap_or(1);
        Self { scans: readers.min(processors.saturating_sub(1)).max(1), ..Self::default() }
    }
}

impl Default for WorkLimits {
    fn default() -> Self {
        Self {
            requests: 256,
            scans: 5,
            exports: 2,
            uploads: 32,
            large_bodies: 16 << 20,
            patience: Duration::from_millis(500),
            body: Duration::from_secs(10),
            handler: Duration::from_secs(10),
            report: Duration::from_secs(30),
        }
    }
}

/// The budgets of one process.
#[derive(Clone, Debug)]
pub struct Budgets {
    limits: WorkLimits,
    requests: Arc<Semaphore>,
    scans: Budget,
    exports: Budget,
    uploads: Budget,
    /// A permit is a byte.
    large_bodies: Arc<Semaphore>,
}

/// One kind's turns, and the places to wait for one.
#[derive(Clone, Debug)]
struct Budget {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Budget {
    fn new(turns: usize, patience: Duration) -> Self {
        Self { turns: Arc::new(Semaphore::new(turns)), places: Arc::new(Semaphore::new(turns.saturating_mul(4))), patience }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let _place = self.places.try_acquire().map_err(|_| Error::overloaded())?;
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        turn.map_err(|_| Error::overloaded())?.map_err(Error::internal)
    }
}

impl Budgets {
    pub fn new(limits: WorkLimits) -> Self {
        let WorkLimits { requests, scans, exports, uploads, large_bodies, patience, .. } = limits;
        Self {
            limits,
            requests: Arc::new(Semaphore::new(requests)),
            // There may be one turn only, and dashboards request several reports at once.
            scans: Budget::new(scans, patience * 2),
            exports: Budget::new(exports, patience),
            // A waiting request has no place in memory for its body.
            uploads: Budget::new(uploads, patience),
            large_bodies: Arc::new(Semaphore::new(large_bodies)),
        }
    }

    async fn turn(&self, kind: Kind) -> Result<Option<OwnedSemaphorePermit>> {
        match kind {
            Kind::Scan | Kind::Report => self.scans.turn().await.map(Some),
            Kind::Export => self.exports.turn().await.map(Some),
            Kind::Upload => self.uploads.turn().await.map(Some),
            Kind::Probe | Kind::Plain | Kind::Bulk => Ok(None),
        }
    }

    const fn time_of(&self, kind: Kind) -> Option<Duration> {
        match kind {
            Kind::Plain | Kind::Scan => Some(self.limits.handler),
            Kind::Report => Some(self.limits.report),
            // As long as their clients keep pace, or as the number of members requires.
            Kind::Probe | Kind::Export | Kind::Upload | Kind::Bulk => None,
        }
    }
}

/// The kind of a request, by its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Reports the state of the service, also under load.
    Probe,
    Plain,
    /// A text search or a total: it reads all rows.
    Scan,
    Report,
    Export,
    Upload,
    /// The credits of all members at once, or a whole job.
    Bulk,
}

impl Kind {
    fn classify(request: &ServiceRequest) -> Self {
        let is_known = request.extensions().contains::<Presented>();
        Self::asked(request.method(), request.path(), request.query_string(), is_known)
    }

    /// A request without a known caller is refused before anything is read.
    fn asked(method: &Method, path: &str, query: &str, is_known: bool) -> Self {
        let Some(operation) = path.strip_prefix("/api/v1/") else {
            return if operations::is_probe(path) { Self::Probe } else { Self::Plain };
        };
        let is_post = *method == Method::POST;
        match operation {
            _ if !is_known => Self::Plain,
            _ if operation.starts_with("exports/") || operation.starts_with("audit-log/export.") => Self::Export,
            _ if operation.starts_with("reports") => Self::Report,
            _ if is_post && operation.starts_with("cases/") && operation.ends_with("/documents") => Self::Upload,
            _ if is_post && (operation == "credit-resets" || operation.starts_with("jobs/")) => Self::Bulk,
            _ if query.split('&').any(is_costly) => Self::Scan,
            _ => Self::Plain,
        }
    }
}

fn is_costly(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    (name == "q" && !value.is_empty()) || (name == "include_total" && value != "false")
}

/// A request being processed: the place it takes and the time it has left. Both pause while its client is waited for.
#[derive(Clone, Debug)]
pub struct Work(Rc<Running>);

#[derive(Debug)]
struct Running {
    requests: Arc<Semaphore>,
    place: RefCell<Option<OwnedSemaphorePermit>>,
    large_bodies: Arc<Semaphore>,
    body_memory: RefCell<Option<OwnedSemaphorePermit>>,
    /// When its body has to be complete.
    body_due: Instant,
    time: Option<Duration>,
    due: Cell<Option<Instant>>,
}

impl Work {
    pub fn find(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    fn begin(budgets: &Budgets, kind: Kind) -> Result<Self> {
        let place = match kind {
            Kind::Probe => None,
            _ => Some(Arc::clone(&budgets.requests).try_acquire_owned().map_err(|_| Error::overloaded())?),
        };
        let (now, time) = (Instant::now(), budgets.time_of(kind));
        Ok(Self(Rc::new(Running {
            requests: Arc::clone(&budgets.requests),
            place: RefCell::new(place),
            large_bodies: Arc::clone(&budgets.large_bodies),
            body_memory: RefCell::new(None),
            body_due: now + budgets.limits.body,
            time,
            due: Cell::new(time.map(|time| now + time)),
        })))
    }

    /// Waits for the client's next chunk of the body, until the whole of it is due.
    pub async fn wait_for<T>(&self, next: impl Future<Output = T>) -> Result<T> {
        let mut next = pin!(next);
        if let Poll::Ready(next) = poll!(next.as_mut()) {
            return Ok(next);
        }
        self.rest();
        timeout_at(self.0.body_due, next).await.map_err(|_| Error::plain(Code::RequestTimeout))
    }

    /// Takes this many bytes of what large bodies may hold in memory, until the request has ended.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if other bodies hold them.
    pub fn reserve_memory(&self, bytes: usize) -> Result<()> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let reserved = Arc::clone(&self.0.large_bodies).try_acquire_many_owned(bytes).map_err(|_| Error::overloaded())?;
        *self.0.body_memory.borrow_mut() = Some(reserved);
        Ok(())
    }

    /// No work is done for it until `resume`: others may use its place.
    pub fn rest(&self) {
        self.0.due.set(None);
        drop(self.0.place.take());
    }

    /// Its body is complete: processing starts, unless there is too much work.
    pub fn resume(&self) -> Result<()> {
        if self.0.place.borrow().is_none() {
            let place = Arc::clone(&self.0.requests).try_acquire_owned().map_err(|_| Error::overloaded())?;
            *self.0.place.borrow_mut() = Some(place);
            self.0.due.set(self.0.time.map(|time| Instant::now() + time));
        }
        Ok(())
    }
}

/// Admits as much as can be processed, and ends what takes too long.
pub async fn work(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = App::extract(request.request())?;
    let kind = Kind::classify(&request);
    let turn = app.budgets().turn(kind).await;
    let begun = turn.and_then(|turn| Work::begin(app.budgets(), kind).map(|work| (turn, work)));
    let (turn, work) = match begun {
        Ok(begun) => begun,
        // Not `into_response`, which drops the error that the edge renders.
        Err(error) => return Ok(ServiceResponse::new(request.into_parts().0, HttpResponse::from_error(error))),
    };
    request.extensions_mut().insert(work.clone());
    let commits = CommitWatch::default();
    let mut handler = pin!(commits.clone().during(next.call(request)));
    let mut timer = pin!(sleep_until(Instant::now()));
    let answered = poll_fn(|context| {
        if let Poll::Ready(answered) = handler.as_mut().poll(context) {
            return Poll::Ready(Some(answered));
        }
        // A request that may have committed is processed to its end: no response may claim that nothing was changed.
        let Some(due) = work.0.due.get().filter(|_| !commits.has_begun()) else { return Poll::Pending };
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(context).map(|()| None)
    });
    match answered.await {
        Some(response) => Ok(response?.map_body(|_, body| turn.hold(body))),
        // The request was dropped with its handler: the edge answers without it.
        None => Err(Error::overloaded().into()),
    }
}

/// A turn that lasts as long as the response body.
trait Hold {
    fn hold(self, body: impl MessageBody + 'static) -> BoxBody;
}

impl Hold for Option<OwnedSemaphorePermit> {
    fn hold(self, body: impl MessageBody + 'static) -> BoxBody {
        match self {
            Some(turn) => Held { body: body.boxed(), _turn: turn }.boxed(),
            None => body.boxed(),
        }
    }
}

struct Held {
    body: BoxBody,
    _turn: OwnedSemaphorePermit,
}

impl MessageBody for Held {
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

    #[test]
    fn a_request_is_of_the_kind_of_its_cost() {
        let kind = |method: Method, path: &str| {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            Kind::asked(&method, path, query, true)
        };
        for (path, expected) in [
            ("/livez", Kind::Probe),
            ("/docs/", Kind::Plain),
            ("/api/v1/cases", Kind::Plain),
            ("/api/v1/cases?q=moss", Kind::Scan),
            ("/api/v1/cases?limit=1&%71=moss", Kind::Scan),
            ("/api/v1/audit-log?include_total=true", Kind::Scan),
            ("/api/v1/audit-log?q=&include_total=false", Kind::Plain),
            ("/api/v1/audit-log/export.csv?q=moss", Kind::Export),
            ("/api/v1/exports/users.csv", Kind::Export),
            ("/api/v1/reports/case-changes", Kind::Report),
        ] {
            assert_eq!(kind(Method::GET, path), expected, "{path}");
        }
        assert_eq!(kind(Method::POST, "/api/v1/cases/1/documents"), Kind::Upload);
        assert_eq!(kind(Method::GET, "/api/v1/cases/1/documents"), Kind::Plain);
        assert_eq!(kind(Method::POST, "/api/v1/jobs/check_expired_holds/run"), Kind::Bulk);
        assert_eq!(Kind::asked(&Method::GET, "/api/v1/exports/users.csv", "", false), Kind::Plain);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_too_long_or_finds_too_many_waiting_is_refused() {
        let budget = Budget::new(1, Duration::from_millis(500));
        let turn = budget.turn().await.unwrap();
        let begun = Instant::now();
        assert_eq!(budget.turn().await.unwrap_err().code, Error::overloaded().code);
        assert_eq!(begun.elapsed(), Duration::from_millis(500));
        let waiting = futures_util::future::join_all((0..5).map(|_| budget.turn()));
        drop(turn);
        assert_eq!(waiting.await.iter().filter(|turn| turn.is_ok()).count(), 1);
    }
}
