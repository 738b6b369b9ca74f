//! The outbox.

mod list;
