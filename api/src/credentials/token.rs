//! Access tokens: JWTs signed with EdDSA, valid for ten minutes, containing a user and a session and nothing else.

use super::eddsa;
use super::verified::{Statement, TokenDigest, Verified};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is valid, in seconds.
pub const LIFETIME_SECONDS: i64 = 600;
const ISSUER: &str = "casetrail";
const AUDIENCE: &str = "casetrail-api";
/// RFC 9068: an access token must not be mistaken for any other JWT.
const TYPE: &str = "at+jwt";
/// How far the clocks of two replicas may differ, in seconds.
const LEEWAY_SECONDS: i64 = 5;

/// The key ring: one key signs, all verify. It never changes; another ring is another value, with no verified tokens.
pub struct Tokens {
    ring: Vec<Key>,
    verified: Verified,
}

/// One key of the ring.
pub struct Key {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    /// The public half, base64url (RFC 8037).
    pub public: String,
}

/// The subject of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenSubject {
    pub user_id: Uuid,
    pub session_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

impl Key {
    /// `secret` is the 32 bytes of an Ed25519 private key.
    pub fn new(kid: String, secret: &[u8; 32]) -> Option<Self> {
        eddsa::install();
        let key = SigningKey::from_bytes(secret);
        let public = BASE64.encode(key.verifying_key().as_bytes());
        let signing = EncodingKey::from_ed_der(key.to_pkcs8_der().ok()?.as_bytes());
        let verifying = DecodingKey::from_ed_components(&public).ok()?;
        Some(Self { kid, signing, verifying, public })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl Tokens {
    /// The last key of the ring signs.
    pub fn new(ring: Vec<Key>) -> Self {
        Self { ring, verified: Verified::default() }
    }

    pub fn ring(&self) -> &[Key] {
        &self.ring
    }

    pub fn issue(&self, user_id: Uuid, session_id: Uuid, now: DateTime<Utc>) -> Option<String> {
        let key = self.ring.last()?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        let now = now.timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user_id,
            sid: session_id,
            iat: now,
            nbf: now,
            exp: now + LIFETIME_SECONDS,
            jti: Uuid::new_v4(),
        };
        jsonwebtoken::encode(&header, &claims, &key.signing).ok()
    }

    /// The subject of a token, if the service signed it and it is currently valid. The signature is verified when the token is
    /// first seen; its times are compared with each call.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<TokenSubject> {
        let digest = TokenDigest::new(token);
        let known = self.verified.find(&digest);
        let statement = known.or_else(|| self.statement(token))?;
        match (statement.is_valid(now), known) {
            (true, Some(_)) => {}
            (true, None) => self.verified.keep(digest, statement),
            (false, Some(_)) => self.verified.forget(&digest),
            (false, None) => {}
        }
        statement.is_valid(now).then_some(statement.subject)
    }

    /// What a token says, if the service signed it. The key is chosen by `kid` from the service's own ring, never from the token;
    /// the algorithm is pinned by the key.
    fn statement(&self, token: &str) -> Option<Statement> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let kid = header.kid.as_deref()?;
        if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::EdDSA {
            return None;
        }
        let key = self.ring.iter().find(|key| key.kid == kid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation()).ok()?.claims;
        // By the service's own clock, which tests can set; the library only knows the system's.
        Some(Statement {
            subject: TokenSubject { user_id: claims.sub, session_id: claims.sid },
            valid_from: claims.nbf.saturating_sub(LEEWAY_SECONDS),
            valid_before: claims.exp.saturating_add(LEEWAY_SECONDS),
        })
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    // `verify` checks both against the service's clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    fn tokens() -> Tokens {
        Tokens::new(vec![Key::new("one".into(), &[7; 32]).unwrap()])
    }

    #[test]
    fn a_token_is_valid_for_ten_minutes_and_five_seconds_of_leeway() {
        let (tokens, now) = (tokens(), Utc::now());
        let (user_id, session_id) = (Uuid::now_v7(), Uuid::now_v7());
        let token = tokens.issue(user_id, session_id, now).unwrap();
        let after = |seconds| tokens.verify(&token, now + chrono::TimeDelta::seconds(seconds));
        assert_eq!(after(0), Some(TokenSubject { user_id, session_id }));
        assert!(after(604).is_some() && after(605).is_none());
        assert!(after(-5).is_some() && after(-6).is_none());
    }

    #[test]
    fn a_verified_token_is_remembered_until_it_expires() {
        let (tokens, now) = (tokens(), Utc::now());
        let subject = TokenSubject { user_id: Uuid::now_v7(), session_id: Uuid::now_v7() };
        let token = tokens.issue(subject.user_id, subject.session_id, now).unwrap();
        let is_known = || tokens.verified.find(&TokenDigest::new(&token)).is_some();
        let at = |seconds| tokens.verify(&token, now + chrono::TimeDelta::seconds(seconds));
        assert_eq!((at(-6), is_known()), (None, false));
        assert_eq!((at(0), is_known()), (Some(subject), true));
        assert_eq!((at(604), is_known()), (Some(subject), true));
        assert_eq!((at(605), is_known()), (None, false));
    }

    #[test]
    fn a_tampered_token_is_refused_after_the_true_one_was_accepted() {
        let (tokens, now) = (tokens(), Utc::now());
        let token = tokens.issue(Uuid::now_v7(), Uuid::now_v7(), now).unwrap();
        assert!(tokens.verify(&token, now).is_some());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(bytes).unwrap();
            // Twice: a refused token isn't remembered either.
            for _ in 0..2 {
                assert_eq!(tokens.verify(&tampered, now), None, "character {at}");
            }
        }
        assert!(tokens.verify(&token, now).is_some());
    }

    #[test]
    fn a_ring_without_the_key_of_a_token_does_not_know_it() {
        let now = Utc::now();
        let ring = || vec![Key::new("one".into(), &[7; 32]).unwrap()];
        let (before, token) = (Tokens::new(ring()), tokens().issue(Uuid::now_v7(), Uuid::now_v7(), now).unwrap());
        assert!(before.verify(&token, now).is_some());
        let after = Tokens::new(vec![Key::new("two".into(), &[9; 32]).unwrap()]);
        assert_eq!(after.verify(&token, now), None);
    }

    #[test]
    fn tokens_signed_with_another_key_or_algorithm_are_refused() {
        let now = Utc::now();
        let others = Tokens::new(vec![Key::new("one".into(), &[8; 32]).unwrap()]);
        let renamed = Tokens::new(vec![Key::new("two".into(), &[7; 32]).unwrap()]);
        for foreign in [others, renamed] {
            let token = foreign.issue(Uuid::now_v7(), Uuid::now_v7(), now).unwrap();
            assert_eq!(tokens().verify(&token, now), None);
        }
        // Signed by HMAC with the public key: valid for a verifier that takes the algorithm from the token.
        let tokens = tokens();
        let ours = tokens.issue(Uuid::now_v7(), Uuid::now_v7(), now).unwrap();
        let payload = ours.split('.').nth(1).unwrap();
        let header = BASE64.encode(r#"{"typ":"at+jwt","alg":"HS256","kid":"one"}"#);
        let message = format!("{header}.{payload}");
        for secret in [BASE64.decode(&tokens.ring[0].public).unwrap(), tokens.ring[0].public.clone().into_bytes()] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
            mac.update(message.as_bytes());
            let symmetric = format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()));
            assert_eq!(tokens.verify(&symmetric, now), None);
        }
    }

    #[test]
    fn a_token_of_an_earlier_version_is_accepted() {
        // Issued by version 0.1.0, which used jsonwebtoken's own cryptography.
        let token = concat!(
            "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6Im9uZSJ9.",
            "eyJhdWQiOiJjYXNldHJhaWwtYXBpIiwiZXhwIjoxNzY0Mjg4NjAwLCJpYXQiOjE3NjQyODgwMDAsImlzcyI6ImNhc2V0cmFpbCIsImp0aSI6Ij",
            "AxOWEwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMyIsIm5iZiI6MTc2NDI4ODAwMCwic2lkIjoiMDE5YTAwMDAtMDAwMC03MDAwLTgw",
            "MDAtMDAwMDAwMDAwMDAyIiwic3ViIjoiMDE5YTAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIn0.",
            "lfz0jYgPqsWcf0FvzypARpuREsVYqZrt7MtM0p5jwM2zSoZTyG8M_2xRq_y2_NHwOID-9zgBzpjroQ_Nkew9AQ"
        );
        let subject = tokens().verify(token, DateTime::from_timestamp(1_764_288_300, 0).unwrap()).unwrap();
        assert_eq!(subject.user_id.to_string(), "019a0000-0000-7000-8000-000000000001");
        assert_eq!(subject.session_id.to_string(), "019a0000-0000-7000-8000-000000000002");
    }
}
