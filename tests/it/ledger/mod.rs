//! The ledger: the sequence of committed entries.

mod nets;
mod sealing;
//! The sealed log.

mod feed;
