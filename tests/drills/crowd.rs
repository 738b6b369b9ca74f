//! Simulates clients that are slow, many or greedy, each connected from one of several addresses like the clients of many hosts.

use crate::app::{Form, Process};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// The responses to a crowd of clients: a count per status, with 0 for a connection that was closed without a response.
#[derive(Default)]
pub struct Crowd {
    is_over: Cell<bool>,
    answers: std::cell::RefCell<BTreeMap<u16, usize>>,
}

impl Crowd {
    /// Ends all of its clients at their next step.
    pub fn disperse(&self) {
        self.is_over.set(true);
    }

    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }

    pub fn count(&self, status: u16) {
        *self.answers.borrow_mut().entry(status).or_default() += 1;
    }

    /// The number of responses by status.
    pub fn answers(&self) -> BTreeMap<u16, usize> {
        self.answers.borrow().clone()
    }

    /// Sends bytes in pieces with pauses between them, again and again, each time on a new connection. The clients of a crowd
    /// send one after another, not all at the same instant.
    pub async fn send(&self, address: &str, number: usize, bytes: &[u8], (piece, pause): (usize, Duration)) {
        tokio::time::sleep(pause * (u32::try_from(number).unwrap_or_default() * 37 % 100) / 100).await;
        while !self.is_over() {
            let status = self.send_once(address, number, bytes, (piece, pause)).await;
            if self.is_over() {
                return;
            }
            self.count(status);
            if status == 503 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// The status of the response; 0 if there is none.
    pub async fn send_once(&self, address: &str, number: usize, bytes: &[u8], (piece, pause): (usize, Duration)) -> u16 {
        let Ok(mut wire) = connect_from(number, address).await else { return 0 };
        let (mut reader, mut writer) = wire.split();
        let writing = async {
            for piece in bytes.chunks(piece) {
                // A server that has responded and closed the connection accepts no more data.
                if self.is_over() || writer.write_all(piece).await.is_err() {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
            std::future::pending::<()>().await;
        };
        let reading = async {
            let mut answer = Vec::new();
            let _ = reader.read_to_end(&mut answer).await;
            let head = String::from_utf8_lossy(&answer);
            head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
        };
        let over = async {
            while !self.is_over() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::pin!(reading);
        tokio::select! {
            status = &mut reading => status,
            () = writing => reading.await,
            () = over => 0,
        }
    }
}

/// The host and port of a process.
pub fn address(process: &Process) -> &str {
    process.base.trim_start_matches("http://")
}

/// A connection from one of eight addresses of this host.
pub async fn connect_from(number: usize, to: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let from: SocketAddr = format!("127.0.0.{}:0", 2 + number % 8).parse().expect("an address");
    socket.bind(from)?;
    socket.connect(to.parse().expect("an address")).await
}

/// The head of a POST request below `/api/v1`.
pub fn head(token: &str, path: &str, kind: &str, length: usize) -> String {
    let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    format!(
        "POST /api/v1/{path} HTTP/1.1\r\nHost: drill\r\nConnection: close\r\n{authorization}Content-Type: {kind}\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

/// A complete upload of a document with this number of bytes.
pub fn upload(token: &str, case: &str, size: usize) -> Vec<u8> {
    let form = Form::new().text("document_type", "supporting").file("notes.txt", "text/plain", &vec![b'a'; size]);
    let body = form.bytes();
    [head(token, &format!("{case}/documents"), &form.kind(), body.len()).into_bytes(), body].concat()
}

/// The value that `of` percent of the figures don't exceed.
pub fn percentile(figures: &mut [Duration], of: usize) -> Duration {
    figures.sort_unstable();
    figures.get((figures.len() * of / 100).min(figures.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Requests `/livez` on a connection of its own, as a probe does.
pub async fn is_live(address: &str) -> std::io::Result<bool> {
    gives(address, "/livez", 200).await
}

/// Whether a GET request on a connection of its own gets this status.
pub async fn gives(address: &str, path: &str, status: u16) -> std::io::Result<bool> {
    let mut wire = TcpStream::connect(address).await?;
    wire.write_all(format!("GET {path} HTTP/1.1\r\nHost: drill\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()))
}

/// Runs a future in this thread.
pub fn on_its_own<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}
