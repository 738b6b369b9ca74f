//! Limits for guessing passwords, refresh tokens and email addresses: counted in the database, which the replicas share, before
//! anything is checked.

use super::caller::Anyone;
use super::origin::Origin;
use crate::state;
use crate::state::App;
use crate::state::in_flight::Guard;
use crate::wire::{Code, Error, Result};
use entity::audit::{AuditTx, Context, Event};
use entity::throttle::{self, Counter, Schedule};
use entity::{text, user};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The counters of an attempt.
pub struct AttemptBudget {
    /// The account's counter before that of account and address.
    counters: Vec<Counter>,
}

impl AttemptBudget {
    /// A password attempt: counted by account, and by account and address. An unknown username is counted like any other.
    pub fn of_account(app: &App, username: &str, origin: &Origin) -> Result<Self> {
        let pair = format!("{}\0{username}", network(origin));
        Ok(Self {
            counters: vec![
                Counter { key: account_key(app, username)?, schedule: Schedule::Account },
                Counter { key: key(app, 'p', &pair)?, schedule: Schedule::Pair },
            ],
        })
    }

    /// A refresh token attempt: counted by address, since it names no account.
    pub fn of_address(app: &App, origin: &Origin) -> Result<Self> {
        Ok(Self { counters: vec![Counter { key: key(app, 'r', &network(origin))?, schedule: Schedule::Address }] })
    }

    /// Counts an attempt before it is checked; 429 if it has to wait, with `refused` recorded. Within this process the attempts
    /// of one account and address are handled one at a time, as long as their turns are kept: two right passwords at once are no
    /// guessing.
    pub async fn spend(&self, app: &App, context: Context, refused: Option<Event>) -> Result<Guard> {
        let scope = self.counters.last().map(|counter| counter.key.as_str()).unwrap_or_default();
        let turn = app.in_flight().turn(scope).await;
        let tx = app.begin_as(context.clone()).await?;
        let wait = match &turn {
            Some(_) => throttle::spend(&tx, &self.counters).await?.map(|until| (until - tx.now()).num_milliseconds()),
            None => Some(0),
        };
        if let (Some(_), Some(event)) = (wait, refused) {
            state::record_refusal_in(&tx, &context, event).await?;
        }
        tx.commit().await?;
        match (turn, wait) {
            (Some(turn), None) => Ok(turn),
            (_, wait) => Err(too_many(wait.unwrap_or_default())),
        }
    }

    /// Undoes the count of the attempt in the transaction of its success.
    pub async fn give_back(&self, tx: &AuditTx) -> Result<()> {
        Ok(throttle::give_back(tx, &self.counters).await?)
    }
}

/// The email address in a request, if any. The response reveals whether it is taken, since addresses are unique, but each account
/// can learn this for at most ten addresses a day, and each time is recorded.
pub struct AddressRequest(Option<CountedAddress>);

struct CountedAddress {
    email: String,
    counter: Counter,
    /// One at a time: otherwise others would be checked before this one is counted.
    _turn: Guard,
}

impl AddressRequest {
    /// Before the transaction. Nothing is counted without an address, or for callers who see all accounts anyway.
    pub async fn begin(app: &App, by: &Anyone, email: Option<&str>) -> Result<Self> {
        let Some(email) = email.filter(|_| !by.sees_all_accounts()).map(str::to_lowercase) else { return Ok(Self(None)) };
        let counter = Counter { key: key(app, 'm', &by.id().to_string())?, schedule: Schedule::Mailbox };
        let turn = app.in_flight().turn(&counter.key).await.ok_or_else(|| too_many(0))?;
        Ok(Self(Some(CountedAddress { email, counter, _turn: turn })))
    }

    /// Refuses a taken address, and after ten of those any other; `own` is the account's current address. A refusal rolls the
    /// transaction back.
    pub async fn examine(self, app: &App, tx: AuditTx, by: &Anyone, own: Option<&str>) -> Result<AuditTx> {
        let Some(CountedAddress { email, counter, _turn }) = self.0.filter(|asked| own != Some(asked.email.as_str())) else {
            return Ok(tx);
        };
        if let Some(until) = throttle::waits_until(&tx, &counter).await? {
            return Err(too_many((until - tx.now()).num_milliseconds()));
        }
        if !user::is_address_taken(&tx, &email).await? {
            return Ok(tx);
        }
        drop(tx);
        let tx = app.begin_as(by.context()).await?;
        let wait = throttle::spend(&tx, &[counter]).await?.map(|until| (until - tx.now()).num_milliseconds());
        tx.commit().await?;
        Err(wait.map_or_else(|| user::UserRefusal::EmailTaken.into(), too_many))
    }
}

/// Lets a user with a new password log in at once.
pub async fn forget(app: &App, tx: &AuditTx, username: &str) -> Result<()> {
    Ok(throttle::forget(tx, &account_key(app, username)?).await?)
}

fn too_many(wait_ms: i64) -> Error {
    Error::plain(Code::TooManyAttempts).after((wait_ms + 999) / 1000)
}

fn network(origin: &Origin) -> String {
    origin.network().map(|network| network.to_string()).unwrap_or_default()
}

fn account_key(app: &App, username: &str) -> Result<String> {
    key(app, 'a', username)
}

/// Keyed, since the text entered as a username may be a password, of which no plain digest may be stored.
fn key(app: &App, kind: char, what: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app.fingerprint_key()).map_err(|error| Error::internal(error))?;
    mac.update(format!("throttle\0{kind}\0{what}").as_bytes());
    Ok(format!("{kind}:{}", text::hex(&mac.finalize().into_bytes())))
}
