//! What differs between two versions of a row, as `{field: {"from": old, "to": new}}`.

use super::{Audited, Refusal};
use crate::text;
use chrono::SecondsFormat;
use sea_orm::{IdenStatic, Iterable, ModelTrait, Value};
use serde_json::{Map, Value as Json, json};

/// The differences that one event covers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes(Map<String, Json>);

impl Changes {
    /// The `columns` that differ. A new row is compared with nulls.
    pub(crate) fn between<E: Audited>(before: Option<&E::Model>, after: &E::Model, columns: &[E::Column]) -> Self {
        let differing = columns.iter().filter(|column| differs::<E>(before, after, **column));
        Self(differing.map(|column| (E::wire_name(*column).to_owned(), change::<E>(before, after, *column))).collect())
    }

    /// Whether a field, given by its wire name, is among them.
    pub fn names(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// A field's `from` and `to`, by the field's wire name.
    pub fn get(&self, field: &str) -> Option<&Json> {
        self.0.get(field)
    }

    /// The names of the changed fields, in order.
    pub fn fields(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_map(&self) -> &Map<String, Json> {
        &self.0
    }

    pub(crate) fn to_json(&self) -> Json {
        Json::Object(self.0.clone())
    }
}

/// Every column that differs and must be covered by an entry: all but the key and the row's own bookkeeping.
pub(super) fn differing<E: Audited>(before: Option<&E::Model>, after: &E::Model) -> Vec<E::Column> {
    E::Column::iter().filter(|column| !E::is_bookkeeping(*column) && differs::<E>(before, after, *column)).collect()
}

fn differs<E: Audited>(before: Option<&E::Model>, after: &E::Model, column: E::Column) -> bool {
    let new = after.get(column);
    match before {
        Some(before) => before.get(column) != new,
        None => new != new.as_null(),
    }
}

fn change<E: Audited>(before: Option<&E::Model>, after: &E::Model, column: E::Column) -> Json {
    let show = |row: &E::Model| fact::<E>(row, column).unwrap_or(Json::Null);
    json!({"from": before.map_or(Json::Null, show), "to": show(after)})
}

/// One column of a row as written in entries and replays; `None` for a type without a single representation.
pub(super) fn fact<E: Audited>(row: &E::Model, column: E::Column) -> Option<Json> {
    let value = row.get(column);
    if E::is_long_text(column) {
        return Some(digest(value));
    }
    match E::wire_value(row, column) {
        Some(shown) => Some(shown),
        None => shown(value),
    }
}

/// Every fact of a row that entries record, by wire name: what a replay of the row's entries must yield.
pub fn facts<E: Audited>(row: &E::Model) -> Map<String, Json> {
    let columns = E::Column::iter().filter(|column| !E::is_bookkeeping(*column));
    columns.map(|column| (E::wire_name(column).to_owned(), fact::<E>(row, column).unwrap_or(Json::Null))).collect()
}

/// Refuses a column whose type has no single representation in an entry, before it could be logged as something else.
pub(super) fn ensure_showable<E: Audited>(row: &E::Model, column: E::Column) -> Result<(), Refusal> {
    match fact::<E>(row, column) {
        Some(_) => Ok(()),
        None => Err(Refusal::Unshowable { table: E::default().table_name(), column: column.as_str() }),
    }
}

/// A stored value as written in entries, identical on both databases; `None` for a type without a single representation.
fn shown(value: Value) -> Option<Json> {
    let json = match value {
        Value::Bool(value) => json!(value),
        Value::SmallInt(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::BigInt(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Uuid(value) => json!(value),
        Value::ChronoDate(value) => json!(value),
        Value::ChronoDateTimeUtc(value) => json!(value.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true))),
        // Floats, decimals and local times differ between the databases; rows don't contain them.
        _ => return None,
    };
    Some(json)
}

/// A long text as its length and SHA-256: enough for a replay to compare, without revealing the text.
fn digest(value: Value) -> Json {
    match value {
        Value::String(Some(text)) => json!({"length": text.chars().count(), "sha256": text::sha256_hex(text.as_bytes())}),
        _ => Json::Null,
    }
}
