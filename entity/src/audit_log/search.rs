//! Finds entries by a text through an index of trigrams, if the database has one and few entries have the text's trigrams. An
//! entry with a frequent text is soon found without.

use super::Filter;
use crate::audit_entry::{Column, Entity};
use crate::page::{self, Direction, Position, Total};
use crate::text::{Spelling, trigram_conditions};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{Condition, ConnectionTrait, DbBackend, DbErr, Statement};

/// The index of the entries' texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextIndex {
    /// PostgreSQL without `pg_trgm`.
    #[default]
    None,
    Postgres,
    Sqlite,
}

/// A text is frequent if more entries than this have its trigrams.
const CANDIDATES_MAX: u64 = 5_000;

impl TextIndex {
    /// The index that a database has; one statement on PostgreSQL.
    pub async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(Self::Sqlite);
        }
        let question = "SELECT EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('audit_entries_by_text') \
                        AND indisvalid) AS is_there";
        let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, question)).await?;
        let is_there = row.map(|row| row.try_get("", "is_there")).transpose()?.unwrap_or(false);
        Ok(if is_there { Self::Postgres } else { Self::None })
    }

    /// Whether a text can be found through it.
    pub fn finds(self, text: &str) -> bool {
        self.condition(text).is_some()
    }

    /// Holds for every entry with the text, and for few others.
    fn condition(self, text: &str) -> Option<Condition> {
        let conditions = |backend| trigram_conditions(text, Spelling::Lowered, backend);
        match self {
            Self::None => None,
            Self::Postgres => {
                let expressions = conditions(DbBackend::Postgres);
                let matches =
                    |expression: String| Expr::cust_with_values("(\"audit_entries\".\"search_text\" ~ $1)", [expression]);
                let is_one = !expressions.is_empty();
                is_one.then(|| expressions.into_iter().fold(Condition::all(), |all, one| all.add(matches(one))))
            }
            Self::Sqlite => {
                let queries = conditions(DbBackend::Sqlite);
                let limit = CANDIDATES_MAX + 1;
                let rows = "SELECT rowid FROM audit_texts WHERE audit_texts MATCH ?";
                let condition = format!("\"audit_entries\".rowid IN ({rows} LIMIT {limit})");
                let is_one = !queries.is_empty();
                is_one.then(|| Condition::all().add(Expr::cust_with_values(condition, [queries.join(" AND ")])))
            }
        }
    }
}

/// The entries that may have the filter's text, if they are few.
pub(super) async fn few_candidates<C: ConnectionTrait>(db: &C, filter: &Filter) -> Result<Option<SelectStatement>, DbErr> {
    let backend = db.get_database_backend();
    let Some(candidates) = candidates(filter, backend) else { return Ok(None) };
    let found = Total::count(db, candidates.clone()).await?;
    Ok((found.rows <= CANDIDATES_MAX).then_some(candidates))
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
    candidates: SelectStatement,
    filter: &Filter,
    direction: Direction,
    after: Option<&Position>,
    limit: u64,
    backend: DbBackend,
) -> SelectStatement {
    let rest = after.map(|last| page::after_id(Column::Id, last, direction));
    let matching = filter.whole(backend).add_option(rest);
    let mut entries = Query::select();
    entries.column((Entity, Column::Id)).column((Entity, Column::Body)).from_subquery(candidates, "audit_entries");
    entries.cond_where(matching).order_by((Entity, Column::Id), direction.order()).limit(limit).take()
}
