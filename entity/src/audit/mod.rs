//! The audit log: no audited row changes without an entry, and every write has an actor.
//!
//! `AuditTx` is the only way to write. It runs each row's hooks, which call the row's pure `events` for the meaning of the change
//! and its pure `effects` for what must follow. The hooks write the entries through the same connection as the row, and `save`
//! then carries out the effects. Any other write inside the transaction is refused, and a refusal ends the transaction.
//!
//! This is the core of the crate: of the other modules it uses only the clock, the database, `Person`, the row of an entry, and
//! how text is hashed. The database connection holds the list of tables that need no entry; the meaning of each row is in its
//! own `events.rs`.

mod action;
mod bulk;
mod change_context;
mod changes;
mod commit;
mod context;
mod effect;
mod event;
mod guard;
mod happen;
pub mod hooks;
pub mod key;
pub mod metadata;
mod probe;
mod refusal;
mod replay;
mod rights;
#[cfg(test)]
mod tests;
mod tx;
mod unit_of_work;
mod write_stage;

pub use crate::db::Verb;
pub use action::{Action, Capture, Category, ChangeType, Origin, SystemEvent};
pub use change_context::ChangeContext;
pub use changes::{Changes, facts, field_names, field_values, person_fields};
pub(crate) use changes::{parse_number, stored_value};
pub use commit::CommitWatch;
pub use context::{Actor, ActorType, Context, Outcome, Source, UsedKey};
pub use effect::{CarryOut, Nothing};
pub use event::Event;
pub use guard::Unaudited;
pub use happen::{AppliedChange, happen};
pub(crate) use hooks::audited;
pub use hooks::{Audited, consequences};
pub use refusal::Refusal;
pub(crate) use replay::gap;
pub use replay::{Gap, Replay};
pub use rights::RightsSource;
pub use tx::AuditTx;
pub(crate) use tx::for_update;
pub use write_stage::WriteStage;
