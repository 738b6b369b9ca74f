//! The domain: rows, rules and the meaning of their changes, without any HTTP.
//!
//! - The log: `audit` is the only way to write and knows no table, `registry` lists the tables and why some are not audited,
//!   `audit_entry` is the entry as a row. `reported` and `history` write what happened elsewhere or in the past.
//! - Audited rows: `case`, `user`, `document`, `note`, `credit`, `setting`. Each has its row in `mod.rs`, its moves in
//!   `lifecycle.rs`, their meaning in `events.rs`, and who may do what in `permission.rs`, where these apply.
//! - Rows that are not audited, each with the reason (`Unaudited`): what follows from a change (`alert`, `outbox`, `review`,
//!   `job`), and what a request needs (`session`, `api_key`, `signing_key`, `idempotency`, `attempt`, `throttle`).
//! - Effects: `effect` lists what must follow a change, `notify` carries it out. `delivery` selects the emails that are due and
//!   records each attempt.
//! - `ledger`: the sequence of committed entries, and what is added up with it.
//! - Reading: `audit_log` and `report`, with `page` and `period`.
//! - Ground: `db`, `sql`, `clock`, `text`, `load`, `cause`, and the checks of `start`.

pub mod alert;
pub mod api_key;
pub mod attempt;
pub mod audit;
pub mod audit_entry;
pub mod audit_log;
pub mod case;
pub mod cause;
pub mod clock;
pub mod credit;
pub mod db;
pub mod delivery;
pub mod document;
pub mod effect;
pub mod history;
pub mod idempotency;
pub mod job;
pub mod ledger;
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
mod sql;
pub mod start;
pub mod text;
pub mod throttle;
pub mod user;
