//! Sends requests as one caller, and receives the responses.

use super::{Form, TestApp, promise};
use entity::user;
use reqwest::{Method, StatusCode};
use serde_json::Value as Json;

/// One caller.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    token: Option<String>,
    pub user: Option<user::Model>,
    headers: Vec<(String, String)>,
}

/// The response to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    /// The body, as far as it is text.
    pub text: String,
    pub bytes: Vec<u8>,
}

impl<'a> Client<'a> {
    pub fn new(app: &'a TestApp, signed_in: Option<(String, user::Model)>) -> Self {
        let (token, user) = signed_in.unzip();
        Self { app, token, user, headers: Vec::new() }
    }

    /// The same caller with an additional header in each request.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The caller's own id.
    pub fn id(&self) -> String {
        self.user.as_ref().expect("a signed-in user").id.to_string()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Json) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Json) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Uploads a multipart form.
    pub async fn upload(&self, path: &str, form: &Form) -> Answer {
        self.send_raw(Method::POST, path, Some((&form.kind(), form.bytes()))).await
    }

    /// The caller's access token, given to them or set by their own header.
    pub fn token(&self) -> &str {
        let header = self.headers.iter().find(|(name, _)| name == "Authorization").map(|(_, value)| value.as_str());
        let given = header.and_then(|value| value.strip_prefix("Bearer "));
        self.token.as_deref().or(given).expect("a signed-in user")
    }

    /// Sends a request. A path without a leading slash is below `/api/v1`.
    pub async fn send(&self, method: Method, path: &str, body: Option<Json>) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.send_raw(method, path, body).await
    }

    /// Sends arbitrary bytes.
    pub async fn send_raw(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/{path}") };
        let answer = self.fetch(&method, &path, body).await;
        promise::demand(&method, &path, &answer);
        answer
    }

    /// Returns the response without checking it against the contract; for tests that measure how long it takes.
    pub async fn fetch(&self, method: &Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        self.app.seal_before(path).await;
        let mut request = self.app.http.request(method.clone(), format!("{}{path}", self.app.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let response = request.send().await.expect("a response");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body").to_vec();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or(Json::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body's lines for a reader that ends them wherever Unicode does, such as Python's `splitlines`.
    pub fn lines_of_unicode(&self) -> Vec<&str> {
        let ends = ['\n', '\r', '\u{B}', '\u{C}', '\u{1C}', '\u{1D}', '\u{1E}', '\u{85}', '\u{2028}', '\u{2029}'];
        self.text.split_terminator(ends).collect()
    }

    /// The body of a response with this status; otherwise fails with the whole response.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Json {
        assert_eq!(self.status(), status, "{}", self.text);
        self.json()
    }

    /// The problem in a refusal: checks its status, its code, and that it is a problem at all.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Json {
        let problem = self.json();
        assert_eq!((self.status(), problem["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem
    }

    /// The locations of the errors that a refusal reports.
    pub fn faults(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| {
                format!("{} {}", error["location"].as_str().unwrap_or_default(), error["pointer"].as_str().unwrap_or_default())
            })
            .collect()
    }
}
