//! The service over HTTP, on each database: every test checks the response and the audit log.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test should fail immediately"
)]
#![expect(clippy::as_conversions, reason = "counts and sizes of a test are small")]

#[macro_use]
mod each_database;

mod alerts;
mod app;
mod audit;
mod audit_log;
mod auth;
mod bench;
mod cases;
mod contract;
mod credits;
mod demo;
mod documents;
mod exports;
mod http;
mod ingest;
mod jobs;
mod ledger;
mod notes;
mod outbox;
mod reports;
mod reviews;
mod rights;
mod settings;
mod stories;
mod system;
mod users;
mod week;
