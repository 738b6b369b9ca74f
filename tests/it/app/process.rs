//! The service in a separate process, on the database of a test, so that it can be killed.

use super::{TestApp, http, storage_url};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value as Json, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a start may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Builds the simulated disk (`disk.c`) in a folder, and returns the variable that loads it into a process.
pub fn simulated_disk(folder: &Path) -> String {
    let library = folder.join("disk.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/it/app/disk.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status().expect("cc");
    assert!(built.success(), "{source}");
    format!("LD_PRELOAD={}", library.display())
}

/// A service in a process of its own.
pub struct Process {
    child: Child,
    /// Its URL: scheme, host and port.
    pub base: String,
    http: reqwest::Client,
}

impl Process {
    /// Starts it as an operator would, and waits until it responds.
    pub async fn start(app: &TestApp) -> Self {
        Self::start_with(app, &[("CASETRAIL_SCHEDULER", "off")]).await
    }

    /// The same with additional settings.
    pub async fn start_with(app: &TestApp, settings: &[(&str, &str)]) -> Self {
        Self::spawn(app, Command::new(env!("CARGO_BIN_EXE_service")), settings).await
    }

    /// The same, but a write beyond `limit_files` fails instead of ending the process by a signal. `None` if the required
    /// commands are missing.
    pub async fn start_limitable(app: &TestApp) -> Option<Self> {
        Command::new("prlimit").arg("--version").output().ok()?;
        let limited = "trap '' XFSZ; exec \"$0\"";
        Some(Self::start_by(app, &["sh", "-c", limited]).await)
    }

    /// The same started by another program, which has its arguments before those of the service.
    pub async fn start_by(app: &TestApp, program: &[&str]) -> Self {
        let [name, arguments @ ..] = program else { panic!("a program") };
        let mut command = Command::new(name);
        command.args(arguments).arg(env!("CARGO_BIN_EXE_service"));
        Self::spawn(app, command, &[("CASETRAIL_SCHEDULER", "off")]).await
    }

    /// The maximum size of a file that it writes: a number of bytes, or `unlimited`.
    pub fn limit_files(&self, size: &str) {
        let (pid, limit) = (self.pid().to_string(), format!("--fsize={size}:"));
        let limited = Command::new("prlimit").args(["--pid", &pid, &limit]).status().expect("prlimit");
        assert!(limited.success(), "{size}");
    }

    async fn spawn(app: &TestApp, mut command: Command, settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
        let bind = format!("127.0.0.1:{port}");
        let child = command
            .env("CASETRAIL_BIND", &bind)
            .env("CASETRAIL_DATABASE_URL", &app.url)
            .env("CASETRAIL_SECRET", app.secret.reveal())
            .env("CASETRAIL_STORAGE_URL", storage_url(&app.documents))
            .env("CASETRAIL_DEMO", "off")
            .env("CASETRAIL_RATE_LIMIT", "off")
            .env("CASETRAIL_DRAIN_SECONDS", "0")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let http = http().build().expect("a client");
        let process = Self { child, base: format!("http://{bind}"), http };
        let answers = async {
            while process.http.get(format!("{}/livez", process.base)).send().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, answers).await.expect("a response");
        process
    }

    /// Whether the process is still running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_none())
    }

    /// Kills the process, as the operating system does when memory runs out: without any warning.
    pub fn kill(mut self) {
        self.end();
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the process as an orchestrator does: signals it to end, and waits for it.
    pub async fn terminate(self, patience: Duration) {
        let status = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.pid())).status().expect("a shell");
        assert!(status.success());
        self.ended(patience).await;
    }

    /// Waits for the process to end.
    pub async fn ended(mut self, patience: Duration) {
        let ended = async {
            while self.child.try_wait().expect("a process").is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(patience, ended).await.expect("the process ends");
    }

    /// Signs a user in and returns the access token.
    pub async fn sign_in(&self, username: &str, password: &str) -> String {
        let body = json!({"username": username, "password": password});
        let answer = send(self.post("auth/login").body(body.to_string())).await.expect("a response");
        answer.body["access_token"].as_str().expect("a token").to_owned()
    }

    /// From now on `VmHWM` is the peak since now: while it started, the process had more than it needs afterwards.
    pub fn reset_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.pid()), "5").expect("its own process");
    }

    /// A figure from the process's status, in KiB: `VmRSS` is its current memory, `VmHWM` its peak.
    pub fn memory(&self, entry: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("/proc");
        let line = status.lines().find(|line| line.starts_with(entry)).expect("an entry");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// The address that it listens on.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// A request below `/api/v1` with any content.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1/{path}", self.base))
    }

    /// A POST request below `/api/v1`, to be sent by `send`.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}/api/v1/{path}", self.base)).header("content-type", "application/json")
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The response of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: StatusCode,
    pub is_replayed: bool,
    pub body: Json,
}

/// Sends a request; `None` if the process did not live long enough to respond.
pub async fn send(request: RequestBuilder) -> Option<Reply> {
    let response = request.send().await.ok()?;
    let (status, is_replayed) = (response.status(), response.headers().contains_key("idempotency-replayed"));
    Some(Reply { status, is_replayed, body: response.json().await.ok()? })
}
