//! Access tokens whose signatures were verified, by their digests: a signature is verified once per token, and not once per
//! request.

use super::token::Claimed;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

/// How many tokens are kept at most: about 0.5 MiB.
const TOKENS_MAX: usize = 4_096;

/// SHA-256 of a whole token, signature and `kid` included. A token that differs in one bit is another token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// What a verified token says, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    pub claimed: Claimed,
    /// Seconds since the epoch, with the leeway for differing clocks.
    pub valid_from: i64,
    /// The first second at which it is no longer valid, with the leeway.
    pub valid_before: i64,
}

impl Statement {
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        (self.valid_from..self.valid_before).contains(&now.timestamp())
    }
}

/// The verified tokens of one key ring. They belong to the ring's value: a process that loads another ring starts with none.
///
/// It says nothing about the session or the user, which are read from the database with each request.
#[derive(Default)]
pub struct Verified(Mutex<Halves>);

/// Two halves, so that nothing has to be searched for what to drop: once the newer half is full, it becomes the older one, and
/// what was older and not used since is dropped.
#[derive(Default)]
struct Halves {
    newer: HashMap<Digest, Statement>,
    older: HashMap<Digest, Statement>,
}

impl Verified {
    /// What a token says, if it was verified before.
    pub fn find(&self, digest: &Digest) -> Option<Statement> {
        let mut halves = self.lock();
        if let Some(statement) = halves.newer.get(digest) {
            return Some(*statement);
        }
        let statement = halves.older.remove(digest)?;
        halves.keep(*digest, statement);
        Some(statement)
    }

    /// Keeps what a verified token says.
    pub fn keep(&self, digest: Digest, statement: Statement) {
        self.lock().keep(digest, statement);
    }

    /// Drops a token that is no longer valid.
    pub fn forget(&self, digest: &Digest) {
        let mut halves = self.lock();
        halves.newer.remove(digest);
        halves.older.remove(digest);
    }

    fn lock(&self) -> MutexGuard<'_, Halves> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Halves {
    fn keep(&mut self, digest: Digest, statement: Statement) {
        if self.newer.len() >= TOKENS_MAX / 2 {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(digest, statement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const STATEMENT: Statement =
        Statement { claimed: Claimed { user_id: Uuid::nil(), session_id: Uuid::nil() }, valid_from: 10, valid_before: 20 };

    fn digest(number: usize) -> Digest {
        Digest::new(&number.to_string())
    }

    #[test]
    fn a_statement_is_valid_from_its_first_second_to_the_one_before_its_end() {
        let is_valid = |second| STATEMENT.is_valid(DateTime::from_timestamp(second, 0).unwrap());
        assert_eq!([9, 10, 19, 20].map(is_valid), [false, true, true, false]);
    }

    #[test]
    fn the_number_of_tokens_is_bounded_and_those_in_use_stay() {
        let verified = Verified::default();
        for number in 0..TOKENS_MAX * 3 {
            verified.keep(digest(number), STATEMENT);
            let halves = verified.lock();
            assert!(halves.newer.len() + halves.older.len() <= TOKENS_MAX);
            drop(halves);
            // In use all the time.
            assert_eq!(verified.find(&digest(0)), Some(STATEMENT), "after {number}");
        }
        assert_eq!(verified.find(&digest(1)), None);
        assert_eq!(verified.find(&digest(TOKENS_MAX * 3 - 1)), Some(STATEMENT));
    }

    #[test]
    fn a_forgotten_token_is_found_in_neither_half() {
        let verified = Verified::default();
        for number in 0..=TOKENS_MAX / 2 {
            verified.keep(digest(number), STATEMENT);
        }
        for number in [0, TOKENS_MAX / 2] {
            verified.forget(&digest(number));
            assert_eq!(verified.find(&digest(number)), None);
        }
    }
}
