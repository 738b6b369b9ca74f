//! Lists which tables the program may write, and how: each is audited, or unaudited with a reason.

mod closed;
mod label;

pub use closed::known_values;
pub use label::field_label;

use crate::audit::{self, Audited, Unaudited};
use crate::clock::Clock;
use crate::db::{Db, Limits, StatementObserver, Verb};
use crate::{
    alert, api_key, attempt, audit_entry, case, credit, document, idempotency, job, ledger, note, outbox, review, session,
    setting, signing_key, throttle, user,
};
use sea_orm::{DbErr, EntityName};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Connects to a database, with these tables as those that transactions may write.
///
/// # Errors
///
/// The database cannot be reached, or what it holds contradicts its own log.
pub async fn connect(url: &str, limits: Limits, clock: Clock, watch: Option<StatementObserver>) -> Result<Db, DbErr> {
    Db::connect(url, limits, excuse_of, clock, watch).await
}

/// Tables whose rows have hooks.
pub fn audited() -> Vec<&'static str> {
    audits().into_iter().map(|audit| audit.table).collect()
}

/// The fields that entries may show as changed, by their names on the wire.
pub fn changed_fields() -> BTreeSet<&'static str> {
    audits().into_iter().flat_map(|audit| (audit.field_names)()).collect()
}

/// Whether the values of a changed field are the ids of users.
pub fn is_person(field: &str) -> bool {
    static FIELDS: LazyLock<BTreeSet<&'static str>> =
        LazyLock::new(|| audits().into_iter().flat_map(|audit| (audit.person_fields)()).collect());
    FIELDS.contains(field)
}

/// The values of a changed field that a text stands for, as entries show them: none if it is no value of the field's.
pub fn changed_values(field: &str, text: &str) -> Vec<Json> {
    audits().into_iter().flat_map(|audit| (audit.field_values)(field, text)).collect()
}

struct Audit {
    table: &'static str,
    field_names: fn() -> Vec<&'static str>,
    person_fields: fn() -> Vec<&'static str>,
    field_values: fn(&str, &str) -> Vec<Json>,
}

/// The only list of audited tables. A row that isn't `audited!` does not compile here; one that is missing here fails
/// `every_table_is_audited_or_excused`.
fn audits() -> Vec<Audit> {
    vec![
        audit_of::<case::Entity>(),
        audit_of::<credit::Entity>(),
        audit_of::<document::Entity>(),
        audit_of::<note::Entity>(),
        audit_of::<setting::Entity>(),
        audit_of::<user::Entity>(),
    ]
}

/// Tables that can be written without an entry, with the reason.
pub fn unaudited() -> Vec<(&'static str, &'static str)> {
    excuses().into_iter().map(|excuse| (excuse.table, excuse.reason)).collect()
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
    reason: &'static str,
    verbs: &'static [Verb],
}

/// The only list of tables that can be written without entries.
fn excuses() -> Vec<Excuse> {
    let of_the_ledger = ledger::TABLES.map(|(table, reason, verbs)| Excuse { table, reason, verbs });
    let rows = vec![
        excuse::<alert::Entity>(),
        excuse::<api_key::Entity>(),
        excuse::<attempt::Entity>(),
        excuse::<case::member_update::Entity>(),
        excuse::<case::number::Entity>(),
        excuse::<idempotency::Entity>(),
        excuse::<job::Entity>(),
        excuse::<job::overdue_hold::Entity>(),
        excuse::<job::run::Entity>(),
        excuse::<ledger::rollup::actor_day::Entity>(),
        excuse::<ledger::rollup::actor_month::Entity>(),
        excuse::<ledger::rollup::actor_total::Entity>(),
        excuse::<ledger::rollup::case_day::Entity>(),
        excuse::<ledger::rollup::type_day::Entity>(),
        excuse::<outbox::Entity>(),
        excuse::<review::Entity>(),
        excuse::<session::Entity>(),
        excuse::<session::refresh_token::Entity>(),
        excuse::<signing_key::Entity>(),
        excuse::<throttle::Entity>(),
        excuse::<user::credential::Entity>(),
    ];
    rows.into_iter().chain(of_the_ledger).collect()
}

fn audit_of<E: Audited>() -> Audit {
    Audit {
        table: E::default().table_name(),
        field_names: audit::field_names::<E>,
        person_fields: audit::person_fields::<E>,
        field_values: audit::field_values::<E>,
    }
}

fn excuse<E: Unaudited>() -> Excuse {
    Excuse { table: E::default().table_name(), reason: E::REASON, verbs: E::VERBS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_known_by_its_name_on_the_wire() {
        let known = changed_fields();
        for name in ["status", "credit_value", "hold_duration_days", "assigned_to_id", "allowed_credits", "time_zone", "scopes"] {
            assert!(known.contains(name), "{name}");
        }
        for name in
            ["", "Status", "assigned_to", "credit_tenths", "hold_duration_seconds", "version", "updated_at", "search_text"]
        {
            assert!(!known.contains(name), "{name}");
        }
        assert!(
            known.iter().all(|name| name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit()))
        );
    }

    #[test]
    fn a_text_stands_for_the_values_that_entries_show() {
        let instant = json!("2026-11-22T08:00:00.000Z");
        let id = json!("01a20725-be30-7584-bca5-f00e655c90d6");
        for (field, text, values) in [
            ("status", "hold", vec![json!("hold")]),
            ("status", "Hold", vec![]),
            ("status", "on_hold", vec![]),
            ("status", "", vec![]),
            ("tier", "tier_2", vec![json!("tier_2")]),
            ("tier", "2", vec![]),
            ("tier", "null", vec![Json::Null]),
            ("role", "technician", vec![json!("technician")]),
            ("user_level", "level_4", vec![]),
            ("credit_value", "2", vec![json!("2.0")]),
            ("credit_value", "2.0", vec![json!("2.0")]),
            ("credit_value", "2.50", vec![json!("2.5")]),
            ("credit_value", "2.04", vec![]),
            ("credit_value", "two", vec![]),
            ("hold_duration_days", "14", vec![json!(14.0)]),
            ("hold_duration_days", "0.5", vec![json!(0.5)]),
            ("hold_duration_days", "014", vec![]),
            ("num_reports_requested", "3", vec![json!(3)]),
            ("num_reports_requested", "3.0", vec![json!(3)]),
            ("num_reports_requested", "+3", vec![]),
            ("size_bytes", "5000000000", vec![json!(5_000_000_000_i64)]),
            ("is_active", "true", vec![json!(true)]),
            ("is_active", "yes", vec![]),
            ("due_on", "2026-12-15", vec![json!("2026-12-15")]),
            ("due_on", "2026-12-5", vec![]),
            ("held_at", "2026-11-22T08:00:00Z", vec![instant.clone()]),
            ("held_at", "2026-11-22T09:00:00+01:00", vec![instant]),
            ("held_at", "2026-11-22", vec![]),
            ("assigned_to_id", "01A20725-BE30-7584-BCA5-F00E655C90D6", vec![id]),
            ("assigned_to_id", "tech2", vec![]),
            ("employee_last_name", "hold", vec![json!("hold")]),
            ("employee_last_name", "null", vec![json!("null"), Json::Null]),
            ("employee_last_name", "\"null\"", vec![json!("\"null\""), json!("null")]),
            ("employee_last_name", "7", vec![json!("7")]),
            // Recorded as its length and digest.
            ("special_notes", "call first", vec![]),
            ("special_notes", "null", vec![Json::Null]),
            // Of a user and of a case.
            ("workshop_code", "WS001", vec![json!("WS001"), json!("WS001")]),
            ("no_such_field", "null", vec![]),
        ] {
            assert_eq!(changed_values(field, text), values, "{field} {text}");
        }
    }
}
