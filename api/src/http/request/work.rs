//! A request being processed: the place it takes among all requests, and the time it has left.

use crate::state::body_memory::BodyMemory;
use crate::state::budgets::{Budgets, WorkKind};
use crate::state::rates::Subject;
use crate::wire::{Code, Error, Result};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::poll;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

/// A request being processed: the place it takes and the time it has left. Both pause while its client is waited for.
#[derive(Clone, Debug)]
pub struct Work(Rc<WorkState>);

#[derive(Debug)]
struct WorkState {
    budgets: Budgets,
    caller: Subject,
    place: RefCell<Option<OwnedSemaphorePermit>>,
    body_memory: RefCell<Option<BodyMemory>>,
    /// When its body has to be complete.
    body_due: Instant,
    time: Option<Duration>,
    due: Cell<Option<Instant>>,
    is_body_owed: Cell<bool>,
}

impl Work {
    pub fn find(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// Begins a caller's request of a kind; a probe needs no place.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if too many requests are being processed.
    pub fn begin(budgets: &Budgets, kind: WorkKind, caller: Subject) -> Result<Self> {
        let place = if kind == WorkKind::Probe { None } else { Some(budgets.place()?) };
        let (now, time) = (Instant::now(), budgets.time_of(kind));
        Ok(Self(Rc::new(WorkState {
            budgets: budgets.clone(),
            caller,
            place: RefCell::new(place),
            body_memory: RefCell::new(None),
            body_due: now + budgets.body_time(),
            time,
            due: Cell::new(time.map(|time| now + time)),
            is_body_owed: Cell::new(false),
        })))
    }

    /// When processing it has to be done; none while its client is waited for.
    pub fn due(&self) -> Option<Instant> {
        self.0.due.get()
    }

    /// Waits for the client's next chunk of the body, until the whole of it is due.
    pub async fn wait_for<T>(&self, next: impl Future<Output = T>) -> Result<T> {
        let mut next = pin!(next);
        if let Poll::Ready(next) = poll!(next.as_mut()) {
            return Ok(next);
        }
        self.rest();
        self.0.is_body_owed.set(true);
        let next = timeout_at(self.0.body_due, next).await;
        self.0.is_body_owed.set(false);
        next.map_err(|_| Error::plain(Code::RequestTimeout))
    }

    /// Whether its client is waited for to send more of the body. Not of a document, which has its own pace.
    pub fn is_body_owed(&self) -> bool {
        self.0.is_body_owed.get()
    }

    /// Takes this many bytes, in all, of what bodies may hold in memory together, until the request has ended.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if other bodies hold them, or other bodies of the caller hold the caller's share.
    pub fn reserve_memory(&self, bytes: usize) -> Result<()> {
        let WorkState { budgets, caller, body_memory, .. } = &*self.0;
        body_memory.borrow_mut().get_or_insert_with(|| budgets.body_memory(caller)).grow_to(bytes)
    }

    /// No work is done for it until `resume`: others may use its place.
    pub fn rest(&self) {
        self.0.due.set(None);
        drop(self.0.place.take());
    }

    /// Its body is complete: processing starts, unless there is too much work.
    pub fn resume(&self) -> Result<()> {
        if self.0.place.borrow().is_none() {
            let place = self.0.budgets.place()?;
            *self.0.place.borrow_mut() = Some(place);
            self.0.due.set(self.0.time.map(|time| Instant::now() + time));
        }
        Ok(())
    }
}
