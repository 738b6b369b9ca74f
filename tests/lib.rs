//! The tests of the whole service; this library is empty.
//!
//! - `it/`: the service over HTTP, on each database. It has a folder per feature, `contract/` for what holds for all operations
//!   or for the sources, `stories/` for the work of five people across features, and `app/` with the running service that the
//!   tests use.
//! - `drills/`: what takes minutes and breaks things on purpose; `service.rs` is the process that is killed.
//! - `bench/`: what each hot path costs, compared with what it would have to cost.
//! - `clients/`, `contract/`, `docs/`, `lint/`, `mail/`, `s3/`, `schemathesis/`: tools from outside and what they need, run by
//!   `.ci/`.
