//! Lists which tables the program may write, and how: each is audited, or unaudited with a reason.

use crate::audit::{Audited, Unaudited};
use crate::clock::Clock;
use crate::db::{Db, Limits, Verb, Watch};
use crate::{
    alert, api_key, attempt, audit_entry, case, credit, document, idempotency, job, note, outbox, review, session, setting,
    signing_key, throttle, user,
};
use sea_orm::{DbErr, EntityName};

/// Connects to a database, with these tables as those that transactions may write.
///
/// # Errors
///
/// The database cannot be reached, or what it holds contradicts its own log.
pub async fn connect(url: &str, limits: Limits, clock: Clock, watch: Option<Watch>) -> Result<Db, DbErr> {
    Db::connect(url, limits, excuse_of, clock, watch).await
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

/// What may be done with the rows of an unaudited table; `None` for every other table, whose writes a hook must clear.
pub fn excuse_of(table: &str) -> Option<&'static [Verb]> {
    excuses().into_iter().find(|excuse| excuse.table == table).map(|excuse| excuse.verbs)
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
