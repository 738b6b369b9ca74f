//! A running service with a fresh database, a fixed clock, users who can sign in, and the audit log as tests read it.

mod builders;
mod client;
pub mod copies;
mod database;
mod exposition;
mod form;
mod invariants;
mod long_log;
mod mail_server;
mod outage;
pub mod postgres;
mod postgres_server;
mod prefix;
mod process;
mod promise;
mod proxy;
mod volume;
mod waiting;
mod wire;

pub use builders::{CaseBuilder, Scene, arranging, incomplete};
pub use client::{Answer, Client};
pub use database::{Fresh, Kind, SERVING, casetrail_migrate, connect, empty, fresh, with_letters_of};
pub use exposition::Exposition;
pub use form::Form;
pub use invariants::{CHANGE_COLUMNS, EVENTS, change_column, rollups_equal_a_recount};
pub use mail_server::{MailServer, Manner};
pub use postgres_server::Server;
pub use prefix::below;
pub use process::{Process, send, simulated_disk};
pub use proxy::{Fault, Proxy};
pub use volume::Volume;
pub use wire::{Half, Raw};

use api::credentials::keys;
use api::credentials::password::{Cost, Passwords};
use api::http::layers::connections::ConnectionLimits;
use api::mail::Mailer;
use api::metrics::Metrics;
use api::schedule::Schedules;
use api::state::budgets::{Budgets, WorkLimits};
use api::state::rates::{RateLimits, Rates};
use api::state::{App, State};
use api::storage::{Space, Storage};
use api::wire::byte_size::ByteSize;
use api::wire::secret::Secret;
use api::{server, tls};
use chrono::{DateTime, Utc};
use entity::audit::AuditTx;
use entity::clock::Clock;
use entity::db::{Db, Limits};
use entity::ledger;
use entity::registry;
use entity::session;
use entity::user::{self, Level, Role};
use ipnet::IpNet;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryOrder, Statement,
};
use serde_json::Value as Json;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The instant at which every test begins: a Tuesday morning in Chicago, in winter time.
pub const START: &str = "2026-12-01T15:00:00Z";

/// The only allowed CORS origin.
pub const FRIEND: &str = "https://desk.example.org";

/// Connects directly, and without TLS: reading the system's certificates would take longer than most tests. Leaves idle
/// connections before the service closes them after five seconds, since a request may be sent just then.
pub fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().tls_certs_only([]).pool_idle_timeout(Duration::from_secs(4))
}

/// The settings that a test may override.
pub struct Settings {
    /// How long a caller waits for a connection and for a lock.
    pub patience: Duration,
    /// How long it may take to determine what became of a COMMIT.
    pub decision: Duration,
    pub rates: Option<Rates>,
    /// How much work is done at once, and for how long.
    pub work: WorkLimits,
    pub connections: ConnectionLimits,
    /// The address to listen on.
    pub listens_on: IpAddr,
    /// The mail server; emails go to the log if there is none.
    pub smtp_url: Option<String>,
    /// The proxies whose `X-Forwarded-For` is trusted; the tests' client connects from 127.0.0.1.
    pub trusted_proxies: Vec<IpNet>,
    /// A fixed clock, unless a test shares its database with processes that use the system clock.
    pub clock: Clock,
    /// Where documents are stored; in the temporary directory if not set.
    pub volume: Option<PathBuf>,
    /// Uploads are refused if fewer bytes than this are free.
    pub min_free_space: u64,
    /// The secret from which keys are derived; replicas share it.
    pub secret: Secret,
    /// The path at which a reverse proxy serves the service.
    pub public_path: String,
    /// The folder of the page; the page inside the binary if not set.
    pub page_dir: Option<PathBuf>,
    /// Whether the accounts of a demo database are shown, as in development.
    pub shows_demo: bool,
}

impl Default for Settings {
    fn default() -> Self {
        // The test machine may be busy with other tests.
        let decision = Limits::default().decision;
        let patience = Duration::from_secs(20);
        Self {
            patience,
            decision,
            rates: None,
            work: WorkLimits { patience, handler: Duration::from_secs(60), ..WorkLimits::for_readers(4, 2) },
            connections: ConnectionLimits::default(),
            listens_on: Ipv4Addr::LOCALHOST.into(),
            smtp_url: None,
            trusted_proxies: Vec::new(),
            clock: Clock::fixed(at(START)),
            volume: None,
            min_free_space: 0,
            secret: Secret::random(),
            public_path: String::new(),
            page_dir: None,
            shows_demo: true,
        }
    }
}

/// The service under test.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub base: String,
    pub kind: Kind,
    /// A connection of the owner of the tables: without `AuditTx`, without hooks.
    pub outside: DatabaseConnection,
    /// The URL that the service connects to: on PostgreSQL with the serving role.
    pub url: String,
    pub secret: Secret,
    /// Where documents are stored.
    pub documents: tempfile::TempDir,
    sent: Arc<Mutex<Vec<Statement>>>,
    /// Connections of the sealer, whose statements are not counted.
    sealer: OnceCell<Db>,
    reports: AtomicUsize,
    has_filled_log: AtomicBool,
    http: reqwest::Client,
    server: actix_web::dev::ServerHandle,
    _files: Option<tempfile::TempDir>,
}

impl TestApp {
    /// Starts the service as `casetrail serve` does, but on a free port and with its own database. `None` if there is no
    /// PostgreSQL to test on.
    pub async fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, Settings::default()).await
    }

    /// The same with other settings than most tests need.
    pub async fn start_with(kind: Kind, settings: Settings) -> Option<Self> {
        let fresh = database::fresh(kind).await?;
        let by_way_of = fresh.url.clone();
        Some(Self::serve(kind, fresh, &by_way_of, settings).await)
    }

    /// The same on PostgreSQL, with the service's default patience and a connection to the server that can be cut.
    pub async fn start_behind_a_proxy(decision: Duration) -> Option<(Self, Proxy)> {
        let fresh = database::fresh(Kind::Postgres).await?;
        let proxy = Proxy::before(&fresh.url).await;
        let by_way_of = proxy.url(&fresh.url);
        let settings = Settings { patience: Limits::default().patience, decision, ..Settings::default() };
        Some((Self::serve(Kind::Postgres, fresh, &by_way_of, settings).await, proxy))
    }

    /// The same on SQLite, with the database and the documents on a volume that can be filled up.
    pub async fn start_on(volume: &Volume, min_free_space: u64) -> Self {
        let fresh = database::sqlite_in(volume.path()).await;
        let by_way_of = fresh.url.clone();
        let settings =
            Settings { clock: Clock::system(), volume: Some(volume.path().to_owned()), min_free_space, ..Settings::default() };
        Self::serve(Kind::Sqlite, fresh, &by_way_of, settings).await
    }

    /// The same on a test's own server, which may go down and come back.
    pub async fn start_at(url: &str, settings: Settings) -> Self {
        database::migrate(url).await;
        let fresh = Fresh { url: url.to_owned(), owner: url.to_owned(), files: None };
        Self::serve(Kind::Postgres, fresh, url, settings).await
    }

    /// `fresh` is the database, `by_way_of` the URL through which the service reaches it.
    pub async fn serve(kind: Kind, fresh: Fresh, by_way_of: &str, settings: Settings) -> Self {
        let Fresh { url, owner, files } = fresh;
        let (outside, clock) = (database::connect(&owner).await, settings.clock);
        let sent = Arc::new(Mutex::new(Vec::new()));
        let limits = Limits { writers: 8, readers: 4, exports: 2, patience: settings.patience, decision: settings.decision };
        let metrics = Metrics::new(clock.now());
        let db = registry::connect(by_way_of, limits, clock.clone(), Some(watch(&sent))).await.expect("the database");
        let db = db.observed_by(metrics.observer());
        tls::use_ring();
        let documents = tempfile::tempdir_in(settings.volume.unwrap_or_else(std::env::temp_dir)).expect("a directory");
        let storage = Storage::open(Some(&storage_url(&documents)), documents.path()).await.expect("a storage");
        let space = Space::new(&url, storage.directory(), ByteSize(settings.min_free_space));
        let secret = settings.secret;
        let tokens = keys::load(&db, &secret).await.expect("a signing key");
        let app = App::new(State {
            db,
            tokens,
            passwords: Passwords::new(Cost { memory_kib: 64, rounds: 1 }).expect("passwords"),
            cursor_key: secret.key_for("cursors"),
            fingerprint_key: secret.key_for("fingerprints"),
            trusted_proxies: settings.trusted_proxies,
            cors_origins: vec![FRIEND.to_owned()],
            public_path: settings.public_path,
            page_dir: settings.page_dir,
            shows_demo: settings.shows_demo,
            budgets: Budgets::new(settings.work),
            rate_limits: settings.rates.map(RateLimits::new),
            mailer: Mailer::new(settings.smtp_url.as_deref(), "Casetrail <casetrail@example.org>").expect("a mailer"),
            schedules: Schedules::parse(&[], false).expect("schedules"),
            metrics,
            storage,
            space,
        });
        let listener = TcpListener::bind((settings.listens_on, 0)).expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let server = server::serve(app.clone(), listener, 1, settings.connections).expect("the server");
        let handle = server.handle();
        tokio::spawn(server);
        let http = http().build().expect("a client");
        Self {
            app,
            clock,
            base,
            kind,
            outside,
            url,
            secret,
            documents,
            sent,
            sealer: OnceCell::new(),
            reports: AtomicUsize::new(0),
            has_filled_log: AtomicBool::new(false),
            http,
            server: handle,
            _files: files,
        }
    }

    /// Ends the test: what must hold after every test is checked here, except of a log that was filled with copies of one entry.
    pub async fn finish(self) {
        self.server.stop(false).await;
        if !self.has_filled_log.load(Ordering::Relaxed) {
            invariants::check(&self).await;
        }
    }

    /// Seals everything that is committed, as the service does in the background; here nothing does unless a test asks for it.
    pub async fn seal(&self) -> u64 {
        self.try_seal().await.expect("sealed entries")
    }

    /// The same where the database may refuse it.
    pub async fn try_seal(&self) -> Result<u64, DbErr> {
        let limits = Limits { writers: 1, readers: 1, exports: 1, ..Limits::default() };
        let connect = || registry::connect(&self.url, limits, Clock::system(), None);
        let sealed = ledger::seal_all(self.sealer.get_or_try_init(connect).await?).await?;
        self.app.sealed(sealed.last_sequence);
        Ok(sealed.entries)
    }

    /// Before every second request for a report: its figures are read from sealed and from pending entries.
    async fn seal_before(&self, path: &str) {
        if path.contains("/reports") && self.reports.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
            // A test may keep the database from answering. Boxed, or every request of a test would have room for it on the
            // stack.
            drop(Box::pin(self.try_seal()).await);
        }
    }

    /// Everyone who can connect to the database without the service, with their own credentials.
    pub async fn outsiders(&self) -> Vec<(&'static str, DatabaseConnection)> {
        let mut outsiders = vec![("the owner", self.outside.clone())];
        if self.kind == Kind::Postgres {
            outsiders.push(("the serving role", connect(&self.url).await));
        }
        outsiders
    }

    /// An unauthenticated caller.
    pub fn as_anonymous(&self) -> Client<'_> {
        Client::new(self, None)
    }

    pub async fn as_admin(&self) -> Client<'_> {
        self.as_user(&self.user("admin", Role::Administrator, None).await).await
    }

    pub async fn as_manager(&self) -> Client<'_> {
        self.as_user(&self.user("manager", Role::Manager, None).await).await
    }

    /// The technician with a level: tech1, tech2, tech3.
    pub async fn as_tech(&self, level: u8) -> Client<'_> {
        self.as_user(&self.tech(level).await).await
    }

    pub async fn as_member(&self) -> Client<'_> {
        self.as_user(&self.user("member1", Role::Member, None).await).await
    }

    pub async fn tech(&self, level: u8) -> user::Model {
        let user_level = match level {
            1 => Level::One,
            2 => Level::Two,
            _ => Level::Three,
        };
        self.user(&format!("tech{level}"), Role::Technician, Some(user_level)).await
    }

    /// Sets a user's password.
    pub async fn give_password(&self, user: &user::Model, password: &str) {
        let hash = self.app.passwords().hash(password).await.expect("a hash");
        let tx = self.write().await;
        user::credential::set(&tx, user.id, Some(hash)).await.expect("credentials");
        tx.commit().await.expect("commit");
    }

    /// A caller with the given access token, from any source.
    pub fn with_token(&self, token: &str) -> Client<'_> {
        self.as_anonymous().with("Authorization", &format!("Bearer {token}"))
    }

    /// Signs a user in, with a session of their own.
    pub async fn as_user(&self, user: &user::Model) -> Client<'_> {
        let session_id = Uuid::now_v7();
        let now = self.clock.now();
        let row = session::ActiveModel {
            id: Set(session_id),
            user_id: Set(user.id),
            started_at: Set(now),
            last_used_at: Set(now),
            expires_at: Set(now + chrono::TimeDelta::days(30)),
            revoked_at: Set(None),
        };
        let tx = self.write().await;
        row.insert(&tx).await.expect("a session");
        tx.commit().await.expect("commit");
        let token = self.app.tokens().issue(user.id, session_id, now).expect("a token");
        Client::new(self, Some((token, user.clone())))
    }

    /// The user with a username; created on first use.
    pub async fn user(&self, username: &str, role: Role, user_level: Option<Level>) -> user::Model {
        use sea_orm::{ColumnTrait, QueryFilter};
        let known = user::Entity::find().filter(user::Column::Username.eq(username)).one(&self.outside).await.expect("read");
        match known {
            Some(user) => user,
            None => builders::create_user(self, username, role, user_level).await,
        }
    }

    /// A case to arrange: `app.a_case().accepted().create().await`.
    pub fn a_case(&self) -> CaseBuilder<'_> {
        CaseBuilder::new(self)
    }

    /// A write transaction of the system, for arranging.
    pub async fn write(&self) -> AuditTx {
        AuditTx::begin(self.app.db(), builders::arranging()).await.expect("a transaction")
    }

    /// All entries as their bodies, in the order of the ids.
    pub async fn all_entries(&self) -> Vec<Json> {
        use entity::audit_entry::{Column, Entity};
        let entries = Entity::find().order_by_asc(Column::Id).all(&self.outside).await.expect("read");
        entries.iter().map(|entry| serde_json::from_str(&entry.body).expect("JSON")).collect()
    }

    /// The current state of the audit log; `since` returns what came after it. Ids of one process increase, whatever the clock
    /// does.
    pub async fn mark(&self) -> Vec<Json> {
        self.all_entries().await
    }

    /// The entries written since a mark.
    pub async fn since(&self, mark: &[Json]) -> Vec<Json> {
        let mut trail = self.all_entries().await;
        trail.retain(|entry| !mark.iter().any(|known| known["id"] == entry["id"]));
        trail
    }

    /// Advances the clock.
    pub fn pass(&self, time: chrono::TimeDelta) {
        self.clock.set(self.clock.now() + time);
    }

    /// The statements that the service has sent to the database since the last call, without BEGIN and COMMIT. PostgreSQL's locks
    /// on rights are sent with BEGIN.
    pub fn statements(&self) -> Vec<String> {
        self.statements_with_values().into_iter().map(|statement| statement.sql).collect()
    }

    /// The same with their values, to query the database for their plans.
    pub fn statements_with_values(&self) -> Vec<Statement> {
        std::mem::take(&mut *self.sent.lock().expect("statements"))
    }

    /// The database's plan for a statement, one line per step.
    pub async fn plan(&self, statement: &Statement) -> Vec<String> {
        let (explain, column) = match self.kind {
            Kind::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            Kind::Postgres => ("EXPLAIN", "QUERY PLAN"),
        };
        let explain = Statement { sql: format!("{explain} {}", statement.sql), ..statement.clone() };
        let lines = self.outside.query_all_raw(explain).await.expect("a plan");
        lines.iter().map(|line| line.try_get("", column).expect("a line")).collect()
    }
}

/// A directory, as written in the setting.
/// Keeps each statement that is sent.
fn watch(sent: &Arc<Mutex<Vec<Statement>>>) -> entity::db::StatementObserver {
    let sent = Arc::clone(sent);
    Arc::new(move |info: &sea_orm::metric::Info<'_>| sent.lock().expect("statements").push(info.statement.clone()))
}

pub fn storage_url(directory: &tempfile::TempDir) -> String {
    format!("file://{}", directory.path().display())
}

pub fn at(time: &str) -> DateTime<Utc> {
    time.parse().expect("a time")
}

/// The action types of entries.
pub fn actions(trail: &[Json]) -> Vec<&str> {
    trail.iter().map(|entry| entry["action_type"].as_str().expect("an action")).collect()
}
