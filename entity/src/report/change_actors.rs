//! The figures of case changes by who made them.

use super::EntryScope;
use super::changed_cases::{ChangeCounts, sums_by, totals};
use crate::ledger::{By, Counted};
use crate::period::IdRange;
use crate::sql::{Sql, by_bytes};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

/// The maximum number of actors: those who made the most changes.
pub const ACTORS_MAX: usize = 100;

/// The changes that one actor made.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ActorChanges {
    /// `None` for an actor without an account, such as the service itself.
    pub actor_id: Option<Uuid>,
    /// The username, or the name of an actor without an account.
    pub actor_label: String,
    pub full_name: Option<String>,
    #[sea_orm(nested)]
    pub changes: ChangeCounts,
}

/// The changes by actor, those with the most first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actors {
    pub rows: Vec<ActorChanges>,
    /// The number of rows that there would be without the limit.
    pub total: i64,
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    actor: ActorChanges,
    actors_total: i64,
}

/// Groups the changes in scope by actor. The totals by actor have no case, so the scope must not select any.
pub(super) async fn actors<C: ConnectionTrait>(
    db: &C,
    counted: &Counted,
    ids: IdRange,
    scope: &EntryScope,
) -> Result<Actors, DbErr> {
    let keys = "counted.actor_id, counted.actor_label";
    let sql = sums_by(Sql::new("WITH acted AS ("), (keys, keys), |sql| scope.relation(sql, counted, By::ActorTotals, &[ids]));
    let sql = sql.text(&format!(
        ") \
         SELECT grouped.*, COUNT(*) OVER () AS actors_total FROM (SELECT users.id AS actor_id, \
         acted.actor_label, users.first_name || ' ' || users.last_name AS full_name, {} \
         FROM acted LEFT JOIN users ON users.id = acted.actor_id \
         GROUP BY users.id, acted.actor_label, users.first_name, users.last_name) AS grouped \
         ORDER BY grouped.total_changes DESC, grouped.actor_label{} LIMIT {ACTORS_MAX}",
        totals("acted"),
        by_bytes(db)
    ));
    let rows: Vec<Row> = sql.all(db).await?;
    let total = rows.first().map_or(0, |row| row.actors_total);
    Ok(Actors { rows: rows.into_iter().map(|row| row.actor).collect(), total })
}
