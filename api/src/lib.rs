//! HTTP and process, nothing else. The domain is in `entity`.

pub mod alerts;
pub mod audit_log;
pub mod auth;
pub mod cases;
pub mod cli;
pub mod config;
pub mod credits;
pub mod demo;
pub mod docs;
pub mod documents;
#[macro_use]
mod exports;
pub mod http;
pub mod ingest;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod notes;
pub mod openapi;
pub mod outbox;
pub mod password;
#[cfg(test)]
mod properties;
pub mod readiness;
pub mod reports;
pub mod reviews;
pub mod routes;
pub mod server;
pub mod settings;
pub mod state;
pub mod storage;
mod system;
pub mod throttle;
pub mod tls;
pub mod users;
pub mod worker;
