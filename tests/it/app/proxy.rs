//! A wire between the service and PostgreSQL that breaks at COMMIT.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A simple query as PostgreSQL's protocol frames it: its kind, its length, its text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// What happens to the next COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the server hears of it.
    BeforeCommit,
    /// The server hears of it, and the service not what it answers.
    AfterCommit,
    /// As `AfterCommit`, and from then on nobody gets through any more.
    AfterCommitForGood,
    /// It is lost on the way, and the connection stays open: nobody notices anything.
    CommitSwallowed,
}

/// A proxy on a port of its own, in front of a server.
pub struct Proxy {
    port: u16,
    next: Arc<Mutex<Option<Fault>>>,
    closed: watch::Sender<bool>,
}

impl Proxy {
    /// Listens in front of the server that `url` names.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (next, closed) = (Arc::default(), watch::Sender::new(false));
        let (server, wire) = (address(url).to_owned(), (Arc::clone(&next), closed.clone()));
        tokio::spawn(async move {
            while let Ok((service, _)) = listener.accept().await {
                let (server, wire) = (server.clone(), wire.clone());
                tokio::spawn(async move { connect(service, &server, wire).await });
            }
        });
        Self { port, next, closed }
    }

    /// The same URL, by way of this proxy, and in plain text so that it can be read on the way.
    pub fn url(&self, url: &str) -> String {
        format!("{}?sslmode=disable", url.replacen(address(url), &format!("127.0.0.1:{}", self.port), 1))
    }

    /// Arranges what happens to the next COMMIT; once.
    pub fn at_next_commit(&self, fault: Fault) {
        *self.next.lock().expect("the fault") = Some(fault);
    }

    /// Lets everybody through again who was refused.
    pub fn mend(&self) {
        self.closed.send_replace(false);
    }
}

/// The host and port in a URL.
fn address(url: &str) -> &str {
    let rest = url.split_once("://").expect("a URL").1;
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

type Wire = (Arc<Mutex<Option<Fault>>>, watch::Sender<bool>);

async fn connect(service: TcpStream, server: &str, (next, closed): Wire) {
    if *closed.borrow() {
        return;
    }
    let server = TcpStream::connect(server).await.expect("the server");
    let ((from_service, to_service), (from_server, to_server)) = (service.into_split(), server.into_split());
    let mut refused = closed.subscribe();
    let answers = tokio::spawn(hand_on(from_server, to_service));
    let questions = async {
        let fault = ask(from_service, to_server, &next).await;
        if fault == Some(Fault::AfterCommitForGood) {
            closed.send_replace(true);
        }
    };
    tokio::select! {
        () = questions => {}
        _ = refused.wait_for(|refused| *refused) => {}
    }
    answers.abort();
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

/// Copies what the service asks, up to a COMMIT that is to go wrong. sqlx sends it alone.
async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, next: &Mutex<Option<Fault>>) -> Option<Fault> {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let is_commit = bytes[..count].ends_with(COMMIT);
        match is_commit.then(|| next.lock().expect("the fault").take()).flatten() {
            Some(Fault::BeforeCommit) => return Some(Fault::BeforeCommit),
            Some(Fault::CommitSwallowed) => std::future::pending().await,
            Some(fault) => {
                to.write_all(&bytes[..count]).await.ok()?;
                return Some(fault);
            }
            None => to.write_all(&bytes[..count]).await.ok()?,
        }
    }
    None
}
