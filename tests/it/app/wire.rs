//! A request whose body is sent slowly or in parts, as by a slow or a misbehaving client.

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
