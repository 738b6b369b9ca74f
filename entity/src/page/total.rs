//! Totals of lists, counted up to a maximum, and statements whose limits are literals.

use sea_orm::sea_query::{
    Expr, PostgresQueryBuilder, Query, QueryBuilder, SelectStatement, SqlWriter, SqlWriterValues, SqliteQueryBuilder, Value,
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use std::fmt::{self, Write};

/// How many matching rows a list counts at most.
pub const TOTAL_MAX: u64 = 10_001;

/// The number of all rows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// At most `TOTAL_MAX` if they were counted row by row.
    pub rows: u64,
    /// Whether there may be more.
    pub is_capped: bool,
}

impl Total {
    /// A number that was not counted row by row.
    pub const fn exact(rows: u64) -> Self {
        Self { rows, is_capped: false }
    }

    const fn counted(rows: u64) -> Self {
        Self { rows, is_capped: rows >= TOTAL_MAX }
    }

    /// Counts the rows of a statement, reading at most `TOTAL_MAX` of them.
    pub async fn count<C: ConnectionTrait>(db: &C, rows: SelectStatement) -> Result<Self, DbErr> {
        let backend = db.get_database_backend();
        let found = db.query_one_raw(statement(&counting(rows), backend)).await?;
        let count: Option<i64> = found.map(|row| row.try_get("", "row_count")).transpose()?;
        Ok(Self::counted(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default()))
    }
}

fn counting(mut rows: SelectStatement) -> SelectStatement {
    rows.clear_order_by().limit(TOTAL_MAX);
    Query::select().expr_as(Expr::cust("COUNT(*)"), "row_count").from_subquery(rows, "matching").take()
}

/// Builds a statement with its limits as literals: with a bound limit PostgreSQL plans it anew each time.
pub fn statement(select: &SelectStatement, backend: DbBackend) -> Statement {
    let (sql, values) = match backend {
        DbBackend::Postgres => collected(select, PostgresQueryBuilder, "$", true),
        _ => collected(select, SqliteQueryBuilder, "?", false),
    };
    Statement::from_sql_and_values(backend, sql, values)
}

fn collected<B: QueryBuilder>(select: &SelectStatement, builder: B, placeholder: &str, numbered: bool) -> (String, Vec<Value>) {
    let mut writer = LiteralLimits { inner: SqlWriterValues::new(placeholder, numbered), is_limit: false };
    select.build_collect_into(builder, &mut writer);
    let (sql, values) = writer.inner.into_parts();
    (sql, values.0)
}

struct LiteralLimits {
    inner: SqlWriterValues,
    /// Whether the next value is a limit.
    is_limit: bool,
}

impl Write for LiteralLimits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.is_limit = text.ends_with(" LIMIT ");
        self.inner.write_str(text)
    }
}

impl fmt::Display for LiteralLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

impl SqlWriter for LiteralLimits {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, query_builder: &T) {
        match value {
            Value::BigUnsigned(Some(limit)) if self.is_limit => {
                let _ = self.write_str(&limit.to_string());
            }
            value => self.inner.push_param(value, query_builder),
        }
        self.is_limit = false;
    }

    fn as_writer(&mut self) -> &mut dyn Write {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::sea_query::ExprTrait;

    #[test]
    fn limits_are_literals_and_other_values_are_bound() {
        let rows = Query::select().column("id").from("log").and_where(Expr::col("name").eq(" LIMIT ")).limit(51).take();
        for (backend, place) in [(DbBackend::Postgres, "$1"), (DbBackend::Sqlite, "?")] {
            let built = statement(&counting(rows.clone()), backend);
            let expected = format!(
                "SELECT COUNT(*) AS \"row_count\" FROM (SELECT \"id\" FROM \"log\" WHERE \"name\" = {place} LIMIT 10001) AS \
                 \"matching\""
            );
            assert_eq!((built.sql, built.values.unwrap().0), (expected, vec![Value::from(" LIMIT ")]));
        }
    }

    #[test]
    fn a_total_is_capped_once_no_more_rows_are_counted() {
        assert_eq!(Total::counted(10_000), Total::exact(10_000));
        assert_eq!(Total::counted(10_001), Total { rows: 10_001, is_capped: true });
    }
}
