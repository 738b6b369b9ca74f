//! The running service as handlers, layers and background tasks see it: its database, its secrets, its limits.

pub mod body_memory;
pub mod budgets;
pub mod callers;
pub mod demo_passwords;
pub mod in_flight;
pub mod rates;
pub mod readiness;

use crate::credentials::api_key::KnownKeys;
use crate::credentials::password::Passwords;
use crate::credentials::token::Tokens;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::schedule::Schedules;
use crate::storage::{Space, Storage};
use crate::wire::{Error, Result, forwarded};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use budgets::Budgets;
use callers::{Moment, RecentCallers};
use chrono::{DateTime, Utc};
use demo_passwords::DemoPasswords;
use entity::attempt::{self, Limit};
use entity::audit::{AuditTx, Context, Event};
use entity::audit_log::TextIndex;
use entity::cause::with_sources;
use entity::db::{Db, Readers};
use entity::ledger;
use in_flight::InFlight;
use ipnet::IpNet;
use rates::RateLimits;
use readiness::Readiness;
use sea_orm::DatabaseTransaction;
use std::future::{Ready, ready};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a request waits at most until entries are sealed.
const SEALED_WITHIN: Duration = Duration::from_secs(5);

/// The running service.
pub struct State {
    pub db: Db,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub cursor_key: [u8; 32],
    pub fingerprint_key: [u8; 32],
    pub trusted_proxies: Vec<IpNet>,
    pub metrics: Metrics,
    /// The storage of documents.
    pub storage: Storage,
    /// The free space for them.
    pub space: Space,
    /// Origins whose browsers may call the API; none by default.
    pub cors_origins: Vec<String>,
    /// The path at which a reverse proxy serves the service, such as `/casetrail`; empty at the root of its host.
    pub public_path: String,
    /// The folder of the page; `None` for the page inside the binary.
    pub page_dir: Option<PathBuf>,
    /// Whether the accounts of a demo database are shown to anyone: never in production.
    pub shows_demo: bool,
    /// How much work runs concurrently.
    pub budgets: Budgets,
    pub mailer: Mailer,
    pub schedules: Schedules,
    /// How many requests a caller may send; `None` if a gateway in front of the service counts them.
    pub rate_limits: Option<RateLimits>,
}

/// A handle to the running service, passed to handlers.
#[derive(Clone)]
pub struct App {
    state: Arc<State>,
    in_flight: Arc<InFlight>,
    known_keys: Arc<KnownKeys>,
    recent_callers: Arc<RecentCallers>,
    readiness: Arc<Readiness>,
    demo_passwords: Arc<DemoPasswords>,
    last_sequence: watch::Sender<i64>,
    /// Held by the caller that seals for all that wait.
    sealing: Arc<Mutex<()>>,
    stopping: CancellationToken,
    text_index: Arc<OnceCell<TextIndex>>,
    /// Whether the metrics have an address of their own.
    has_metrics_apart: bool,
}

impl App {
    pub fn new(state: State) -> Self {
        Self {
            state: Arc::new(state),
            in_flight: Arc::default(),
            known_keys: Arc::default(),
            recent_callers: Arc::default(),
            readiness: Arc::default(),
            demo_passwords: Arc::default(),
            last_sequence: watch::Sender::new(0),
            sealing: Arc::default(),
            stopping: CancellationToken::new(),
            text_index: Arc::default(),
            has_metrics_apart: false,
        }
    }

    /// The same with the metrics at an address of their own.
    pub fn with_metrics_apart(self, has_metrics_apart: bool) -> Self {
        Self { has_metrics_apart, ..self }
    }

    pub fn has_metrics_apart(&self) -> bool {
        self.has_metrics_apart
    }

    pub fn extract(request: &HttpRequest) -> Result<Self> {
        request
            .app_data::<web::Data<App>>()
            .map(|app| App::clone(app))
            .ok_or_else(|| Error::internal("a request without its service"))
    }

    /// Begins a unit of work, the only way to write, without an authenticated caller.
    pub async fn begin_as(&self, context: Context) -> Result<AuditTx> {
        Ok(AuditTx::begin(&self.state.db, context).await?)
    }

    /// The same for an action that ends a user's rights.
    pub async fn begin_as_over(&self, user_id: Uuid, context: Context) -> Result<AuditTx> {
        Ok(AuditTx::begin_over(&self.state.db, user_id, context).await?)
    }

    /// Records a refusal or a failure, unless its limit per minute is reached: then it is only counted, and an entry reports the
    /// number.
    pub async fn record_refusal(&self, context: Context, event: Event) -> Result<()> {
        let tx = self.begin_as(context.clone()).await?;
        record_refusal_in(&tx, &context, event).await?;
        Ok(tx.commit().await?)
    }

    pub fn db(&self) -> &Db {
        &self.state.db
    }

    /// Read-only connections.
    pub fn readers(&self) -> &Readers {
        self.state.db.readers()
    }

    /// A read transaction with a consistent view of the database.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction> {
        Ok(self.state.db.snapshot().await?)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.state.db.clock().now()
    }

    /// A new id with the current instant.
    pub fn new_id(&self) -> Uuid {
        self.state.db.clock().id(self.now())
    }

    pub fn storage(&self) -> &Storage {
        &self.state.storage
    }

    /// The requests that this process handles one at a time.
    pub fn in_flight(&self) -> &Arc<InFlight> {
        &self.in_flight
    }

    /// The free space.
    pub fn space(&self) -> &Space {
        &self.state.space
    }

    pub fn tokens(&self) -> &Tokens {
        &self.state.tokens
    }

    pub fn known_keys(&self) -> &KnownKeys {
        &self.known_keys
    }

    /// The callers whose rights were read a moment ago.
    pub fn recent_callers(&self) -> &RecentCallers {
        &self.recent_callers
    }

    /// Now, as far as callers' rights are concerned.
    pub fn moment(&self) -> Moment {
        Moment { now: self.now(), rights_changes: self.state.db.rights_changes() }
    }

    /// The sequence of the last sealed entry, as far as this process knows: for those who wait for the next one.
    pub fn last_sequence(&self) -> watch::Receiver<i64> {
        self.last_sequence.subscribe()
    }

    /// Waits until the entries that are pending now are sealed, or until it has taken too long; the caller then sees what is. Not
    /// while there are entries from before the ledger, which are sealed first and take longer. Of several callers one seals.
    pub async fn wait_until_sealed(&self) {
        let sealing = async {
            let _turn = self.sealing.lock().await;
            match ledger::state(self.readers()).await?.history_done {
                true => ledger::seal_all(self.db()).await.map(|sealed| self.sealed(sealed.last_sequence)),
                false => Ok(()),
            }
        };
        match timeout(SEALED_WITHIN, sealing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(cause = with_sources(&error), "pending audit entries could not be sealed"),
            Err(_) => tracing::debug!("pending audit entries were not sealed in time"),
        }
    }

    /// Entries up to this sequence are sealed.
    pub fn sealed(&self, through: i64) {
        self.last_sequence.send_if_modified(|last| {
            let is_later = through > *last;
            *last = through.max(*last);
            is_later
        });
    }

    /// Which texts of the log an index finds; read from the database once.
    pub async fn text_index(&self) -> Result<TextIndex> {
        Ok(*self.text_index.get_or_try_init(|| TextIndex::read(self.readers())).await?)
    }

    /// The result of the last readiness check.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    pub fn passwords(&self) -> &Passwords {
        &self.state.passwords
    }

    pub fn cursor_key(&self) -> &[u8; 32] {
        &self.state.cursor_key
    }

    pub fn fingerprint_key(&self) -> &[u8; 32] {
        &self.state.fingerprint_key
    }

    pub fn cors_origins(&self) -> &[String] {
        &self.state.cors_origins
    }

    /// The path at which a reverse proxy serves the service; what begins with `/` in a response begins with it.
    pub fn public_path(&self) -> &str {
        &self.state.public_path
    }

    /// The folder of the page; `None` for the page inside the binary.
    pub fn page_dir(&self) -> Option<&Path> {
        self.state.page_dir.as_deref()
    }

    /// Whether the accounts of a demo database are shown to anyone.
    pub fn shows_demo(&self) -> bool {
        self.state.shows_demo
    }

    /// Which stored passwords are those of the demo.
    pub fn demo_passwords(&self) -> &DemoPasswords {
        &self.demo_passwords
    }

    pub fn rate_limits(&self) -> Option<&RateLimits> {
        self.state.rate_limits.as_ref()
    }

    pub fn budgets(&self) -> &Budgets {
        &self.state.budgets
    }

    pub fn mailer(&self) -> &Mailer {
        &self.state.mailer
    }

    pub fn schedules(&self) -> &Schedules {
        &self.state.schedules
    }

    /// Cancelled when the service stops: it is no longer ready, each response closes its connection, and jobs end at their next
    /// step.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    pub fn trusted_proxies(&self) -> &[IpNet] {
        &self.state.trusted_proxies
    }

    pub fn metrics(&self) -> &Metrics {
        &self.state.metrics
    }
}

/// The same inside a transaction with further work; `context` is the one it was begun with.
pub async fn record_refusal_in(tx: &AuditTx, context: &Context, event: Event) -> Result<()> {
    let who = match (context.actor.id(), &event.related_user) {
        (Some(id), _) => id.to_string(),
        // A flood of attempts on one account does not hide those on others from the same address.
        (None, Some(person)) => format!("{} {}", network_of(context), person.id),
        (None, None) => network_of(context),
    };
    // By outcome, since the entry that reports the number has one.
    let key = format!("{who} {} {}", event.action, event.outcome.code());
    Ok(attempt::record(tx, context, &key, Limit::REFUSALS, event).await?)
}

/// What counts as one client without an account.
fn network_of(context: &Context) -> String {
    let network = forwarded::recorded_network(context.ip_address.as_deref());
    network.map(|network| network.to_string()).unwrap_or_default()
}

impl FromRequest for App {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::extract(request))
    }
}
