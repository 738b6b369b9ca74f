//! Filters entries by a changed field, and by its old or new value.

use super::filter::contains;
use crate::audit_entry::Column;
use crate::text;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{Condition, DbBackend};
use serde_json::Value as Json;

/// A field in an entry's changes, by its wire name, and the values that it had before and after: any of these, if given.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedField {
    /// The name of a column, never a text of a request: it ends up inside a path.
    pub name: &'static str,
    pub from: Option<Vec<Json>>,
    pub to: Option<Vec<Json>>,
}

impl ChangedField {
    pub(super) fn condition(&self, backend: DbBackend) -> Condition {
        let value = |side, any: &Option<Vec<Json>>| {
            let texts = any.as_ref()?.iter().filter_map(|value| text::canonical(value).ok());
            Some(json_text(backend, &["changes", self.name, side]).is_in(texts.collect::<Vec<_>>()))
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
