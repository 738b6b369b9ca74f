//! Filters entries by a changed field, and by its old or new value.

use super::filter::contains;
use crate::audit_entry::Column;
use crate::text;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{Condition, DbBackend};
use serde_json::{Value as Json, json};

/// A field in an entry's changes, by its wire name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedField {
    name: String,
    from: Option<String>,
    to: Option<String>,
}

impl ChangedField {
    /// `None` for a name that can't be a field's: it would end up inside a path.
    pub fn named(name: &str) -> Option<Self> {
        let is_name = !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        is_name.then(|| Self { name: name.to_owned(), from: None, to: None })
    }

    /// Restricted to an old and a new value, if given.
    pub fn between(self, from: Option<&str>, to: Option<&str>) -> Self {
        Self { from: from.map(str::to_owned), to: to.map(str::to_owned), ..self }
    }

    pub(super) fn condition(&self, backend: DbBackend) -> Condition {
        let value = |side, given: &Option<String>| {
            given.as_ref().map(|given| json_text(backend, &["changes", &self.name, side]).is_in(spellings(given)))
        };
        // The list of names first: it avoids parsing bodies that don't contain the field at all.
        Condition::all()
            .add(contains(Column::ChangedFields, &format!(",{},", self.name)))
            .add_option(value("from", &self.from))
            .add_option(value("to", &self.to))
    }
}

/// The JSON text of a value inside an entry's body, identical on both databases because the body is canonical.
pub(super) fn json_text(backend: DbBackend, path: &[&str]) -> SimpleExpr {
    match backend {
        DbBackend::Postgres => {
            let places: Vec<String> = (1..=path.len()).map(|place| format!("${place}")).collect();
            let sql = format!("jsonb_extract_path(\"audit_entries\".\"body\"::jsonb, {})::text", places.join(", "));
            Expr::cust_with_values(sql, path.iter().copied())
        }
        _ => Expr::cust_with_values("(\"audit_entries\".\"body\" -> ?)", [format!("$.{}", path.join("."))]),
    }
}

/// The representations that a given value may have in an entry: as text, and as a number, boolean or null if it is one.
fn spellings(given: &str) -> Vec<String> {
    let scalar = serde_json::from_str::<Json>(given).ok().filter(|value| !value.is_object() && !value.is_array());
    let values = [Some(json!(given)), scalar];
    values.into_iter().flatten().filter_map(|value| text::canonical(&value).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_matches_as_a_string_and_possibly_as_a_scalar() {
        assert_eq!(spellings("hold"), ["\"hold\""]);
        assert_eq!(spellings("14.0"), ["\"14.0\"", "14"]);
        assert_eq!(spellings("null"), ["\"null\"", "null"]);
        assert_eq!(spellings("\"a\""), ["\"\\\"a\\\"\"", "\"a\""]);
        assert_eq!(spellings("[1]"), ["\"[1]\""]);
    }

    #[test]
    fn a_field_name_that_could_escape_its_json_path_is_refused() {
        assert!(ChangedField::named("held_at").is_some());
        for name in ["", "a.b", "Status", "a'b", "a%", "é", "status "] {
            assert_eq!(ChangedField::named(name), None, "{name:?}");
        }
    }
}
