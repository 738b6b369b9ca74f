//! `Idempotency-Key`: a POST that is retried with its key returns the original response and is not repeated
//! (draft-ietf-httpapi-idempotency-key-header).

use super::operations;
use crate::state::App;
use crate::state::in_flight::{Guard, InFlight};
use crate::wire::{Code, Error, FieldProblem, Interruption, Result};
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderName;
use actix_web::{HttpMessage, HttpRequest};
use entity::audit::AuditTx;
use entity::db;
use entity::idempotency::{self, Claim, StoredResponse};
use entity::text::{hex, sha256_hex};
use entity::user::Caller;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::{Arc, OnceLock};

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The digest of a request body, once it was read; a missing body counts as an empty one.
#[derive(Clone, Debug, Default)]
pub struct RequestDigest(Arc<OnceLock<String>>);

impl RequestDigest {
    /// Prepares a request whose body will be needed.
    pub fn expect(request: &ServiceRequest) {
        if request.headers().contains_key(IDEMPOTENCY_KEY) {
            request.extensions_mut().insert(Self::default());
        }
    }

    /// Records the body that was read.
    pub fn note(request: &HttpRequest, body: &[u8]) {
        if let Some(sent) = request.extensions().get::<Self>() {
            let _ = sent.0.set(sha256_hex(body));
        }
    }
}

/// A request that may be retried with its key.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    operation_id: &'static str,
    key: String,
    scope: String,
    path: String,
    sent: RequestDigest,
    turn: Arc<OnceLock<Guard>>,
}

impl IdempotencyKey {
    /// The key of a request to an operation that accepts one; 400 if it is invalid.
    pub fn extract(request: &HttpRequest, by: &Caller) -> Result<Option<Self>> {
        let Some(sent) = request.extensions().get::<RequestDigest>().cloned() else { return Ok(None) };
        let pattern = request.match_pattern().unwrap_or_default();
        let operation = operations::find(request.method().as_str(), &pattern).filter(|operation| operation.is_idempotent);
        let (Some(operation), Some(key)) = (operation, request.headers().get(IDEMPOTENCY_KEY)) else { return Ok(None) };
        let is_only = request.headers().get_all(IDEMPOTENCY_KEY).count() == 1;
        let key = key.to_str().ok().filter(|key| is_only && is_plain(key)).ok_or_else(|| {
            let problem =
                FieldProblem::header("Idempotency-Key", "pattern", "must be 8 to 128 visible ASCII characters, sent once");
            Error::fields(Code::InvalidHeader, vec![problem])
        })?;
        let scope = scope(by, &operation.id, key);
        let (operation_id, key) = (operation.id.as_str(), key.to_owned());
        Ok(Some(Self { operation_id, key, scope, path: request.path().to_owned(), sent, turn: Arc::default() }))
    }

    /// The same with the caller's current rights.
    pub fn by(&self, caller: &Caller) -> Self {
        Self { scope: scope(caller, self.operation_id, &self.key), ..self.clone() }
    }

    /// Waits until this process handles no other request with its key; the turn lasts as long as this request.
    pub async fn wait(&self, in_flight: &Arc<InFlight>) -> Result<()> {
        if self.turn.get().is_some() {
            return Ok(());
        }
        let turn = in_flight.turn(&self.scope).await.ok_or_else(|| Error::plain(Code::IdempotencyInProgress))?;
        let _ = self.turn.set(turn);
        Ok(())
    }

    /// The first statement of the effect's transaction. A key that was already used ends the request with the original answer.
    pub async fn claim(&self, tx: &AuditTx, app: &App) -> Result<(), Interruption> {
        let fingerprint = self.fingerprint(app)?;
        let claimed = idempotency::claim(tx, &self.scope, &fingerprint).await;
        match claimed {
            Ok(Claim::Ours) => Ok(()),
            Ok(Claim::Used { fingerprint: used, kept }) if used == fingerprint => Err(Interruption::Replay(Box::new(kept))),
            Ok(Claim::Used { .. }) => Err(key_reused().into()),
            Err(error) if db::is_lock_timeout(&error) => Err(Error::plain(Code::IdempotencyInProgress).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The last statement before COMMIT. Only successes get here: an error rolls back and frees the key.
    pub async fn keep(&self, tx: &AuditTx, answer: StoredResponse) -> Result<()> {
        Ok(idempotency::keep(tx, &self.scope, answer).await?)
    }

    fn fingerprint(&self, app: &App) -> Result<String> {
        let body = self.sent.0.get().cloned().unwrap_or_else(|| sha256_hex(b""));
        fingerprint(app.fingerprint_key(), &self.path, &body)
    }
}

/// Identifies the request. Keyed, since a body may contain a password, of which no plain digest may be stored.
fn fingerprint(key: &[u8; 32], path: &str, body_sha256: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| Error::internal(error))?;
    mac.update(path.as_bytes());
    mac.update(b"\0");
    mac.update(body_sha256.as_bytes());
    Ok(hex(&mac.finalize().into_bytes()))
}

/// A key that was already used for a different request.
pub fn key_reused() -> Error {
    let fault = FieldProblem::header("Idempotency-Key", "reused", "was used for a different request");
    Error::fields(Code::IdempotencyKeyReused, vec![fault])
}

/// The scope of a key. A response is stored for the rights that its caller had: with other rights the same key is a different
/// one.
pub fn scope(by: &Caller, operation_id: &str, key: &str) -> String {
    let rights = format!("{:?} {:?} {:?}", by.role(), by.user_level, by.scopes);
    sha256_hex(format!("{} {rights} {operation_id} {key}", by.id()).as_bytes())
}

fn is_plain(key: &str) -> bool {
    (8..=128).contains(&key.len()) && key.bytes().all(|letter| letter.is_ascii_graphic())
}

#[cfg(test)]
mod properties;
