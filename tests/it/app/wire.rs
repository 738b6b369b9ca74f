//! HTTP as it is on the wire: a request whose body is sent slowly or in parts, and a response with its chunks and trailers.

use super::TestApp;
use reqwest::Method;
use serde_json::Value as Json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request in progress: its head and the first byte of its body are sent, and its caller was authenticated.
pub struct Half {
    wire: TcpStream,
    rest: Vec<u8>,
}

impl Half {
    /// Starts a request, and waits until the service has read its caller. A path without a leading slash is below `/api/v1`.
    pub async fn begin(
        app: &TestApp,
        token: &str,
        (method, path): (Method, &str),
        (kind, body): (&str, &[u8]),
        more: &str,
    ) -> Self {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/{path}") };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: casetrail\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n{more}\r\n",
            body.len(),
        );
        let mut wire = TcpStream::connect(app.base.trim_start_matches("http://")).await.expect("the service");
        app.statements();
        wire.write_all(head.as_bytes()).await.expect("a head");
        wire.write_all(&body[..1]).await.expect("a byte");
        let admitted = async {
            while !app.statements().iter().any(|sql| sql.contains("FROM \"users\"")) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), admitted).await.expect("the service reads the caller");
        Self { wire, rest: body[1..].to_vec() }
    }

    /// The same with a JSON body.
    pub async fn json(app: &TestApp, token: &str, method: Method, path: &str, body: &Json) -> Self {
        Self::begin(app, token, (method, path), ("application/json", body.to_string().as_bytes()), "").await
    }

    /// Sends the rest, and returns the status and the problem's code of the response.
    pub async fn finish(mut self) -> (u16, String) {
        self.wire.write_all(&self.rest).await.expect("the rest");
        let mut answer = Vec::new();
        self.wire.read_to_end(&mut answer).await.expect("a response");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let code = answer.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        (status, code.to_owned())
    }
}

/// A response as it was on the wire.
#[derive(Debug)]
pub struct Raw {
    head: String,
    /// The content, without the framing of chunks.
    pub body: Vec<u8>,
    /// The trailer section.
    trailers: String,
}

impl Raw {
    /// Sends a request of this version on a connection that may be used again, and reads the response: to its announced length,
    /// its last chunk, or the end of the connection. `headers` have a line end each.
    pub async fn exchange(wire: &mut TcpStream, (method, path, version): (&str, &str, &str), headers: &str) -> Self {
        let head = format!("{method} {path} HTTP/{version}\r\nHost: casetrail\r\n{headers}\r\n");
        wire.write_all(head.as_bytes()).await.expect("a request");
        let mut received = Received { wire, bytes: Vec::new() };
        let head = String::from_utf8(received.until(b"\r\n\r\n").await).expect("a head");
        let mut raw = Self { head, body: Vec::new(), trailers: String::new() };
        if raw.header("transfer-encoding") == "chunked" && method != "HEAD" {
            loop {
                let size = String::from_utf8(received.until(b"\r\n").await).expect("a size");
                let size = usize::from_str_radix(size.trim_end(), 16).expect("a hexadecimal size");
                if size == 0 {
                    break;
                }
                raw.body.extend(received.take(size).await);
                assert_eq!(received.take(2).await, b"\r\n", "the end of a chunk");
            }
            while let line = String::from_utf8(received.until(b"\r\n").await).expect("a line")
                && line != "\r\n"
            {
                raw.trailers.push_str(&line);
            }
        } else if method != "HEAD" {
            match raw.header("content-length").parse() {
                Ok(length) => raw.body = received.take(length).await,
                Err(_) => raw.body = received.rest().await,
            }
        }
        assert!(received.bytes.is_empty(), "bytes after the response: {:?}", String::from_utf8_lossy(&received.bytes));
        raw
    }

    pub fn version(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// Empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        field(&self.head, name)
    }

    /// Empty if it is missing.
    pub fn trailer(&self, name: &str) -> &str {
        field(&self.trailers, name)
    }
}

fn field<'a>(section: &'a str, name: &str) -> &'a str {
    let mut fields = section.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

/// What was received and not yet taken.
struct Received<'a> {
    wire: &'a mut TcpStream,
    bytes: Vec<u8>,
}

impl Received<'_> {
    async fn more(&mut self) {
        assert!(self.wire.read_buf(&mut self.bytes).await.expect("bytes") > 0, "the response is incomplete");
    }

    async fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.bytes.windows(end.len()).position(|bytes| bytes == end) {
                return self.bytes.drain(..at + end.len()).collect();
            }
            self.more().await;
        }
    }

    async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.bytes.len() < length {
            self.more().await;
        }
        self.bytes.drain(..length).collect()
    }

    async fn rest(&mut self) -> Vec<u8> {
        self.wire.read_to_end(&mut self.bytes).await.expect("the rest");
        std::mem::take(&mut self.bytes)
    }
}
