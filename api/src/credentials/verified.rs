//! Access tokens whose signatures were verified, by their digests: a signature is verified once per token, and not once per
//! request.

use super::recent::Recent;
use super::token::TokenSubject;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// SHA-256 of a whole token, signature and `kid` included. A token that differs in one bit is another token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// What a verified token says, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    pub subject: TokenSubject,
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
pub struct Verified(Recent<TokenDigest, Statement>);

impl Verified {
    /// What a token says, if it was verified before.
    pub fn find(&self, digest: &TokenDigest) -> Option<Statement> {
        self.0.find(digest)
    }

    /// Keeps what a verified token says.
    pub fn keep(&self, digest: TokenDigest, statement: Statement) {
        self.0.keep(digest, statement);
    }

    /// Drops a token that is no longer valid.
    pub fn forget(&self, digest: &TokenDigest) {
        self.0.forget(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_statement_is_valid_from_its_first_second_to_the_one_before_its_end() {
        let subject = TokenSubject { user_id: Uuid::nil(), session_id: Uuid::nil() };
        let statement = Statement { subject, valid_from: 10, valid_before: 20 };
        let is_valid = |second| statement.is_valid(DateTime::from_timestamp(second, 0).unwrap());
        assert_eq!([9, 10, 19, 20].map(is_valid), [false, true, true, false]);
    }
}
