//! Finds entries by a text through an index of trigrams, if the database has one and few entries have the text's trigrams. An
//! entry with a frequent text is mostly soon found without; whether it is, is tried on the entries next to the page.

use super::Filter;
use crate::audit_entry::{Column, Entity};
use crate::page::{self, Direction, Position, Total};
use crate::period::IdRange;
use crate::sql::Sql;
use crate::text::{Spelling, folded, trigram_conditions};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{Condition, ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

/// The index of the entries' texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextIndex {
    /// PostgreSQL without `pg_trgm`.
    #[default]
    None,
    Postgres,
    /// PostgreSQL with `LC_CTYPE` C or POSIX: `pg_trgm` takes letters beyond ASCII for blanks there, so that no trigram has one.
    PostgresAscii,
    Sqlite,
}

/// A text is frequent if more entries than this have its trigrams.
const CANDIDATES_MAX: u64 = 5_000;
/// How many entries next to a page are looked through for a frequent text.
const NEAR: u64 = 50_000;

/// What the index says of a filter's text.
pub(super) enum Candidates {
    /// There is no text, or it has no trigram that is in the index.
    Unknown,
    /// The statement behind the entries that may have it.
    Few(Box<SelectStatement>),
    Many,
}

impl TextIndex {
    /// The index that a database has; one statement on PostgreSQL.
    pub async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(Self::Sqlite);
        }
        #[derive(FromQueryResult)]
        struct Row {
            is_there: bool,
            is_ascii: bool,
        }
        let question = "SELECT EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('audit_entries_by_text') \
                        AND indisvalid) AS is_there, datctype IN ('C', 'POSIX') AS is_ascii \
                        FROM pg_database WHERE datname = current_database()";
        let row = Row::find_by_statement(Statement::from_string(DbBackend::Postgres, question)).one(db).await?;
        Ok(match row {
            Some(Row { is_there: true, is_ascii: false }) => Self::Postgres,
            Some(Row { is_there: true, is_ascii: true }) => Self::PostgresAscii,
            Some(Row { is_there: false, .. }) | None => Self::None,
        })
    }

    /// Whether a text can be found through it.
    pub fn finds(self, text: &str) -> bool {
        self.condition(text).is_some()
    }

    /// Holds for every entry with the text, and for few others.
    fn condition(self, text: &str) -> Option<Condition> {
        let conditions = |text: &str, backend| trigram_conditions(text, Spelling::Lowered, backend);
        match self {
            Self::None => None,
            Self::Postgres => matches_all(conditions(text, DbBackend::Postgres)),
            Self::PostgresAscii => {
                // Folded, so that no part ends within a letter: a text that contains the whole contains each part.
                let folded = folded(text);
                let parts = folded.split(|letter: char| !letter.is_ascii());
                matches_all(parts.flat_map(|part| conditions(part, DbBackend::Postgres)).collect())
            }
            Self::Sqlite => {
                let queries = conditions(text, DbBackend::Sqlite);
                let limit = CANDIDATES_MAX + 1;
                let rows = "SELECT rowid FROM audit_texts WHERE audit_texts MATCH ?";
                let condition = format!("\"audit_entries\".rowid IN ({rows} LIMIT {limit})");
                let is_one = !queries.is_empty();
                is_one.then(|| Condition::all().add(Expr::cust_with_values(condition, [queries.join(" AND ")])))
            }
        }
    }
}

/// Holds for an entry whose text matches each of these regular expressions; `None` without any.
fn matches_all(expressions: Vec<String>) -> Option<Condition> {
    let matches = |expression: String| Expr::cust_with_values("(\"audit_entries\".\"search_text\" ~ $1)", [expression]);
    let is_one = !expressions.is_empty();
    is_one.then(|| expressions.into_iter().fold(Condition::all(), |all, one| all.add(matches(one))))
}

/// The entries that may have the filter's text, if they are few.
pub(super) async fn candidates_of<C: ConnectionTrait>(db: &C, filter: &Filter) -> Result<Candidates, DbErr> {
    let backend = db.get_database_backend();
    let Some(candidates) = candidates(filter, backend) else { return Ok(Candidates::Unknown) };
    let found = Total::count(db, candidates.clone()).await?;
    Ok(if found.rows <= CANDIDATES_MAX { Candidates::Few(Box::new(candidates)) } else { Candidates::Many })
}

/// The filter for the entries next to a page; `None` if all that remain in its period are.
pub(super) async fn near<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    direction: Direction,
    after: Option<&Position>,
) -> Result<Option<Filter>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let ids = filter.ids.unwrap_or(IdRange { from: Uuid::nil(), before: Uuid::max(), seen: None });
    let (from, before, order) = match direction {
        Direction::Ascending => (after.map_or(ids.from, |last| last.id), ids.before, "ASC"),
        Direction::Descending => (ids.from, after.map_or(ids.before, |last| last.id), "DESC"),
    };
    let sql = Sql::new("SELECT entry.id FROM audit_entries AS entry WHERE entry.id >= ").value(from);
    let sql = sql.text(" AND entry.id < ").value(before);
    let sql = sql.text(&format!(" ORDER BY entry.id {order} LIMIT 1 OFFSET {NEAR}"));
    let end: Option<Row> = sql.one(db).await?;
    let near = |Row { id }| match direction {
        Direction::Ascending => IdRange { before: id, ..ids },
        Direction::Descending => IdRange { from: id, ..ids },
    };
    Ok(end.map(|end| Filter { ids: Some(near(end)), ..filter.clone() }))
}

/// The statement behind them; public, so that its query plan can be inspected.
///
/// With all columns, and with that by which a list is pinned to what its first page saw. Because of the limit PostgreSQL does not
/// mix it with the list around it, whose order would mislead its planner into reading all entries in that order.
pub fn candidates(filter: &Filter, backend: DbBackend) -> Option<SelectStatement> {
    let condition = filter.text_index.condition(filter.text.as_deref()?)?;
    let pinned_by = if backend == DbBackend::Postgres { "xmin" } else { "rowid" };
    let mut candidates = Query::select();
    candidates.expr(Expr::cust("*")).expr_as(Expr::cust(format!("\"audit_entries\".{pinned_by}")), pinned_by);
    Some(candidates.from(Entity).cond_where(condition).limit(CANDIDATES_MAX + 1).take())
}

/// A page of the matching entries among these.
pub(super) fn among(
    candidates: &SelectStatement,
    filter: &Filter,
    direction: Direction,
    after: Option<&Position>,
    limit: u64,
    backend: DbBackend,
) -> SelectStatement {
    let rest = after.map(|last| page::after_id(Column::Id, last, direction));
    let matching = filter.whole(backend).add_option(rest);
    let mut entries = Query::select();
    entries.column((Entity, Column::Id)).column((Entity, Column::Body)).expr_as(super::sequence(), "sequence");
    entries.from_subquery(candidates.clone(), "audit_entries");
    entries.cond_where(matching).order_by((Entity, Column::Id), direction.order()).limit(limit).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_are_found_by_no_index_of_ascii_letters() {
        for (text, is_found, in_ascii) in [
            ("Ada Moss", true, true),
            ("moss", true, true),
            ("Peña Nieto", true, true),
            ("Maßband", true, true),
            ("Núñez", true, false),
            ("ΟΔΟΣ", true, false),
            ("日本語", true, false),
            ("ab", false, false),
        ] {
            assert_eq!(TextIndex::Postgres.finds(text), is_found, "{text}");
            assert_eq!(TextIndex::PostgresAscii.finds(text), in_ascii, "{text}");
            assert!(!TextIndex::None.finds(text));
        }
    }
}
