//! The ledger: the sequence of committed entries.

mod feed;
mod nets;
mod sealing;
