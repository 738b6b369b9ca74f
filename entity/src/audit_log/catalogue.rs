//! Counts how often each action occurs in the audit log, and when it last occurred.

use crate::audit::Action;
use crate::clock;
use crate::ledger::{By, Counted, Wanted};
use crate::period::IdRange;
use crate::sql::Sql;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use std::collections::HashMap;

/// How often an action was recorded, with any outcome, and when it was last recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub count: u64,
    pub last_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    action_type: String,
    entry_count: i64,
    last_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct LogRow {
    action_type: String,
    entry_count: i64,
    last_id: Uuid,
}

// The last id comes from a query of its own: PostgreSQL has no MAX of a UUID, and `occurred_at` is in no index.
const USAGE: &str = "SELECT entry.action_type, COUNT(*) AS entry_count, \
     (SELECT last.id FROM audit_entries AS last WHERE last.action_type = entry.action_type ORDER BY last.id DESC LIMIT 1) \
     AS last_id FROM audit_entries AS entry GROUP BY entry.action_type";

/// The usage of each action in a snapshot, from the rollups and what is pending; while the rollups are being built, from the log.
/// Three statements, regardless of the size of the audit log.
pub async fn usage<C: ConnectionTrait>(db: &C) -> Result<HashMap<Action, Usage>, DbErr> {
    let counted = Counted::by_their_days(db, None).await?;
    let usage = |(action_type, count, last_at): (String, i64, Option<DateTime<Utc>>)| {
        let action = Action::from_code(&action_type)?;
        Some((action, Usage { count: u64::try_from(count).ok()?, last_at }))
    };
    if !counted.has_days() {
        let rows = LogRow::find_by_statement(Statement::from_string(db.get_database_backend(), USAGE)).all(db).await?;
        let rows = rows.into_iter().map(|row| (row.action_type, row.entry_count, clock::instant_of(row.last_id)));
        return Ok(rows.filter_map(usage).collect());
    }
    let everything = IdRange { from: Uuid::nil(), before: Uuid::max(), seen: None };
    let all = Wanted { actions: None, outcomes: &[], actor_id: None };
    let sql = Sql::new(
        "SELECT counted.action_type, CAST(SUM(counted.entry_count) AS BIGINT) AS entry_count, \
         MAX(counted.last_at) AS last_at FROM ",
    );
    let sql = counted.relation(sql, By::Types, &[everything], &all, |sql, _| sql).text(" GROUP BY counted.action_type");
    let rows: Vec<Row> = sql.all(db).await?;
    Ok(rows.into_iter().map(|row| (row.action_type, row.entry_count, Some(row.last_at))).filter_map(usage).collect())
}
