//! Lists which tables the program may write, and how: each is audited, or unaudited with a reason.

use super::guard::{Verb, Write};
use super::{Audited, Refusal};
use crate::{
    alert, api_key, attempt, audit_entry, case, credit, document, idempotency, job, note, outbox, review, session, setting,
    signing_key, throttle, user,
};
use sea_orm::{EntityName, EntityTrait};

/// A row that leaves no entries, and the reason why that is right.
pub trait Unaudited: EntityTrait {
    const BECAUSE: &'static str;
    /// What may be done with its rows. `AuditTx` allows nothing else, and neither does the database for the serving role.
    const VERBS: &'static [Verb] = &[Verb::Insert, Verb::Update];
}

/// Tables whose rows have hooks. A row that isn't `audited!` does not compile here; one that is missing here fails
/// `every_table_is_audited_or_excused`.
pub fn audited() -> Vec<&'static str> {
    vec![
        name_of_audited::<case::Entity>(),
        name_of_audited::<credit::Entity>(),
        name_of_audited::<document::Entity>(),
        name_of_audited::<note::Entity>(),
        name_of_audited::<setting::Entity>(),
        name_of_audited::<user::Entity>(),
    ]
}

/// Tables that can be written without an entry, with the reason.
pub fn unaudited() -> Vec<(&'static str, &'static str)> {
    excuses().into_iter().map(|excuse| (excuse.table, excuse.because)).collect()
}

/// What the serving role needs on each table besides SELECT: exactly what the program does with its rows.
///
/// Audited rows are never deleted, and entries are only ever added.
pub fn privileges() -> Vec<(&'static str, &'static [Verb])> {
    const AUDITED: &[Verb] = &[Verb::Insert, Verb::Update];
    let log = (audit_entry::Entity.table_name(), &[Verb::Insert][..]);
    let audited = audited().into_iter().map(|table| (table, AUDITED));
    audited.chain(excuses().into_iter().map(|excuse| (excuse.table, excuse.verbs))).chain([log]).collect()
}

/// Whether a statement needs no hook's clearance. A table that is in no list needs one, so forgetting a table here locks it and
/// never opens it.
pub(super) fn is_excused(write: &Write) -> Result<bool, Refusal> {
    match excuses().iter().find(|excuse| excuse.table == write.table) {
        Some(excuse) if excuse.verbs.contains(&write.verb) => Ok(true),
        Some(_) => Err(Refusal::Verb { verb: write.verb.name(), table: write.table.clone() }),
        None => Ok(false),
    }
}

struct Excuse {
    table: &'static str,
    because: &'static str,
    verbs: &'static [Verb],
}

/// The only list of tables that can be written without entries.
fn excuses() -> Vec<Excuse> {
    vec![
        excuse::<alert::Entity>(),
        excuse::<api_key::Entity>(),
        excuse::<attempt::Entity>(),
        excuse::<case::member_update::Entity>(),
        excuse::<case::number::Entity>(),
        excuse::<idempotency::Entity>(),
        excuse::<job::Entity>(),
        excuse::<job::overdue_hold::Entity>(),
        excuse::<job::run::Entity>(),
        excuse::<outbox::Entity>(),
        excuse::<review::Entity>(),
        excuse::<session::Entity>(),
        excuse::<session::refresh_token::Entity>(),
        excuse::<signing_key::Entity>(),
        excuse::<throttle::Entity>(),
        excuse::<user::credential::Entity>(),
    ]
}

fn name_of_audited<E: Audited>() -> &'static str {
    E::default().table_name()
}

fn excuse<E: Unaudited>() -> Excuse {
    Excuse { table: E::default().table_name(), because: E::BECAUSE, verbs: E::VERBS }
}
