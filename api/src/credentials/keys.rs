//! The service's secrets: keys derived from the configured secret, and the signing key sealed in the database.

use super::token::{Key, Tokens};
use crate::wire::secret::Secret;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use entity::audit::{AuditTx, Context};
use entity::db::Db;
use entity::signing_key::{ActiveModel, Column, Entity};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

/// Every replica that starts on an empty database proposes a key with this id; the first one stays.
const FIRST: &str = "k1";
const NONCE_LENGTH: usize = 12;

/// Loads the key ring; on a new database, creates its first key.
pub async fn load(db: &Db, secret: &Secret) -> Result<Tokens, DbErr> {
    if stored(db).await?.is_empty() {
        propose(db, secret).await?;
    }
    let unsealed = stored(db).await?.into_iter().map(|row| {
        let private = open(secret, &row.sealed_private_key);
        private
            .and_then(|private| Key::new(row.kid.clone(), &private))
            .ok_or_else(|| DbErr::Custom(format!("the signing key {} was sealed with another CASETRAIL_SECRET", row.kid)))
    });
    unsealed.collect::<Result<Vec<_>, _>>().map(Tokens::new)
}

async fn stored(db: &Db) -> Result<Vec<entity::signing_key::Model>, DbErr> {
    Entity::find().filter(Column::RetiredAt.is_null()).order_by_asc(Column::CreatedAt).all(db.readers()).await
}

async fn propose(db: &Db, secret: &Secret) -> Result<(), DbErr> {
    let private: [u8; 32] = rand::random();
    let unusable = || DbErr::Custom("no signing key could be created".to_owned());
    let key = Key::new(FIRST.to_owned(), &private).ok_or_else(unusable)?;
    let tx = AuditTx::begin(db, Context::job(Uuid::now_v7())).await?;
    let row = ActiveModel {
        kid: Set(FIRST.to_owned()),
        public_key: Set(key.public),
        sealed_private_key: Set(seal(secret, &private).ok_or_else(unusable)?),
        created_at: Set(tx.now()),
        retired_at: Set(None),
    };
    let keep = OnConflict::column(Column::Kid).do_nothing().to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited row, and the first one with its id stays")]
    Entity::insert(row).on_conflict(keep).exec_without_returning(&tx).await?;
    tx.commit().await
}

fn seal(secret: &Secret, private: &[u8; 32]) -> Option<String> {
    let nonce: [u8; NONCE_LENGTH] = rand::random();
    let sealed = cipher(secret).encrypt(&Nonce::from(nonce), private.as_slice()).ok()?;
    Some(BASE64.encode([&nonce[..], &sealed].concat()))
}

fn open(secret: &Secret, sealed: &str) -> Option<[u8; 32]> {
    let bytes = BASE64.decode(sealed).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH)?;
    let nonce: [u8; NONCE_LENGTH] = nonce.try_into().ok()?;
    cipher(secret).decrypt(&Nonce::from(nonce), sealed).ok()?.try_into().ok()
}

fn cipher(secret: &Secret) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&secret.key_for("signing keys").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_is_opened_only_with_its_secret() {
        let (secret, other) = (Secret::random(), Secret::random());
        let sealed = seal(&secret, &[9; 32]).unwrap();
        assert_eq!(open(&secret, &sealed), Some([9; 32]));
        assert_eq!(open(&other, &sealed), None);
        assert_eq!(format!("{secret:?}"), "***");
    }
}
