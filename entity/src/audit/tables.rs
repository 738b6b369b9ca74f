//! Which tables the program may write, and how: each is audited, or unaudited with a reason.

use super::Audited;
use crate::{
    alert, api_key, attempt, case, credit, document, idempotency, job, note, outbox, review, session, setting, signing_key,
    throttle, user,
};
use sea_orm::EntityTrait;

/// A row that leaves no entries, and why that is right.
pub trait Unaudited: EntityTrait {
    const BECAUSE: &'static str;
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

/// Tables that pass the door without an entry, with the reason.
pub fn unaudited() -> Vec<(&'static str, &'static str)> {
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

/// The guard's only list. A table that is in no list needs a hook's clearance, so forgetting one here locks it, never opens it.
pub(super) fn is_unaudited(table: &str) -> bool {
    unaudited().iter().any(|(name, _)| *name == table)
}

fn name_of_audited<E: Audited>() -> &'static str {
    E::default().table_name()
}

fn excuse<E: Unaudited>() -> (&'static str, &'static str) {
    (E::default().table_name(), E::BECAUSE)
}
