//! A multipart/form-data body, as sent by a browser.

const BOUNDARY: &str = "----casetrail-test-7d1f";

/// The parts, in order.
#[derive(Clone, Debug, Default)]
pub struct Form {
    parts: Vec<u8>,
    boundary: Option<String>,
}

impl Form {
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another boundary, as in the next attempt of the same program.
    pub fn with_boundary(boundary: &str) -> Self {
        Self { parts: Vec::new(), boundary: Some(boundary.to_owned()) }
    }

    pub fn text(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_ref())
    }

    /// A file with its name and the content type that its sender declares.
    pub fn file(self, filename: &str, kind: &str, bytes: &[u8]) -> Self {
        let kind = if kind.is_empty() { String::new() } else { format!("\r\nContent-Type: {kind}") };
        self.part(&format!("Content-Disposition: form-data; name=\"file\"; filename=\"{filename}\"{kind}"), bytes)
    }

    fn part(mut self, headers: &str, bytes: &[u8]) -> Self {
        let head = format!("--{}\r\n{headers}\r\n\r\n", self.boundary());
        self.parts.extend(head.as_bytes());
        self.parts.extend(bytes);
        self.parts.extend(b"\r\n");
        self
    }

    fn boundary(&self) -> &str {
        self.boundary.as_deref().unwrap_or(BOUNDARY)
    }

    /// The media type, including the boundary.
    pub fn kind(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let end = format!("--{}--\r\n", self.boundary());
        [&self.parts, end.as_bytes()].concat()
    }
}
