//! HTTP and process, nothing else. The domain is in `entity`.

pub mod alerts;
pub mod audit_log;
pub mod auth;
pub mod cases;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod credits;
pub mod demo;
pub mod documents;
#[macro_use]
mod exports;
pub mod http;
pub mod ingest;
pub mod jobs;
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
