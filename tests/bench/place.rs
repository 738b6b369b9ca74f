//! A database with a given number of entries, and the service on it in a process of its own.

use crate::app::{Client, Exposition, Kind, Process, Settings, TestApp};
use crate::cpu::{Meter, parent};
use crate::fill::{Filled, fill};
use entity::clock::Clock;
use entity::user::{self, Level, Role};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value as Json;
use std::time::{Duration, Instant};

/// How long the sealer may take for a filled log.
const PATIENCE: Duration = Duration::from_secs(1_800);
pub const PASSWORD: &str = "a long enough passphrase";

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Without a token.
    Anonymous,
    Manager,
    Administrator,
}

pub struct Place {
    pub name: String,
    pub app: TestApp,
    pub process: Process,
    pub filled: Filled,
    /// Of the service and its database.
    pub meter: Meter,
    /// The process of PostgreSQL, if that is the database.
    pub postmaster: Option<u32>,
    /// The processor time that filling it took, in seconds.
    pub fill_seconds: f64,
    /// The memory of the process before its first request, in KiB.
    pub idle_kib: u64,
    /// The cursor of a page far down the log; empty until it is looked for.
    pub deep_cursor: String,
    /// A user with entries, for the report on one.
    pub clerk: user::Model,
}

impl Place {
    /// Fills a database, starts the service on it, and waits until it has sealed the log.
    pub async fn prepare(name: &str, app: TestApp, entries: u64) -> Self {
        let postmaster = postmaster(&app).await;
        let database = Meter::new(Vec::new(), postmaster);
        // SQLite works in this process.
        let filling = if app.kind == Kind::Sqlite { database.with_self() } else { database.clone() };
        let (began, before) = (Instant::now(), filling.read());
        let filled = fill(&app, entries).await;
        let fill_seconds = (filling.read() - before) / 1_000.0;
        println!("{name}: {entries} entries in {:.1} s, {fill_seconds:.1} s of CPU", began.elapsed().as_secs_f64());
        let clerk = app.user("clerk7", Role::Technician, Some(Level::Three)).await;
        let manager = app.user("manager", Role::Manager, None).await;
        app.give_password(&manager, PASSWORD).await;
        let process = Process::start(&app).await;
        let meter = database.with(process.pid());
        let place = Self {
            name: name.to_owned(),
            app,
            process,
            filled,
            meter,
            postmaster,
            fill_seconds,
            idle_kib: 0,
            deep_cursor: String::new(),
            clerk,
        };
        place.sealed().await;
        place.settled().await
    }

    /// The id of an open case, by its number among them; the first one again after the last.
    pub fn open_case(&self, number: u64) -> String {
        let (all, open) = (self.filled.cases, self.filled.open_cases());
        self.filled.case(all - open + number % open)
    }

    /// The settings of an app on which a bench runs.
    pub fn settings() -> Settings {
        Settings { clock: Clock::system(), ..Settings::default() }
    }

    /// Waits until every entry is sealed, so that what a write leaves to do later does not count as a cost of the next path. A
    /// service without a ledger has no such figure.
    pub async fn until_sealed(&self) {
        let began = Instant::now();
        while self.pending().await > 0.0 {
            assert!(began.elapsed() < PATIENCE, "{}: the log is not sealed after {PATIENCE:?}", self.name);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The same for a log that was just filled; prints what it took.
    async fn sealed(&self) {
        let (began, before) = (Instant::now(), self.meter.read());
        self.until_sealed().await;
        let cpu = (self.meter.read() - before) / 1_000.0;
        println!("{}: sealed after {:.1} s, {cpu:.1} s of CPU", self.name, began.elapsed().as_secs_f64());
    }

    async fn pending(&self) -> f64 {
        let url = format!("{}/metrics", self.process.base);
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let text = client.get(url).send().await.expect("metrics").text().await.expect("a text");
        Exposition::parse(&text).get("casetrail_ledger_pending").unwrap_or_default()
    }

    /// Started anew, so that its memory is that of a service without requests, on a database that has done its chores.
    async fn settled(self) -> Self {
        let Self { app, process, postmaster, .. } = self;
        process.terminate(Duration::from_secs(60)).await;
        if app.kind == Kind::Postgres {
            for chore in ["VACUUM ANALYZE", "CHECKPOINT"] {
                crate::app::copies::run(&app, chore).await;
            }
        }
        let process = Process::start(&app).await;
        // What the start needed is returned to the system within seconds.
        tokio::time::sleep(Duration::from_secs(8)).await;
        let meter = Meter::new(vec![process.pid()], postmaster);
        let idle_kib = process.memory("VmRSS");
        Self { app, process, meter, idle_kib, ..self }
    }

    /// The same service started by another program, such as valgrind.
    pub async fn started_by(self, program: &[&str]) -> Self {
        let Self { app, process, postmaster, .. } = self;
        process.terminate(Duration::from_secs(60)).await;
        let process = Process::start_by(&app, program).await;
        let meter = Meter::new(vec![process.pid()], postmaster);
        Self { app, process, meter, ..self }
    }

    /// A caller with a token that has just been issued: tokens are valid for ten minutes.
    pub async fn caller(&self, by: By) -> Client<'_> {
        match by {
            By::Anonymous => self.app.as_anonymous(),
            By::Manager => self.app.as_manager().await,
            By::Administrator => self.app.as_admin().await,
        }
    }

    /// The headers of a caller's requests.
    pub async fn headers(&self, by: By) -> String {
        match by {
            By::Anonymous => String::new(),
            By::Manager | By::Administrator => format!("Authorization: Bearer {}\r\n", self.caller(by).await.token()),
        }
    }

    /// Looks for the page after this number of rows.
    pub async fn find_deep_cursor(&mut self, rows: u64) {
        let (mut cursor, mut left) = (String::new(), rows);
        while left > 0 {
            // Tokens are valid for ten minutes, which a long way down may take.
            let manager = self.app.as_manager().await;
            let limit = left.min(200);
            let path = format!("audit-log?limit={limit}{cursor}");
            let sent = self.process.request(reqwest::Method::GET, &path).bearer_auth(manager.token()).send().await;
            let page: Json = sent.expect("a page").json().await.expect("JSON");
            let list = if page["entries"].is_object() { &page["entries"] } else { &page };
            cursor = format!("&cursor={}", list["page"]["next_cursor"].as_str().expect("a next page"));
            left -= limit;
        }
        self.deep_cursor = cursor;
    }
}

/// The process that PostgreSQL's backends are children of.
async fn postmaster(app: &TestApp) -> Option<u32> {
    if app.kind == Kind::Sqlite {
        return None;
    }
    let sql = Statement::from_string(DbBackend::Postgres, "SELECT pg_backend_pid() AS pid");
    let row = app.outside.query_one_raw(sql).await.expect("a response").expect("a row");
    let backend = row.try_get::<i32>("", "pid").expect("a number");
    parent(u32::try_from(backend).expect("a process"))
}
