//! `casetrail user create`: the first administrator of a database without the demo.

use super::{Failure, migrate, say};
use crate::config::Config;
use crate::password::{self, Cost};
use crate::users::NewUser;
use clap::Subcommand;
use entity::audit::{AuditTx, Context};
use entity::clock::Clock;
use entity::db::{Db, Limits};
use std::io::BufRead;
use uuid::Uuid;

#[derive(Subcommand)]
pub enum Command {
    /// Create a user; the password is read from standard input
    Create(Create),
}

#[derive(clap::Args)]
pub struct Create {
    /// member, technician, manager or administrator
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
}

pub async fn run(config: &Config, Command::Create(create): Command) -> Result<(), Failure> {
    let password = std::io::stdin().lock().lines().next().transpose()?;
    let new = NewUser::read(&serde_json::json!({
        "username": create.username,
        "email": create.email,
        "first_name": create.first_name,
        "last_name": create.last_name,
        "role": create.role,
        "user_level": create.user_level,
        "workshop_code": create.workshop_code,
        "password": password,
    }))?;
    let (url, _) = config.database()?;
    migrate::apply(&url).await?;
    let db = Db::connect(&url, Limits::default(), Clock::system(), None).await?;
    let hash = new.password.as_deref().map(|password| password::hash(Cost::FULL, password)).transpose()?;
    let tx = AuditTx::begin(&db, Context::job(Uuid::now_v7())).await?;
    let user = new.create(&tx, hash).await?;
    tx.commit().await?;
    say(format_args!("{} {} is created", user.role.code(), user.username));
    Ok(())
}
