//! `Idempotency-Key`: a POST that is sent again under its key is answered again, not done again
//! (draft-ietf-httpapi-idempotency-key-header).

use super::in_flight::{InFlight, Turn};
use super::{Answer, Code, Error, FieldProblem, Result, operations};
use crate::state::App;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderName;
use actix_web::{HttpMessage, HttpRequest};
use entity::audit::AuditTx;
use entity::db;
use entity::idempotency::{self, Claim};
use entity::text::sha256_hex;
use entity::user::Caller;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use std::sync::{Arc, OnceLock};

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The digest of a request's body, once it was read; none is that of an empty one.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<OnceLock<String>>);

impl Sent {
    /// Prepares a request whose body will matter.
    pub fn expect(request: &ServiceRequest) {
        if request.headers().contains_key(IDEMPOTENCY_KEY) {
            request.extensions_mut().insert(Self::default());
        }
    }

    /// Notes the body that was read.
    pub fn note(request: &HttpRequest, body: &[u8]) {
        if let Some(sent) = request.extensions().get::<Self>() {
            let _ = sent.0.set(sha256_hex(body));
        }
    }
}

/// A request that may be sent again under its key.
#[derive(Clone, Debug)]
pub struct Retry {
    operation_id: &'static str,
    key: String,
    scope: String,
    path: String,
    sent: Sent,
    turn: Arc<OnceLock<Turn>>,
}

impl Retry {
    /// The key of a request to an operation that takes one; 400 if it is none.
    pub fn of(request: &HttpRequest, by: &Caller) -> Result<Option<Self>> {
        let Some(sent) = request.extensions().get::<Sent>().cloned() else { return Ok(None) };
        let pattern = request.match_pattern().unwrap_or_default();
        let operation = operations::find(request.method().as_str(), &pattern).filter(|operation| operation.is_idempotent());
        let (Some(operation), Some(key)) = (operation, request.headers().get(IDEMPOTENCY_KEY)) else { return Ok(None) };
        let is_only = request.headers().get_all(IDEMPOTENCY_KEY).count() == 1;
        let key = key.to_str().ok().filter(|key| is_only && is_plain(key)).ok_or_else(|| {
            let problem =
                FieldProblem::header("Idempotency-Key", "pattern", "must be 8 to 128 visible ASCII characters, given once");
            Error::fields(Code::InvalidHeader, vec![problem])
        })?;
        let scope = scope(by, &operation.id, key);
        let (operation_id, key) = (operation.id.as_str(), key.to_owned());
        Ok(Some(Self { operation_id, key, scope, path: request.path().to_owned(), sent, turn: Arc::default() }))
    }

    /// The same with the rights that its caller has now.
    pub fn by(&self, caller: &Caller) -> Self {
        Self { scope: scope(caller, self.operation_id, &self.key), ..self.clone() }
    }

    /// Waits until this process works on no other request of its key, for as long as this one goes on.
    pub async fn wait(&self, in_flight: &Arc<InFlight>) -> Result<()> {
        if self.turn.get().is_some() {
            return Ok(());
        }
        let turn = in_flight.turn(&self.scope).await.ok_or_else(|| Error::plain(Code::IdempotencyInProgress))?;
        let _ = self.turn.set(turn);
        Ok(())
    }

    /// The first statement of the effect's transaction. A key that was used ends the request with the answer it got then.
    pub async fn claim(&self, tx: &AuditTx, app: &App) -> Result<()> {
        let fingerprint = self.fingerprint(app)?;
        let claimed = idempotency::claim(tx, &self.scope, &fingerprint).await;
        match claimed {
            Ok(Claim::Ours) => Ok(()),
            Ok(Claim::Used { fingerprint: used, kept }) if used == fingerprint => Err(Error::replaying(kept)),
            Ok(Claim::Used { .. }) => Err(key_reused()),
            Err(error) if db::is_lock_timeout(&error) => Err(Error::plain(Code::IdempotencyInProgress)),
            Err(error) => Err(error.into()),
        }
    }

    /// The last statement before COMMIT. Only successes come here: an error rolls back and frees the key.
    pub async fn keep<V: Serialize>(&self, tx: &AuditTx, answer: &Answer<V>) -> Result<()> {
        Ok(idempotency::keep(tx, &self.scope, answer.rendered()?).await?)
    }

    fn fingerprint(&self, app: &App) -> Result<String> {
        let body = self.sent.0.get().cloned().unwrap_or_else(|| sha256_hex(b""));
        fingerprint(app.fingerprint_key(), &self.path, &body)
    }
}

/// Which request it was. Keyed, since a body may hold a password, of which no plain digest may be stored.
fn fingerprint(key: &[u8; 32], path: &str, body_sha256: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Error::internal)?;
    mac.update(path.as_bytes());
    mac.update(b"\0");
    mac.update(body_sha256.as_bytes());
    Ok(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A key that came before with another request.
pub fn key_reused() -> Error {
    let fault = FieldProblem::header("Idempotency-Key", "reused", "was used for another request");
    Error::fields(Code::IdempotencyKeyReused, vec![fault])
}

/// Whose key it is. An answer is for the rights that its caller had: with others the same key is another.
pub fn scope(by: &Caller, operation_id: &str, key: &str) -> String {
    let rights = format!("{:?} {:?} {:?}", by.role(), by.user_level, by.scopes);
    sha256_hex(format!("{} {rights} {operation_id} {key}", by.id()).as_bytes())
}

fn is_plain(key: &str) -> bool {
    (8..=128).contains(&key.len()) && key.bytes().all(|letter| letter.is_ascii_graphic())
}

#[cfg(test)]
mod properties;
