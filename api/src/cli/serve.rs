//! `casetrail serve`: migrates, fills a new demo database, and serves until it is told to stop.

use super::{Failure, migrate, say, seed};
use crate::config::{Config, Environment, ServeConfig};
use crate::password::{Cost, Passwords};
use crate::state::{App, State};
use crate::{keys, server};
use entity::clock::Clock;
use entity::db::{Db, Limits};
use entity::user;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

pub async fn run(config: &Config, serve: &ServeConfig) -> Result<(), Failure> {
    let secret = config.secret()?;
    let (url, is_new_file) = config.database()?;
    let wants_demo = serve.wants_demo(config, is_new_file)?;
    let listener = TcpListener::bind(serve.bind).map_err(|error| format!("CASETRAIL_BIND: {}: {error}", serve.bind))?;
    migrate::apply(&url).await?;
    let db = Db::connect(&url, Limits::default(), Clock::system(), None).await?;
    if config.env == Environment::Production {
        refuse_demo_users(&db).await?;
    }
    if wants_demo {
        seed::fill_demo(&db).await?;
    }
    let tokens = keys::load(&db, &secret).await?;
    let passwords = Passwords::new(Cost::FULL)?;
    let state =
        State { db, tokens, passwords, cursor_key: secret.key_for("cursors"), trusted_proxies: serve.trusted_proxies.clone() };
    let address = listener.local_addr()?;
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let server = server::serve(App::new(state), listener, workers)?;
    let base = serve.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    greet(&base, wants_demo);
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        wait_for_stop().await;
        handle.stop(true).await;
    });
    Ok(server.await?)
}

/// Well-known passwords have no place in production.
async fn refuse_demo_users(db: &Db) -> Result<(), Failure> {
    let demo = user::present().filter(user::Column::Username.eq("service1")).one(db.readers()).await?;
    let has_demo =
        demo.is_some() && user::Entity::find().filter(user::Column::Username.eq("member1")).one(db.readers()).await?.is_some();
    if has_demo { Err("CASETRAIL_ENV: production refuses to start on a database with demo users".into()) } else { Ok(()) }
}

fn greet(base: &str, has_demo: bool) {
    say(format_args!("Casetrail is ready: {base}/docs/ (API: {base}/api/v1, contract: {base}/openapi.yaml)"));
    if has_demo {
        say("");
        say("Demo users: admin, manager, tech1, tech2, tech3, member1, member2. Password: <username>-demo-pass");
    }
}

async fn wait_for_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
