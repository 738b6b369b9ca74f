//! The secret that operators configure, from which the keys of the service are derived.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use std::fmt;

/// The secret from which all keys are derived. It is never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// A random secret.
    pub fn random() -> Self {
        Self(BASE64.encode(rand::random::<[u8; 32]>()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A key for one purpose.
    pub fn key_for(&self, purpose: &str) -> [u8; 32] {
        Sha256::digest(format!("casetrail {purpose}\n{}", self.0).as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
