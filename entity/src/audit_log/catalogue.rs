//! Counts how often each action occurs in the audit log, and when it last occurred.

use crate::audit::Action;
use crate::clock;
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
    last_id: Uuid,
}

// The last id comes from a query of its own: PostgreSQL has no MAX of a UUID, and `occurred_at` is in no index.
const USAGE: &str = "SELECT entry.action_type, COUNT(*) AS entry_count, \
     (SELECT last.id FROM audit_entries AS last WHERE last.action_type = entry.action_type ORDER BY last.id DESC LIMIT 1) \
     AS last_id FROM audit_entries AS entry GROUP BY entry.action_type";

/// The usage of each action; one statement, regardless of the size of the audit log.
pub async fn usage<C: ConnectionTrait>(db: &C) -> Result<HashMap<Action, Usage>, DbErr> {
    let rows = Row::find_by_statement(Statement::from_string(db.get_database_backend(), USAGE)).all(db).await?;
    let usage = |Row { action_type, entry_count, last_id }| {
        let action = Action::from_code(&action_type)?;
        Some((action, Usage { count: u64::try_from(entry_count).ok()?, last_at: clock::instant_of(last_id) }))
    };
    Ok(rows.into_iter().filter_map(usage).collect())
}
