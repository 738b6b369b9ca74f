//! API keys: 256 random bits that a service account sends in place of an access token, valid until revoked.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use entity::api_key::{self, Model};
use entity::audit::AuditTx;
use entity::text;
use sea_orm::DbErr;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Identifies a key, for the service and for scanners that look for leaked secrets.
const PREFIX: &str = "ctk_";
/// How many characters distinguish a key from others: too few to guess the rest.
const HINT_LENGTH: usize = 8;

/// A key in plain text, shown once.
pub struct ApiKey(String);

impl ApiKey {
    pub fn random() -> Self {
        Self(format!("{PREFIX}{}", BASE64.encode(rand::random::<[u8; 32]>())))
    }

    /// Stores its hash and a hint, nothing else.
    pub async fn keep(&self, tx: &AuditTx, id: Uuid, user_id: Uuid) -> Result<Model, DbErr> {
        let hint = self.0.chars().take(HINT_LENGTH).collect();
        api_key::keep(tx, id, user_id, hash(&self.0), hint).await
    }

    /// The key itself, for the user it was created for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Never prints the key.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The hash of a bearer token if it is an API key.
pub fn hash_of(token: &str) -> Option<String> {
    token.starts_with(PREFIX).then(|| hash(token))
}

fn hash(key: &str) -> String {
    text::sha256_hex(key.as_bytes())
}

/// The users whose keys were valid when last sent, so that requests are counted per caller before the database is queried. It
/// grants no access.
#[derive(Default)]
pub struct KnownKeys(Mutex<HashMap<String, Uuid>>);

impl KnownKeys {
    pub fn user_of(&self, hash: &str) -> Option<Uuid> {
        self.lock().get(hash).copied()
    }

    /// Records whether a key that was sent is valid.
    pub fn note(&self, hash: &str, user_id: Option<Uuid>) {
        match user_id {
            Some(user_id) => drop(self.lock().insert(hash.to_owned(), user_id)),
            None => drop(self.lock().remove(hash)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Uuid>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_differ_and_do_not_show_themselves() {
        let (one, other) = (ApiKey::random(), ApiKey::random());
        assert_eq!((one.reveal().len(), one.reveal().starts_with(PREFIX)), (47, true));
        assert_ne!(one.reveal(), other.reveal());
        assert!(!format!("{one:?}").contains(&one.reveal()[4..]));
        assert_eq!(hash_of(one.reveal()).map(|hash| hash.len()), Some(64));
        assert_eq!(hash_of("eyJ0eXAiOiJhdCtqd3QifQ.e30.c2ln"), None);
    }
}
