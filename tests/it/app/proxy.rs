//! A wire between the service and PostgreSQL that breaks at COMMIT.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A simple query as PostgreSQL's protocol frames it: its kind, its length, its text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// How the service asks what became of a transaction.
const QUESTION: &[u8] = b"pg_xact_status";

/// What the service asks for when it connects in order to write.
const WRITER: &[u8] = b"synchronous_commit";

/// What happens to the next COMMIT of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the server hears of it.
    BeforeCommit,
    /// The server hears of it, and the service not what it answers.
    AfterCommit,
    /// As `AfterCommit`, and from then on nobody gets through any more.
    AfterCommitForGood,
    /// As `AfterCommit`, and whoever asks what became of a transaction is cut off, until it is mended.
    AfterCommitUnanswerably,
    /// It is lost on the way, and the connection stays open: nobody notices anything.
    CommitSwallowed,
}

/// A proxy on a port of its own, in front of a server.
pub struct Proxy {
    port: u16,
    wire: Wire,
}

/// What all connections have in common.
#[derive(Clone)]
struct Wire {
    next: Arc<Mutex<Option<Fault>>>,
    is_closed: watch::Sender<bool>,
    is_mute: watch::Sender<bool>,
}

impl Proxy {
    /// Listens in front of the server that `url` names.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let wire = Wire { next: Arc::default(), is_closed: watch::Sender::new(false), is_mute: watch::Sender::new(false) };
        let (server, of_each) = (address(url).to_owned(), wire.clone());
        tokio::spawn(async move {
            while let Ok((service, _)) = listener.accept().await {
                let (server, wire) = (server.clone(), of_each.clone());
                tokio::spawn(async move { wire.connect(service, &server).await });
            }
        });
        Self { port, wire }
    }

    /// The same URL, by way of this proxy, and in plain text so that it can be read on the way.
    pub fn url(&self, url: &str) -> String {
        format!("{}?sslmode=disable", url.replacen(address(url), &format!("127.0.0.1:{}", self.port), 1))
    }

    /// Arranges what happens to the next COMMIT; once.
    pub fn at_next_commit(&self, fault: Fault) {
        *self.wire.next.lock().expect("the fault") = Some(fault);
    }

    /// Lets everybody through again who was refused, and every COMMIT from now on.
    pub fn mend(&self) {
        self.wire.next.lock().expect("the fault").take();
        self.wire.is_closed.send_replace(false);
        self.wire.is_mute.send_replace(false);
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

    /// Copies what the service asks, up to a COMMIT that is to go wrong. sqlx sends it alone.
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

/// Copies what the server answers.
async fn hand_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
