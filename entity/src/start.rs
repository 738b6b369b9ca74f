//! Checks at startup for database settings that would break a guarantee.

use crate::db::Db;
use crate::setting;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// A problem with the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name under which it is configured.
    pub name: &'static str,
    /// What is wrong, and what would be right.
    pub why: String,
    /// Whether the service refuses to start with it in production.
    pub is_refused: bool,
}

impl Finding {
    fn refused(name: &'static str, why: String) -> Self {
        Self { name, why, is_refused: true }
    }
}

/// The startup check warns if the clocks differ by more than this, in milliseconds.
const CLOCK_OFF_MS_MAX: i64 = 2_000;

/// All problems with the database; SQLite's own settings are under this program's control.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn findings(db: &Db, now: DateTime<Utc>) -> Result<Vec<Finding>, DbErr> {
    let mut findings = Vec::new();
    if db.readers().backend() == DbBackend::Postgres {
        findings.extend(durability(db).await?);
        findings.extend(pooler(db).await?);
        findings.extend(clock(db, now).await?);
    }
    findings.extend(time_zone(db).await?);
    Ok(findings)
}

/// What may be lost if the server crashes. Readers set no durability of their own, so they show what is set for the service's
/// role.
async fn durability(db: &Db) -> Result<Vec<Finding>, DbErr> {
    let question = "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes, \
                    current_setting('synchronous_commit') AS synchronous_commit";
    let Some(row) = db.readers().query_one_raw(Statement::from_string(DbBackend::Postgres, question)).await? else {
        return Ok(Vec::new());
    };
    let mut findings = Vec::new();
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        if row.try_get::<String>("", name)? == "off" {
            let why = "is off: after a crash of the server, acknowledged changes may be lost. Set it to on".to_owned();
            findings.push(Finding::refused(name, why));
        }
    }
    Ok(findings)
}

/// The settings that the service sends with each connection must be in effect. A pooler may drop them, and in transaction mode it
/// runs the statements of one connection on several of the server's connections.
async fn pooler(db: &Db) -> Result<Option<Finding>, DbErr> {
    let question = "SELECT current_setting('synchronous_commit') = 'on' \
                    AND current_setting('default_transaction_isolation') = 'read committed' \
                    AND current_setting('lock_timeout') <> '0' AS is_in_force";
    let first = db.query_writer(question).await?;
    let is_in_force = first.map(|row| row.try_get("", "is_in_force")).transpose()?.unwrap_or(false);
    if is_in_force {
        return Ok(None);
    }
    let why = "drops the settings that the service sends with each connection (lock_timeout, statement_timeout, \
               synchronous_commit, default_transaction_isolation). Set CASETRAIL_DATABASE_URL to PostgreSQL itself instead of \
               PgBouncer or another pooler: the service has a pool of its own";
    Ok(Some(Finding::refused("connection pooler", why.to_owned())))
}

/// Entries use this host's time; other programs on the database use the database's time.
async fn clock(db: &Db, now: DateTime<Utc>) -> Result<Option<Finding>, DbErr> {
    let question = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS milliseconds";
    let row = db.readers().query_one_raw(Statement::from_string(DbBackend::Postgres, question)).await?;
    let theirs: Option<i64> = row.map(|row| row.try_get("", "milliseconds")).transpose()?;
    let off = theirs.map_or(0, |theirs| theirs.saturating_sub(now.timestamp_millis()));
    let why = format!("differs: the database's clock is {off} ms ahead of this host's. Synchronise both with one time server");
    Ok((off.saturating_abs() > CLOCK_OFF_MS_MAX).then_some(Finding { name: "clock", why, is_refused: false }))
}

/// The settings' time zone must be known to this version: days and schedules depend on it.
async fn time_zone(db: &Db) -> Result<Option<Finding>, DbErr> {
    let zone = setting::current(db.readers()).await?.zone();
    Ok(zone.err().map(|error| {
        let why = format!("lacks the settings' time zone: {error} (this version has {})", chrono_tz::IANA_TZDB_VERSION);
        Finding::refused("time-zone data", why)
    }))
}
