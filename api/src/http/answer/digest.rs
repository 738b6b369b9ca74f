//! The SHA-256 of a file that is being received or sent, computed beside the threads that serve requests: hashing a piece takes
//! as long as answering a small request.

use crate::wire::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use entity::text;
use sha2::{Digest as _, Sha256};

/// How much is hashed at once: enough to be worth the change of threads.
const PIECE_BYTES: usize = 128 * 1024;

/// A digest in hexadecimal digits, as the value of a header (RFC 9530).
pub fn field(sha256: &str) -> String {
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = sha256.as_bytes().chunks(2).filter_map(byte).collect();
    format!("sha-256=:{}:", BASE64.encode(bytes))
}

/// The digest of the bytes so far.
#[derive(Default)]
pub struct Digest {
    hasher: Sha256,
    /// A copy: the pieces of a slow client would keep the much larger buffers alive that they were read into.
    pending: Vec<u8>,
}

impl Digest {
    /// Adds the next bytes.
    pub async fn update(&mut self, bytes: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= PIECE_BYTES { self.hash().await } else { Ok(()) }
    }

    /// The digest in lower-case hexadecimal digits.
    pub async fn finish(mut self) -> Result<String> {
        self.hash().await?;
        Ok(text::hex(&self.hasher.finalize()))
    }

    async fn hash(&mut self) -> Result<()> {
        let (mut hasher, mut pending) = (std::mem::take(&mut self.hasher), std::mem::take(&mut self.pending));
        let hashed = tokio::task::spawn_blocking(move || {
            hasher.update(&pending);
            pending.clear();
            (hasher, pending)
        });
        (self.hasher, self.pending) = hashed.await.map_err(|error| Error::internal(error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_digest_does_not_depend_on_how_the_bytes_are_split() {
        let content: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let whole = text::sha256_hex(&content);
        for piece in [1_000, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, content.len()] {
            let mut digest = Digest::default();
            for bytes in content.chunks(piece) {
                digest.update(bytes).await.unwrap();
            }
            assert_eq!(digest.finish().await.unwrap(), whole, "{piece}");
        }
        assert_eq!(Digest::default().finish().await.unwrap(), text::sha256_hex(b""));
    }
}
