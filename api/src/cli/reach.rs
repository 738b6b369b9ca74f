//! A database that can't be reached: reported at once, with host and setting, and retried for a while.

use super::Failure;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{ConnectOptions, Connection, Error, Row, raw_sql};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(30);
const ATTEMPT: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_secs(1);

/// Waits until PostgreSQL accepts a connection. Errors that time doesn't fix, such as a wrong password, fail at once.
pub async fn database(url: &str) -> Result<(), Failure> {
    if url.starts_with("sqlite:") {
        return Ok(());
    }
    // The driver's message about a URL repeats parts of it.
    let target: PgConnectOptions = url.parse().map_err(|_| "CASETRAIL_DATABASE_URL: is not a valid URL")?;
    let place = format!("{}:{}", target.get_host(), target.get_port());
    let begun_at = Instant::now();
    let mut is_told = false;
    loop {
        let Err(error) = connect(&target).await else { return Ok(()) };
        let hint = hint(&error.to_string());
        if !is_passing(&error) || begun_at.elapsed() >= PATIENCE {
            return Err(format!("CASETRAIL_DATABASE_URL: the database at {place} cannot be used: {error}{hint}").into());
        }
        if !is_told {
            let seconds = PATIENCE.as_secs();
            tracing::warn!("CASETRAIL_DATABASE_URL: the database at {place} is unreachable: {error}; retrying for {seconds} s");
            is_told = true;
        }
        sleep(PAUSE).await;
    }
}

/// With a setting of the kind that the service's own connections send, so that a pooler that refuses or drops them is detected
/// here. The question is a simple query: in transaction mode a pooler doesn't support prepared statements either.
async fn connect(target: &PgConnectOptions) -> Result<(), Error> {
    let target = target.clone().options([("client_min_messages", "warning")]);
    let attempt = async {
        let mut connection: PgConnection = target.connect().await?;
        let answer = raw_sql("SHOW client_min_messages").fetch_one(&mut connection).await?;
        if answer.try_get::<String, _>(0)? != "warning" {
            return Err(Error::Protocol("the startup parameter 'options' was ignored".to_owned()));
        }
        connection.close().await
    };
    timeout(ATTEMPT, attempt).await.unwrap_or_else(|_| Err(Error::Io(ErrorKind::TimedOut.into())))
}

/// Whether the server may merely not be up yet, is starting (57P03), or has no connection left for a moment (53300).
fn is_passing(error: &Error) -> bool {
    match error.as_database_error().and_then(|error| error.code()) {
        Some(code) => ["57P03", "53300"].contains(&code.as_ref()),
        None => matches!(error, Error::Io(_)),
    }
}

fn hint(error: &str) -> &'static str {
    if error.contains("startup parameter") {
        ". A pooler such as PgBouncer refuses or drops the settings that the service sends with each connection: set \
         CASETRAIL_DATABASE_URL to PostgreSQL itself; the service has a pool of its own"
    } else {
        ""
    }
}
