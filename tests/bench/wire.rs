//! A small HTTP/1.1 client on one connection that is kept open: it costs little next to what it measures.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request below the root of the service.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub body: Option<String>,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), body: None }
    }

    pub fn post(path: impl Into<String>, body: impl ToString) -> Self {
        Self { method: "POST", path: path.into(), body: Some(body.to_string()) }
    }

    pub fn patch(path: impl Into<String>, body: impl ToString) -> Self {
        Self { method: "PATCH", path: path.into(), body: Some(body.to_string()) }
    }
}

/// The maximum length of the last chunk with its trailers.
const TRAILERS_MAX: usize = 512;

/// One connection.
pub struct Connection {
    stream: TcpStream,
    headers: String,
    received: Vec<u8>,
}

/// A response, without its headers.
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Connection {
    /// `headers` are sent with every request, each with its line end.
    pub async fn open(address: &str, headers: String) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, headers, received: Vec::new() }
    }

    /// Sends a request and receives the whole response.
    pub async fn send(&mut self, request: &Request) -> Response {
        let body = request.body.as_deref().unwrap_or_default();
        let kind = if request.body.is_some() {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        } else {
            String::new()
        };
        let head_and_body =
            format!("{} {} HTTP/1.1\r\nHost: bench\r\n{}{kind}\r\n{body}", request.method, request.path, self.headers);
        self.stream.write_all(head_and_body.as_bytes()).await.expect("a request");
        self.received.clear();
        let end = loop {
            if let Some(at) = find(&self.received, b"\r\n\r\n") {
                break at + 4;
            }
            self.receive().await;
        };
        let head = String::from_utf8_lossy(&self.received[..end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let is_chunked = head.contains("transfer-encoding: chunked");
        match length {
            Some(length) => {
                while self.received.len() < end + length {
                    self.receive().await;
                }
            }
            None if is_chunked => {
                while !is_over(&self.received) {
                    self.receive().await;
                }
            }
            None => {}
        }
        Response { status, body: self.received[end..].to_vec() }
    }

    async fn receive(&mut self) {
        let count = self.stream.read_buf(&mut self.received).await.expect("a response");
        assert_ne!(count, 0, "the connection was closed");
    }
}

/// Whether a chunked body ends here: with its last chunk, and the trailers behind it.
fn is_over(received: &[u8]) -> bool {
    let end = received.len().saturating_sub(TRAILERS_MAX);
    let after_last_chunk = received[end..].windows(5).rposition(|window| window == b"\r\n0\r\n");
    after_last_chunk.is_some() && received.ends_with(b"\r\n\r\n")
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
