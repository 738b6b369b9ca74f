//! `casetrail seed`: fills an empty database with a history. `serve` does the same for a database that it creates.

use super::{Failure, migrate, say};
use crate::config::{Config, Environment, ServeConfig};
use crate::credentials::api_key::ApiKey;
use crate::credentials::password;
use crate::credentials::password::Cost;
use crate::demo::{self, DemoError, Plan};
use crate::storage::Storage;
use clap::Args;
use entity::api_key::NewKey;
use entity::audit::{AuditTx, Context, Event};
use entity::clock::Clock;
use entity::db::{Db, Limits};
use entity::registry;
use entity::user;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::{ColumnTrait, DbErr, QueryFilter};
use uuid::Uuid;

#[derive(Args)]
pub struct SeedOptions {
    /// The number of audit entries to create; the numbers of cases and users grow with it
    #[arg(long, default_value_t = Plan::demo().entries)]
    #[arg(value_parser = clap::value_parser!(u64).range(Plan::ENTRIES_MIN..=100_000_000))]
    entries: u64,
    /// The same number results in the same history at the same instant
    #[arg(long, default_value_t = SEED)]
    seed: u64,
}

const SEED: u64 = 1;
const STORED_AT_ONCE: usize = 16;

pub async fn run(config: &Config, serve: &ServeConfig, options: &SeedOptions) -> Result<(), Failure> {
    if config.env == Environment::Production {
        return Err("CASETRAIL_ENV: users with well-known passwords are not allowed in production".into());
    }
    let (url, _) = config.database()?;
    migrate::apply(&url).await?;
    let db = registry::connect(&url, Limits::default(), Clock::system(), None).await?;
    let bar = ProgressBar::new(options.entries).with_style(style()?);
    let plan = Plan::of_entries(options.entries);
    let storage = Storage::open(serve.storage_url.as_deref(), &config.data_dir).await;
    let storage = storage.map_err(|error| format!("CASETRAIL_STORAGE_URL: {error}"))?;
    let written = fill(&db, &storage, plan, options.seed, |written| bar.set_position(written)).await?;
    bar.finish_and_clear();
    say(format_args!("{written} entries written"));
    Ok(())
}

/// Fills the demo into a database without users, and gives its service account a key; leaves any other database alone.
pub async fn fill_demo(db: &Db, storage: &Storage) -> Result<Option<ApiKey>, Failure> {
    match fill(db, storage, Plan::demo(), SEED, |_| {}).await {
        Ok(_) => Ok(Some(give_key(db).await?)),
        Err(DemoError::NotEmpty) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The key of the demo's service account. Unlike the demo's passwords it is not well-known.
async fn give_key(db: &Db) -> Result<ApiKey, DbErr> {
    let tx = AuditTx::begin(db, Context::job(Uuid::now_v7())).await?;
    let service = tx.lock(user::present().filter(user::Column::Username.eq(demo::SERVICE))).await?;
    let service = service.ok_or_else(|| DbErr::RecordNotFound(demo::SERVICE.to_owned()))?;
    let key = ApiKey::random();
    let row = key.keep(&tx, NewKey::plain(tx.new_id(), service.id)).await?;
    tx.record(Event::api_key_changed(&service, "api_key_created", &row)).await?;
    tx.commit().await?;
    Ok(key)
}

async fn fill(db: &Db, storage: &Storage, plan: Plan, seed: u64, progress: impl FnMut(u64)) -> Result<u64, DemoError> {
    let hash = |password: &str| password::hash(Cost::FULL, password).map_err(|error| error.to_string());
    let store = async |files: Vec<(Uuid, Vec<u8>)>| store(storage, files).await;
    demo::fill(db, plan, seed, db.clock().now(), hash, store, progress).await
}

/// Several at a time: each waits for the disk.
async fn store(storage: &Storage, files: Vec<(Uuid, Vec<u8>)>) -> Result<(), String> {
    let stored = stream::iter(files).map(|(id, bytes)| storage.keep(id, bytes)).buffer_unordered(STORED_AT_ONCE);
    stored.try_collect::<()>().await.map_err(|error| error.to_string())
}

fn style() -> Result<ProgressStyle, Failure> {
    Ok(ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} entries, {eta} left")?)
}
