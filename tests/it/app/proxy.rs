//! A proxy between the service and PostgreSQL that breaks at COMMIT, or behind which the server vanishes.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A simple query as framed by PostgreSQL's protocol: its type, its length, its text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// Text in the query with which the service determines what became of a transaction.
const QUESTION: &[u8] = b"pg_xact_status";

/// Text in the connection options of a writer.
const WRITER: &[u8] = b"synchronous_commit";

/// What happens to the next COMMIT of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the server receives it.
    BeforeCommit,
    /// The server receives it, but the service doesn't receive the reply.
    AfterCommit,
    /// As `AfterCommit`, and from then on no connection gets through any more.
    AfterCommitForGood,
    /// As `AfterCommit`, and connections that query what became of a transaction are cut off, until the proxy is mended.
    AfterCommitUnanswerably,
    /// It is lost in transit, and the connection stays open: neither side notices anything.
    CommitSwallowed,
}

/// A proxy on its own port, in front of a server.
pub struct Proxy {
    port: u16,
    wire: Wire,
}

/// The state that all connections share.
#[derive(Clone)]
struct Wire {
    next: Arc<Mutex<Option<Fault>>>,
    is_closed: watch::Sender<bool>,
    is_mute: watch::Sender<bool>,
    /// The text in a statement of a writer at which the server vanishes.
    vanishing_at: Arc<Mutex<Option<&'static [u8]>>>,
    /// Nothing gets through any more, in either direction, and no connection ends.
    is_silent: watch::Sender<bool>,
}

impl Proxy {
    /// Listens in front of the server that `url` refers to.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let wire = Wire {
            next: Arc::default(),
            is_closed: watch::Sender::new(false),
            is_mute: watch::Sender::new(false),
            vanishing_at: Arc::default(),
            is_silent: watch::Sender::new(false),
        };
        let (server, of_each) = (address(url).to_owned(), wire.clone());
        tokio::spawn(async move {
            while let Ok((service, _)) = listener.accept().await {
                let (server, wire) = (server.clone(), of_each.clone());
                tokio::spawn(async move { wire.connect(service, &server).await });
            }
        });
        Self { port, wire }
    }

    /// The same URL through this proxy, without encryption so that the traffic can be read.
    pub fn url(&self, url: &str) -> String {
        format!("{}?sslmode=disable", url.replacen(address(url), &format!("127.0.0.1:{}", self.port), 1))
    }

    /// Sets what happens to the next COMMIT; once.
    pub fn at_next_commit(&self, fault: Fault) {
        *self.wire.next.lock().expect("the fault") = Some(fault);
    }

    /// Lets the server vanish, as if its machine lost power, when a writer sends a statement with this text.
    pub fn vanish_at(&self, text: &'static str) {
        *self.wire.vanishing_at.lock().expect("the text") = Some(text.as_bytes());
    }

    /// Allows all connections again, and every COMMIT from now on.
    pub fn mend(&self) {
        self.wire.next.lock().expect("the fault").take();
        self.wire.is_closed.send_replace(false);
        self.wire.is_mute.send_replace(false);
        self.wire.is_silent.send_replace(false);
    }
}

/// The host and port in a URL.
fn address(url: &str) -> &str {
    let rest = url.split_once("://").expect("a URL").1;
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

impl Wire {
    async fn connect(self, service: TcpStream, server: &str) {
        if *self.is_closed.borrow() {
            return;
        }
        self.wait_while_silent().await;
        let server = TcpStream::connect(server).await.expect("the server");
        let ((from_service, to_service), (from_server, to_server)) = (service.into_split(), server.into_split());
        let answers = tokio::spawn(hand_on(from_server, to_service));
        let mut closed = self.is_closed.subscribe();
        tokio::select! {
            _ = self.ask(from_service, to_server) => {}
            _ = closed.wait_for(|is_closed| *is_closed) => {}
        }
        answers.abort();
    }

    /// Returns at once, with `false`, unless the server has vanished: then once it is back.
    async fn wait_while_silent(&self) -> bool {
        let mut silent = self.is_silent.subscribe();
        let was_silent = *silent.borrow_and_update();
        drop(silent.wait_for(|is_silent| !is_silent).await);
        was_silent
    }

    /// Copies what the service sends, up to a COMMIT that is to fail. sqlx sends it in a message of its own.
    async fn ask(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
        let (mut buffer, mut writes) = (vec![0; 64 * 1024], false);
        loop {
            let count = from.read(&mut buffer).await?;
            let bytes = &buffer[..count];
            let says = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            writes |= says(WRITER);
            let is_question = says(QUESTION);
            if count == 0 || (is_question && *self.is_mute.borrow()) {
                return Ok(());
            }
            if writes && self.vanishing_at.lock().expect("the text").take_if(|text| says(text)).is_some() {
                self.is_silent.send_replace(true);
            }
            if self.wait_while_silent().await {
                return Ok(());
            }
            let fault = if writes && bytes.ends_with(COMMIT) { self.next.lock().expect("the fault").take() } else { None };
            match fault {
                Some(Fault::BeforeCommit) => return Ok(()),
                Some(Fault::CommitSwallowed) => std::future::pending().await,
                Some(Fault::AfterCommitForGood) => drop(self.is_closed.send_replace(true)),
                Some(Fault::AfterCommitUnanswerably) => drop(self.is_mute.send_replace(true)),
                Some(Fault::AfterCommit) | None => {}
            }
            to.write_all(bytes).await?;
            if fault.is_some() {
                return Ok(());
            }
        }
    }
}

/// Copies what the server replies.
async fn hand_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
