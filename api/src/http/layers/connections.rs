//! Connection limits: how many connections are allowed in total and per address, how long a request head may take, and which
//! connection is closed when there are too many.

mod reading;

use self::reading::Reading;
use crate::metrics::{Closed, Metrics};
use crate::wire::{Code, Error, forwarded};
use actix_web::rt::net::TcpStream;
use futures_util::task::AtomicWaker;
use ipnet::IpNet;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use uuid::Uuid;

/// How many connections are allowed, and how long the head of a request may take.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// For all clients together.
    pub total: usize,
    /// Per client address; for IPv6 per /64 network, since each client has a whole one.
    pub per_address: usize,
    /// Addresses without a limit of their own: behind a proxy, many clients share one.
    pub exempt: Vec<IpNet>,
    /// From the accepted connection, or from the first byte after a pause, to the end of the head.
    pub head: Duration,
    /// How long a client may read nothing of a response that is waiting for it. In all it has this long and a second for each 64
    /// KiB.
    pub unread: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { total: 8_192, per_address: 256, exempt: Vec::new(), head: Duration::from_secs(5), unread: Duration::from_secs(10) }
    }
}

/// The open connections.
#[derive(Clone)]
pub struct Connections {
    limits: Arc<ConnectionLimits>,
    /// The path at which clients see the service, as for all problems.
    public_path: Arc<str>,
    open: Arc<Mutex<Open>>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    per_address: HashMap<IpAddr, usize>,
    /// Connections whose client is waited for, in the order in which they are evicted.
    waiting: BTreeMap<QueuePosition, Arc<Connection>>,
    next: u64,
}

/// When a waiting connection is evicted: first those that never sent a whole head, owe a part of a body or don't read a response,
/// the oldest of them first, since a new one may only be slow; then those that have been idle for longest.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct QueuePosition {
    is_idle: bool,
    number: u64,
}

impl Open {
    fn last_position(&mut self, is_idle: bool) -> QueuePosition {
        self.next += 1;
        QueuePosition { is_idle, number: self.next }
    }

    /// Adds a connection to the waiting ones, at one position only.
    fn enter(&mut self, connection: &Arc<Connection>, state: &mut ConnectionState, position: QueuePosition) {
        self.leave(state);
        self.waiting.insert(position, Arc::clone(connection));
        state.turn = Some(position);
    }

    fn leave(&mut self, state: &mut ConnectionState) {
        if let Some(position) = state.turn.take() {
            self.waiting.remove(&position);
        }
    }
}

/// One connection, shared by its socket, its requests and the list of waiting connections.
#[derive(Debug)]
struct Connection {
    state: Mutex<ConnectionState>,
    reader: AtomicWaker,
}

#[derive(Clone, Copy, Debug)]
struct ConnectionState {
    /// Requests whose head has arrived and whose response isn't complete.
    requests: usize,
    /// Requests whose head has ever arrived.
    begun: u64,
    /// Its place among the waiting connections, if it has no request, owes a part of its body or doesn't read its response.
    turn: Option<QueuePosition>,
    /// Whether part of a head has arrived, or all of it.
    has_begun: bool,
    /// When the head must be complete.
    due: Instant,
    /// Whether its place was given to another connection.
    is_evicted: bool,
}

impl Connection {
    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request of a connection; it ends when this is dropped.
pub struct Busy(Handle);

impl Drop for Busy {
    fn drop(&mut self) {
        let Handle { connections, connection } = &self.0;
        let mut open = connections.open();
        let mut state = connection.state();
        state.requests = state.requests.saturating_sub(1);
        if state.requests > 0 {
            return;
        }
        let position = open.last_position(true);
        open.enter(connection, &mut state, position);
        state.has_begun = false;
        // Part of the next head may have been read already: one period for the pause and one for the head.
        state.due = Instant::now() + connections.limits.head * 2;
        drop((state, open));
        // The new period starts now, even if nothing more is read.
        connection.reader.wake();
    }
}

/// A handle to a connection, for its requests.
#[derive(Clone)]
pub struct Handle {
    connections: Connections,
    connection: Arc<Connection>,
}

impl Handle {
    /// A whole head has arrived: until its response is complete, the connection isn't evicted, unless the client owes a part of
    /// the body or doesn't read the response.
    pub fn begin(&self) -> Busy {
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        state.requests += 1;
        state.begun += 1;
        state.has_begun = true;
        open.leave(&mut state);
        Busy(self.clone())
    }

    /// The body of a request that has begun.
    pub fn body(&self) -> IncomingBody {
        IncomingBody { handle: self.clone(), position: None, is_owed: false }
    }

    /// The client doesn't read its response: the connection may be evicted, at the same position from the first time on.
    fn stall(&self, position: &mut Option<QueuePosition>) {
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        if state.turn.is_none() && !state.is_evicted {
            let position = *position.get_or_insert_with(|| open.last_position(false));
            open.enter(&self.connection, &mut state, position);
        }
    }

    /// The client has read on.
    fn resume(&self, position: QueuePosition) {
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        if state.turn == Some(position) {
            open.leave(&mut state);
        }
    }
}

/// The body of a request. While its client is waited for, the connection may be evicted: nothing was answered yet.
pub struct IncomingBody {
    handle: Handle,
    /// The same from the first time on, so that a client that sends a little now and then gains nothing.
    position: Option<QueuePosition>,
    is_owed: bool,
}

impl IncomingBody {
    /// Whether the client is waited for.
    pub fn set_owed(&mut self, is_owed: bool) {
        if self.is_owed == is_owed {
            return;
        }
        self.is_owed = is_owed;
        let Handle { connections, connection } = &self.handle;
        let mut open = connections.open();
        let mut state = connection.state();
        if !is_owed {
            open.leave(&mut state);
        } else if state.requests == 1 && !state.is_evicted {
            let position = *self.position.get_or_insert_with(|| open.last_position(false));
            open.enter(connection, &mut state, position);
        }
    }
}

impl Drop for IncomingBody {
    fn drop(&mut self) {
        self.set_owed(false);
    }
}

impl Connections {
    /// No connections yet, with these limits, of a service at this path.
    pub fn new(limits: ConnectionLimits, public_path: &str, metrics: Metrics) -> Self {
        Self { limits: Arc::new(limits), public_path: public_path.into(), open: Arc::default(), metrics }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a connection, if necessary by evicting a waiting one. `None` if its address has too many, or if none can be
    /// evicted.
    pub fn admit(&self, io: TcpStream) -> Option<Guarded> {
        let address = io.peer_addr().ok()?.ip().to_canonical();
        let client = forwarded::network_of(address);
        // Responses are written whole: waiting for more to send with them only delays their last packet.
        io.set_nodelay(true).ok()?;
        hold_back(&io);
        let is_exempt = self.limits.exempt.iter().any(|net| net.contains(&address));
        let mut open = self.open();
        if !is_exempt && open.per_address.get(&client).is_some_and(|count| *count >= self.limits.per_address) {
            self.metrics.closed_connection(Closed::AddressLimit);
            return None;
        }
        if open.total >= self.limits.total {
            let Some((_, evicted)) = open.waiting.pop_first() else {
                self.metrics.closed_connection(Closed::Limit);
                return None;
            };
            self.metrics.closed_connection(Closed::Evicted);
            let mut state = evicted.state();
            state.is_evicted = true;
            state.turn = None;
            drop(state);
            evicted.reader.wake();
        }
        let due = Instant::now() + self.limits.head;
        let state = ConnectionState { requests: 0, begun: 0, turn: None, has_begun: false, due, is_evicted: false };
        let connection = Arc::new(Connection { state: Mutex::new(state), reader: AtomicWaker::new() });
        let position = open.last_position(false);
        open.enter(&connection, &mut connection.state(), position);
        open.total += 1;
        *open.per_address.entry(client).or_default() += 1;
        drop(open);
        self.metrics.open_connection();
        let handle = Handle { connections: self.clone(), connection };
        let (timer, unread, reading) = (Box::pin(sleep_until(due)), None, Reading::default());
        Some(Guarded { io, timer, unread, reading, place: ConnectionPlace { handle, client } })
    }
}

/// Keeps what is not sent yet out of the kernel. Where that is not possible, slow clients are only noticed later.
#[cfg(target_os = "linux")]
fn hold_back(io: &TcpStream) {
    /// How much of a response the kernel holds in addition to what is on its way. Its default is megabytes per connection, which
    /// are gone before it shows that a client is slow.
    const UNSENT_BYTES_MAX: u32 = 64 * 1024;
    let _ = socket2::SockRef::from(io).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
}

#[cfg(not(target_os = "linux"))]
const fn hold_back(_: &TcpStream) {}

/// A connection's place; released when this is dropped.
struct ConnectionPlace {
    handle: Handle,
    /// The client's address or network.
    client: IpAddr,
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let Handle { connections, connection } = &self.handle;
        connections.metrics.end_connection();
        let mut open = connections.open();
        open.total = open.total.saturating_sub(1);
        open.leave(&mut connection.state());
        if let Entry::Occupied(mut count) = open.per_address.entry(self.client) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// A connection that ends when its client takes too long for a head or for reading a response, or when it is evicted.
pub struct Guarded {
    io: TcpStream,
    timer: Pin<Box<Sleep>>,
    /// Runs while a response waits for its client.
    unread: Option<Pin<Box<Sleep>>>,
    reading: Reading,
    place: ConnectionPlace,
}

impl Guarded {
    /// The handle for its requests.
    pub fn handle(&self) -> Handle {
        self.place.handle.clone()
    }

    /// Whether to close the connection. A client that sent part of a request gets a response.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Handle { connections, connection } = &self.place.handle;
        connection.reader.register(context.waker());
        let ConnectionState { requests, has_begun, due, is_evicted, .. } = *connection.state();
        if !is_evicted {
            if requests > 0 {
                return Poll::Pending;
            }
            if self.timer.deadline() != due {
                self.timer.as_mut().reset(due);
            }
            ready!(self.timer.as_mut().poll(context));
        }
        // In the middle of a response, nothing else can be said.
        if has_begun && !self.reading.is_waiting() {
            if !is_evicted {
                connections.metrics.closed_connection(Closed::SlowHead);
            }
            let error = if is_evicted { Error::overloaded() } else { Error::plain(Code::RequestTimeout) };
            // Not awaited: the client may not read.
            let _ = self.io.try_write(answer_without_request(&error, &connections.public_path).as_bytes());
        }
        Poll::Ready(())
    }

    /// Whether the client takes too long to read what is to be written. Before that the connection may be evicted.
    fn poll_unread(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Handle { connections, connection } = &self.place.handle;
        connection.reader.register(context.waker());
        let wait = self.reading.wait(connections.limits.unread, Instant::now());
        loop {
            let is_stalled = wait.stalled_at <= Instant::now();
            if is_stalled {
                self.place.handle.stall(&mut self.reading.position);
            }
            let next = if is_stalled { wait.due } else { wait.stalled_at.min(wait.due) };
            let timer = self.unread.get_or_insert_with(|| Box::pin(sleep_until(next)));
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            ready!(timer.as_mut().poll(context));
            if next == wait.due {
                connections.metrics.closed_connection(Closed::SlowReader);
                return Poll::Ready(());
            }
        }
    }
}

/// A response to a client whose request isn't known yet, so that no handler can send it.
fn answer_without_request(error: &Error, public_path: &str) -> String {
    let (status, request_id) = (error.code.status(), Uuid::now_v7().to_string());
    let mut problem = error.problem(&format!("{public_path}/"), &request_id);
    problem.kind.insert_str(0, public_path);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let length = body.len();
    let retry = if status.as_u16() == 503 { "retry-after: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\nx-request-id: {request_id}\r\n\
         x-content-type-options: nosniff\r\n{retry}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        // Received bytes are read first: on a busy machine they may have arrived in time and waited for this process.
        let Poll::Ready(read) = Pin::new(&mut self.io).poll_read(context, into) else {
            ready!(self.poll_over(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        };
        read?;
        let Handle { connections, connection } = &self.place.handle;
        let mut state = connection.state();
        if into.filled().len() > before && state.requests == 0 && !state.has_begun {
            state.has_begun = true;
            state.due = state.due.min(Instant::now() + connections.limits.head);
        }
        drop(state);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { io, reading, place, .. } = &mut *self;
        let ConnectionState { begun, is_evicted, .. } = *place.handle.connection.state();
        reading.begin(begun);
        if is_evicted && reading.is_waiting() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if let Poll::Ready(written) = Pin::new(io).poll_write(context, bytes) {
            let count = written.as_ref().copied().unwrap_or_default();
            if let Some(position) = reading.progress(count, Instant::now()) {
                place.handle.resume(position);
            }
            return Poll::Ready(written);
        }
        ready!(self.poll_unread(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
