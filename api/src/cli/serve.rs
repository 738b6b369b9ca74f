//! `casetrail serve`: migrates, fills a new demo database, and serves until it receives a signal to stop.

use super::greet::{Audience, Greeting, base};
use super::stop::{self, Gate};
use super::{Failure, grant, migrate, seed};
use crate::config::{Config, Environment, ServeConfig, Switch};
use crate::credentials::keys;
use crate::credentials::password::{Cost, Passwords};
use crate::http::layers::connections::ConnectionLimits;
use crate::mail::{Mailer, MailerError};
use crate::metrics::Metrics;
use crate::schedule::Schedules;
use crate::state::budgets::{Budgets, WorkLimits};
use crate::state::rates::{RateLimits, Rates};
use crate::state::{App, State};
use crate::storage::{Space, Storage};
use crate::worker::{self, Workers};
use crate::{demo, server};
use actix_web::dev::Server;
use entity::cause::with_sources;
use entity::clock::Clock;
use entity::db::{Db, Limits};
use entity::registry;
use entity::start::{self, Finding};
use entity::user;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::time::timeout;

/// How long closing the database connections may take when the service stops.
const CLOSING_MAX: Duration = Duration::from_secs(2);

pub async fn run(config: &Config, serve: &ServeConfig) -> Result<(), Failure> {
    let secret = config.secret()?;
    let (url, is_new_file) = config.database()?;
    let wants_demo = serve.wants_demo(config, is_new_file)?;
    let (cors_origins, public_path, page_dir) = (serve.cors_origins(config)?, serve.public_path()?, serve.page_dir()?);
    let storage = Storage::open(serve.storage_url.as_deref(), &config.data_dir).await;
    let storage = storage.map_err(|error| format!("CASETRAIL_STORAGE_URL: {error}"))?;
    let schedules = Schedules::parse(&serve.schedules, serve.scheduler == Switch::On);
    let schedules = schedules.map_err(|error| format!("CASETRAIL_SCHEDULES: {error}"))?;
    let mailer = mailer(serve)?;
    let connections = connection_limits(serve);
    let listener = listen("CASETRAIL_BIND", serve.bind)?;
    let for_metrics = serve.metrics_bind.map(|bind| listen("CASETRAIL_METRICS_BIND", bind)).transpose()?;
    migrate::apply(&url).await?;
    let metrics = Metrics::new(Clock::system().now());
    let db = open(&url, config.env, &metrics).await?;
    let demo_key = if wants_demo { seed::fill_demo(&db, &storage).await? } else { None };
    let audience = audience(&db).await?;
    let tokens = keys::load(&db, &secret).await?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let limits = WorkLimits { requests: serve.max_requests.get(), ..WorkLimits::for_readers(Limits::default().readers, threads) };
    let passwords = Passwords::new(Cost::FULL)?;
    let space = Space::new(&url, storage.directory(), serve.min_free_space);
    let state = State {
        db,
        tokens,
        passwords,
        cursor_key: secret.key_for("cursors"),
        fingerprint_key: secret.key_for("fingerprints"),
        trusted_proxies: serve.trusted_proxies.clone(),
        cors_origins,
        public_path,
        page_dir,
        shows_demo: config.env == Environment::Development,
        budgets: Budgets::new(limits),
        mailer,
        schedules,
        rate_limits: (serve.rate_limit == Switch::On).then(|| RateLimits::new(Rates::default())),
        metrics,
        storage,
        space,
    };
    let address = listener.local_addr()?;
    let app = App::new(state).with_metrics_apart(for_metrics.is_some());
    let gate = Gate::new(&listener)?;
    let server = server::serve(app.clone(), listener, threads, connections)?;
    for_metrics.map_or(Ok(()), |listener| serve_metrics(&app, listener))?;
    let workers = worker::start(&app);
    let base = base(serve.public_url.as_deref(), address);
    Greeting { base, audience, key: demo_key.as_ref() }.print(config.log_format);
    actix_web::rt::spawn(stop::stop(app.clone(), server.handle(), gate, Duration::from_secs(serve.drain_seconds)));
    Ok(serve_to_the_end(&app, server, workers).await?)
}

/// Serves until the service stops, and closes what is left of it.
async fn serve_to_the_end(app: &App, server: Server, workers: Workers) -> io::Result<()> {
    let stopping = app.stopping();
    let serving = async {
        let served = server.await;
        // If it ends by itself, so does everything else.
        stopping.cancel();
        served
    };
    let (served, ()) = tokio::join!(serving, workers.finish(stopping));
    close(app.db()).await;
    served
}

/// PostgreSQL would report each connection that just ends.
async fn close(db: &Db) {
    match timeout(CLOSING_MAX, db.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(cause = with_sources(&error), "database connections could not be closed"),
        Err(_) => tracing::warn!("database connections were still in use at the stop"),
    }
}

/// Binds the address of a setting.
fn listen(name: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    Ok(TcpListener::bind(address).map_err(|error| format!("{name}: {address}: {error}"))?)
}

/// Connects to a migrated database that keeps the guarantees.
async fn open(url: &str, env: Environment, metrics: &Metrics) -> Result<Db, Failure> {
    let db = registry::connect(url, Limits::default(), Clock::system(), None).await?.observed_by(metrics.observer());
    check(&db, env).await?;
    ensure_nets(&db, env).await?;
    ensure_no_demo(&db, env).await?;
    Ok(db)
}

/// Serves the metrics on a socket of their own until the process ends.
fn serve_metrics(app: &App, listener: TcpListener) -> std::io::Result<()> {
    let server = server::serve_metrics(app.clone(), listener)?;
    actix_web::rt::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(cause = with_sources(&error), "the metrics are no longer served");
        }
    });
    Ok(())
}

fn mailer(serve: &ServeConfig) -> Result<Mailer, Failure> {
    let mailer = Mailer::new(serve.smtp_url.as_deref(), &serve.mail_from);
    mailer.map_err(|error| match error {
        MailerError::InvalidFrom(_) => format!("CASETRAIL_MAIL_FROM: {error}").into(),
        MailerError::InvalidUrl => format!("CASETRAIL_SMTP_URL: {error}").into(),
    })
}

/// Reports each aspect of the database that would break a guarantee; production refuses to start with some of them.
async fn check(db: &Db, env: Environment) -> Result<(), Failure> {
    let findings = start::findings(db, Clock::system().now()).await?;
    let (refused, tolerated): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.is_refused && env == Environment::Production);
    for Finding { name, why, .. } in tolerated {
        tracing::warn!("the database's {name} {why}");
    }
    let refused: Vec<String> =
        refused.into_iter().map(|Finding { name, why, .. }| format!("the database's {name} {why}")).collect();
    if refused.is_empty() { Ok(()) } else { Err(format!("production refuses to start: {}", refused.join("; ")).into()) }
}

/// The demo's passwords are known to everyone.
async fn ensure_no_demo(db: &Db, env: Environment) -> Result<(), Failure> {
    if env == Environment::Production && audience(db).await? == Audience::DemoUsers {
        return Err("CASETRAIL_ENV: production refuses to start on a database with demo users".into());
    }
    Ok(())
}

/// Reports missing, changed or disabled safeguards and append-only triggers; production doesn't start with any of these.
async fn ensure_nets(db: &Db, env: Environment) -> Result<(), Failure> {
    let differences = migration::nets::differences(db.readers()).await?;
    if env == Environment::Production && !differences.is_empty() {
        return Err(format!(
            "the database's safeguards of the audit log differ from those the migrations created: {}",
            differences.join("; ")
        )
        .into());
    }
    for difference in differences {
        tracing::warn!(difference, "a safeguard of the audit log differs from the one the migrations created");
    }
    if let Some(role) = grant::over_privileged(db.readers()).await?.filter(|_| env == Environment::Production) {
        tracing::warn!(
            role,
            "the database role could alter the audit log: use one set up by `casetrail migrate --grant-to ROLE`"
        );
    }
    Ok(())
}

/// Files for the databases, documents and emails, in addition to the connections.
const OTHER_FILES: u64 = 128;

/// Raises the limit of open files as far as possible, and keeps the number of connections below it.
fn connection_limits(serve: &ServeConfig) -> ConnectionLimits {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = if raised.is_ok() { maximum } else { current };
    // `None` means no limit.
    let places = files.map_or(usize::MAX, |files| usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX));
    let total = serve.max_connections.get().min(places.max(1));
    tracing::info!(open_files = files, connections = total, "limits of open files and connections set");
    let per_address = serve.max_connections_per_address.get();
    ConnectionLimits { total, per_address, exempt: serve.trusted_proxies.clone(), ..ConnectionLimits::default() }
}

/// The users that the start finds: the demo is recognised by its service account and one of its users.
async fn audience(db: &Db) -> Result<Audience, DbErr> {
    let named = |username: &str| user::Entity::find().filter(user::Column::Username.eq(username)).one(db.readers());
    if user::Entity::find().one(db.readers()).await?.is_none() {
        return Ok(Audience::NoUsers);
    }
    let is_demo = named(demo::SERVICE).await?.is_some() && named("member1").await?.is_some();
    Ok(if is_demo { Audience::DemoUsers } else { Audience::People })
}
