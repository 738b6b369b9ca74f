//! The domain: rows, rules and the meaning of their changes, without any HTTP.

#[macro_use]
pub mod audit;
pub mod alert;
pub mod api_key;
pub mod attempt;
pub mod audit_entry;
pub mod audit_log;
pub mod case;
pub mod clock;
pub mod credit;
pub mod db;
pub mod delivery;
pub mod document;
pub mod effect;
pub mod history;
pub mod idempotency;
pub mod job;
pub mod load;
pub mod note;
pub mod notify;
pub mod outbox;
pub mod page;
pub mod period;
pub mod registry;
pub mod report;
pub mod reported;
pub mod review;
pub mod session;
pub mod setting;
pub mod signing_key;
pub mod start;
pub mod text;
pub mod throttle;
pub mod user;
