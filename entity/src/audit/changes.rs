//! What differs between two versions of a row, as `{field: {"from": old, "to": new}}`.

use super::{Audited, Refusal};
use crate::{clock, text};
use chrono::SecondsFormat;
use sea_orm::{ActiveModelTrait, IdenStatic, Iterable, ModelTrait, Value};
use serde_json::{Map, Number, Value as Json, json};

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

/// The wire names of the columns that entries may show as changed.
pub fn field_names<E: Audited>() -> Vec<&'static str> {
    E::Column::iter().filter(|column| !E::is_bookkeeping(*column)).map(E::wire_name).collect()
}

/// The wire names of the columns that hold a user's id.
pub fn person_fields<E: Audited>() -> Vec<&'static str> {
    E::people().iter().map(|column| E::wire_name(*column)).collect()
}

/// The values of a field, by its wire name, that a text stands for, as entries show them: none if it is no value of the field's.
///
/// `null` stands for the absence of a value; a text in quotation marks, such as `"null"`, for itself and for what they enclose.
pub fn field_values<E: Audited>(field: &str, text: &str) -> Vec<Json> {
    let column = E::Column::iter().find(|column| !E::is_bookkeeping(*column) && E::wire_name(*column) == field);
    let Some(column) = column else { return Vec::new() };
    let quoted: Option<String> = serde_json::from_str(text).ok();
    let texts = [Some(text), quoted.as_deref()];
    // Entries show a long text as its length and digest, and no text stands for these.
    let own = texts.into_iter().flatten().filter(|_| !E::is_long_text(column)).filter_map(|text| E::wire_of_text(column, text));
    own.chain((text == "null").then_some(Json::Null)).collect()
}

/// What a text stands for in a column whose values entries show as they are stored.
pub(crate) fn stored_value<E: Audited>(column: E::Column, text: &str) -> Option<Json> {
    let whole = whole_number(text);
    // Of these, a column takes only those of its own type; one with a closed set of values takes only their names.
    let values = [
        Some(Value::from(text)),
        text.parse::<bool>().ok().map(Value::from),
        whole.and_then(|number| i32::try_from(number).ok()).map(Value::from),
        whole.map(Value::from),
        clock::parse_id(text).map(Value::from),
        clock::parse_date(text).map(Value::from),
        clock::parse_instant(text).map(Value::from),
    ];
    let is_taken = |value: &Value| {
        let mut row = <E::ActiveModel as ActiveModelTrait>::default();
        row.try_set(column, value.clone()).is_ok()
    };
    values.into_iter().flatten().find(is_taken).and_then(shown)
}

fn whole_number(text: &str) -> Option<i64> {
    let number = json_number(text)?;
    let whole = |number: f64| format!("{number:.0}").parse::<i64>().ok().filter(|_| number.fract() == 0.0);
    number.as_i64().or_else(|| number.as_f64().and_then(whole))
}

/// The number that a text spells as JSON does.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    json_number(text)?.as_f64()
}

fn json_number(text: &str) -> Option<Number> {
    serde_json::from_str(text).ok().filter(|_| !text.contains(char::is_whitespace))
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
