//! API keys: 256 random bits that a service account sends in place of an access token, valid until revoked or expired.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use entity::api_key::{self, Model, NewKey};
use entity::audit::AuditTx;
use entity::text;
use sea_orm::DbErr;
use std::collections::{BTreeMap, HashMap};
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
    pub async fn keep(&self, tx: &AuditTx, key: NewKey) -> Result<Model, DbErr> {
        let hint = self.0.chars().take(HINT_LENGTH).collect();
        api_key::keep(tx, key, hash(&self.0), hint).await
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

/// The users whose keys were valid when last sent, so that requests are counted per caller before the database is queried; and
/// the uses of keys that are not stored yet, so that no request writes its own. It grants no access.
#[derive(Default)]
pub struct KnownKeys(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    /// By the hashes of the keys.
    users: HashMap<String, Uuid>,
    /// The last use of each key, by the key's id.
    uses: BTreeMap<Uuid, DateTime<Utc>>,
}

impl KnownKeys {
    pub fn user_of(&self, hash: &str) -> Option<Uuid> {
        self.lock().users.get(hash).copied()
    }

    /// Records the use of a valid key.
    pub fn note(&self, hash: &str, user_id: Uuid, id: Uuid, now: DateTime<Utc>) {
        let mut noted = self.lock();
        noted.users.insert(hash.to_owned(), user_id);
        noted.uses.insert(id, now);
    }

    /// Records that a key that was sent is not valid, or no longer.
    pub fn forget(&self, hash: &str) {
        self.lock().users.remove(hash);
    }

    /// The last uses of keys since the previous call, to be stored.
    pub fn take_uses(&self) -> BTreeMap<Uuid, DateTime<Utc>> {
        std::mem::take(&mut self.lock().uses)
    }

    /// Takes back uses that could not be stored; those noted since then are later.
    pub fn return_uses(&self, uses: BTreeMap<Uuid, DateTime<Utc>>) {
        let mut noted = self.lock();
        for (id, used_at) in uses {
            noted.uses.entry(id).or_insert(used_at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
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

    #[test]
    fn the_last_use_of_a_key_is_stored_once_and_a_failed_attempt_to_store_it_hides_no_later_one() {
        let (known, [first, second]) = (KnownKeys::default(), [1, 2].map(Uuid::from_u128));
        let at = |second: i64| DateTime::from_timestamp(second, 0).unwrap();
        for (id, used_at) in [(first, at(1)), (second, at(2)), (first, at(3))] {
            known.note("hash", Uuid::nil(), id, used_at);
        }
        let taken = known.take_uses();
        assert_eq!(taken, BTreeMap::from([(first, at(3)), (second, at(2))]));
        assert_eq!(known.take_uses(), BTreeMap::new());
        known.note("hash", Uuid::nil(), second, at(4));
        known.return_uses(taken);
        assert_eq!(known.take_uses(), BTreeMap::from([(first, at(3)), (second, at(4))]));
    }
}
