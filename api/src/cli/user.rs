//! `casetrail user create`: the first administrator of a database without the demo, and service accounts with their keys.

use super::{Failure, migrate, say};
use crate::config::Config;
use crate::credentials::password;
use crate::credentials::password::Cost;
use crate::users::NewUser;
use clap::Subcommand;
use entity::audit::{AuditTx, Context};
use entity::clock::Clock;
use entity::db::Limits;
use entity::registry;
use std::io::BufRead;
use uuid::Uuid;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Create a user; the password is read from standard input, a service account's API key is printed
    Create(Create),
}

#[derive(clap::Args)]
pub struct Create {
    /// member, technician, manager, administrator or service
    #[arg(long)]
    role: String,
    #[arg(long)]
    username: String,
    #[arg(long)]
    email: String,
    #[arg(long)]
    first_name: String,
    #[arg(long)]
    last_name: String,
    /// level_1, level_2 or level_3; for technicians only
    #[arg(long)]
    user_level: Option<String>,
    /// For members only
    #[arg(long)]
    workshop_code: Option<String>,
    /// For service accounts only: ingest, audit:read, reports:read, separated by commas
    #[arg(long, value_delimiter = ',')]
    scopes: Option<Vec<String>>,
}

pub async fn run(config: &Config, UserCommand::Create(create): UserCommand) -> Result<(), Failure> {
    // A service account has no password to read: it gets a key.
    let password = if create.role == "service" { None } else { std::io::stdin().lock().lines().next().transpose()? };
    let new = NewUser::read(&serde_json::json!({
        "username": create.username,
        "email": create.email,
        "first_name": create.first_name,
        "last_name": create.last_name,
        "role": create.role,
        "user_level": create.user_level,
        "workshop_code": create.workshop_code,
        "scopes": create.scopes,
        "password": password,
    }))?;
    let (url, _) = config.database()?;
    migrate::apply(&url).await?;
    let db = registry::connect(&url, Limits::default(), Clock::system(), None).await?;
    let hash = new.password.as_deref().map(|password| password::hash(Cost::FULL, password)).transpose()?;
    let tx = AuditTx::begin(&db, Context::job(Uuid::now_v7())).await?;
    let (user, key) = new.create(&tx, hash).await?;
    tx.commit().await?;
    say(format_args!("{} {} created", user.role.code(), user.username));
    if let Some(key) = key {
        say(format_args!("API key, shown only once: {}", key.reveal()));
    }
    Ok(())
}
