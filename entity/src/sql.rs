//! Builds SQL for both databases: text with its values bound separately.

use crate::period::{Added, Seen};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

/// A statement under construction.
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    pub fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends a value as a bind parameter.
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.text.push_str(&format!("${}", self.values.len()));
        self
    }

    /// Appends comma-separated values as bind parameters.
    pub fn values<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Self {
        let (sql, _) = values.into_iter().fold((self, ""), |(sql, comma), value| (sql.text(comma).value(value), ", "));
        sql
    }

    /// Appends the condition for a row of a table that later pages of a list may show, if there is one.
    pub fn seen(self, seen: Option<Seen>, table: Added, name: &str) -> Self {
        self.seen_or_not(seen, table, name, " AND ")
    }

    /// Appends the opposite condition: for a row that later pages must not show.
    pub fn unseen(self, seen: Option<Seen>, table: Added, name: &str) -> Self {
        self.seen_or_not(seen, table, name, " AND NOT ")
    }

    fn seen_or_not(mut self, seen: Option<Seen>, table: Added, name: &str, and: &str) -> Self {
        if let Some(seen) = seen {
            let values = &mut self.values;
            let condition = seen.condition(table, name, |value| {
                values.push(value);
                format!("${}", values.len())
            });
            self.text.push_str(&format!("{and}({condition})"));
        }
        self
    }

    pub async fn all<T: FromQueryResult, C: ConnectionTrait>(self, db: &C) -> Result<Vec<T>, DbErr> {
        T::find_by_statement(self.statement(db.get_database_backend())).all(db).await
    }

    pub async fn one<T: FromQueryResult, C: ConnectionTrait>(self, db: &C) -> Result<Option<T>, DbErr> {
        T::find_by_statement(self.statement(db.get_database_backend())).one(db).await
    }

    fn statement(self, backend: DbBackend) -> Statement {
        Statement::from_sql_and_values(backend, self.text, self.values)
    }
}

/// The collation for sorting names: by their bytes, which is not every PostgreSQL's default.
pub(crate) fn by_bytes<C: ConnectionTrait>(db: &C) -> &'static str {
    match db.get_database_backend() {
        DbBackend::Postgres => " COLLATE \"C\"",
        _ => "",
    }
}

/// The end of a query that the planner must not merge with the one around it: what it computes is computed once for each row.
pub(crate) const fn apart(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => " OFFSET 0",
        _ => " LIMIT -1",
    }
}
