//! The refresh token: 256 random bits known only to its holder; the database has their hash.

use crate::http::request::origin::Origin;
use crate::http::request::throttle::AttemptBudget;
use crate::state::{self, App};
use crate::wire::{Code, Error, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use entity::audit::{Actor, AuditTx, Event};
use entity::session::{self, refresh_token, refresh_token::Exchange};
use entity::text;
use entity::user::{self, Person};
use sea_orm::{EntityTrait, QuerySelect};
use uuid::Uuid;

/// Issues a new token for a session, as the successor of the presented one unless it is the first, and stores its hash.
pub async fn issue(tx: &AuditTx, session_id: Uuid, presented: Option<&PresentedToken>) -> Result<String> {
    let token = BASE64.encode(rand::random::<[u8; 32]>());
    let replaces = presented.map(|presented| presented.token.token_hash.clone());
    refresh_token::issue(tx, hash(&token), session_id, replaces).await?;
    Ok(token)
}

/// A token presented by a client, with its session.
pub struct PresentedToken {
    token: refresh_token::Model,
    session: session::Model,
}

impl PresentedToken {
    /// Finds the token. A token that was never issued is a guess: counted, recorded, and 429 for an address that keeps guessing.
    /// A client that presents an issued one never has to wait because of others' guesses from the same address; 256 bits can't be
    /// guessed.
    pub async fn find(app: &App, origin: &Origin, token: &str) -> Result<Self> {
        let Some(token) = refresh_token::Entity::find_by_id(hash(token)).one(app.readers()).await? else {
            return Err(guessed(app, origin).await?);
        };
        let session = session::Entity::find_by_id(token.session_id).one(app.readers()).await?.ok_or_else(refused)?;
        Ok(Self { token, session })
    }

    /// Whether the token was exchanged before, and not just now.
    pub async fn is_reused(&self, app: &App) -> Result<bool> {
        let is_used = self.token.used_at.is_some();
        Ok(is_used && !refresh_token::is_forgiven(app.readers(), &self.token.token_hash, app.now()).await?)
    }

    pub fn session(&self) -> &session::Model {
        &self.session
    }

    /// Exchanges the token, and returns its user and session, locked.
    pub async fn exchange(&self, tx: &AuditTx) -> Result<(Exchange, user::Model, session::Model)> {
        // The user first, as in every other operation, to prevent deadlocks.
        let user = tx.lock(user::Entity::find_by_id(self.session.user_id)).await?.ok_or_else(refused)?;
        let session = session::Entity::find_by_id(self.session.id).lock_exclusive().one(tx).await?.ok_or_else(refused)?;
        Ok((refresh_token::exchange(tx, &self.token.token_hash).await?, user, session))
    }

    /// A token that was used before has two holders, one of them a thief: its session ends for both, and that is an entry,
    /// however many others there are. Presenting it again ends nothing, and is an attempt like any other.
    pub async fn reused(&self, app: &App, origin: &Origin) -> Result<Error> {
        // By an anonymous actor: presenting a used token doesn't prove who the sender is.
        let context = origin.context(Actor::Anonymous);
        let person = self.person(app).await?;
        let tx = app.begin_as_over(person.id, context.clone()).await?;
        let event = Event::refresh_reused(&person, self.session.id);
        match session::end(&tx, person.id, self.session.id).await? {
            true => tx.record(event).await?,
            false => state::record_refusal_in(&tx, &context, event).await?,
        }
        tx.commit().await?;
        Ok(refused())
    }

    /// The user who started the session, for the entries of what follows.
    pub async fn person(&self, app: &App) -> Result<Person> {
        let user = user::Entity::find_by_id(self.session.user_id).one(app.readers()).await?.ok_or_else(refused)?;
        Ok(Person::new(&user))
    }
}

/// Unknown, used, ended or expired: the response does not reveal which.
pub fn refused() -> Error {
    Error::plain(Code::InvalidRefreshToken)
}

async fn guessed(app: &App, origin: &Origin) -> Result<Error> {
    let context = origin.context(Actor::Anonymous);
    AttemptBudget::of_address(app, origin)?.spend(app, context.clone(), Some(Event::refresh_throttled())).await?;
    app.record_refusal(context, Event::refresh_failed()).await?;
    Ok(refused())
}

fn hash(token: &str) -> String {
    text::sha256_hex(token.as_bytes())
}
