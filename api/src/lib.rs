//! HTTP and process, nothing else. The domain is in `entity`.
//!
//! A group uses only the groups above it. What each module may use is listed in `docs/ARCHITECTURE.md` and checked by a test.
//!
//! - Formats: `wire` writes values, errors and their codes, and knows no state; `config` reads the settings of the process.
//! - Resources: `credentials` (tokens, API keys, keys, passwords), `mail`, `storage`, `metrics`, `schedule`, `tls`.
//! - State: `state`, which every handler can access.
//! - Transport: `http`, with what handlers accept (`request`), what they return (`answer`), and what surrounds every operation
//!   (`layers`, in the order of `server`).
//! - Jobs: `worker` runs them on their schedules or on demand and does the housekeeping, without HTTP.
//! - Features: every folder with a `configure`, named as in `entity` and in the tests, one file per operation. They do not import
//!   each other.
//! - Across features: `case_file` combines what `cases`, `documents`, `notes` and `reviews` return.
//! - The whole: `routes` lists the features once, `openapi` collects the contract from them, `server` serves both, `cli` starts
//!   it, and `demo` fills an empty database.

use mimalloc::MiMalloc;

/// Of every program that contains this crate: what is tested and measured is what is shipped. It returns freed pages to the
/// system a second later, when pages are next allocated or freed (`worker::memory`); `MIMALLOC_PURGE_DELAY` (milliseconds)
/// changes that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

pub mod alerts;
pub mod audit_log;
pub mod auth;
mod case_file;
pub mod cases;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod credits;
pub mod demo;
pub mod documents;
mod exports;
pub mod http;
pub mod ingest;
pub mod jobs;
pub mod ledger;
pub mod mail;
pub mod metrics;
pub mod notes;
pub mod openapi;
pub mod outbox;
#[cfg(test)]
mod properties;
pub mod reports;
pub mod reviews;
pub mod routes;
pub mod schedule;
pub mod server;
pub mod settings;
pub mod state;
pub mod storage;
mod system;
pub mod tls;
pub mod users;
pub mod wire;
pub mod worker;
