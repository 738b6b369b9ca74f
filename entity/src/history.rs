//! Writes histories after the fact: one audited bulk writer that refuses a history whose entries don't match its rows; and
//! replays the log from its beginning.

use crate::audit::{AuditTx, Audited, Context, Event, Gap, Refusal, Replay, gap};
use crate::{audit_entry, case, setting, user};
use sea_orm::{DbErr, IntoActiveModel};
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// An entry with its own id, and therefore its own time, and its own origin.
#[derive(Clone, Debug)]
pub struct PastEntry {
    pub id: Uuid,
    pub event: Event,
    /// Shared by the entries of one operation.
    pub context: Arc<Context>,
    /// Whether the row's own hooks would have written it.
    pub by_hook: bool,
}

/// New rows with everything that ever happened to them, and entries that changed no row.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub users: Vec<user::Model>,
    pub cases: Vec<case::Model>,
    pub entries: Vec<PastEntry>,
}

/// Applies entries in the order of their ids, starting with what the migrations wrote before the first entry: the settings.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a audit_entry::Model>) -> Result<Replay, Box<Gap>> {
    let mut replay = Replay::starting_with::<setting::Entity>(&setting::Model::first());
    for entry in entries {
        replay.follow_entry(entry)?;
    }
    Ok(replay)
}

impl AuditTx {
    /// Writes a history in batched statements: the rows, then their entries, as required by the safety-net triggers that run at
    /// COMMIT.
    ///
    /// The entries of each row, applied in the order of their ids, must begin with its creation and result in the row; changes of
    /// rows that aren't part of the history are refused too.
    pub async fn write_history(&self, history: History) -> Result<(), DbErr> {
        self.during(history.write(self)).await
    }
}

impl History {
    async fn write(mut self, tx: &AuditTx) -> Result<(), DbErr> {
        self.entries.sort_unstable_by_key(|entry| entry.id);
        self.ensure_true()?;
        let Self { users, cases, entries } = self;
        let unwritten = |error: DbErr| DbErr::from(Refusal::Unwritten(error.to_string()));
        let users = users.into_iter().map(IntoActiveModel::into_active_model).collect();
        tx.insert_all::<user::Entity>(users).await.map_err(unwritten)?;
        let cases = cases.into_iter().map(IntoActiveModel::into_active_model).collect();
        tx.insert_all::<case::Entity>(cases).await.map_err(unwritten)?;
        let kinds = entries.iter().map(|past| (past.event.action, past.event.outcome)).collect();
        let entry = |past: PastEntry| audit_entry::ActiveModel::new(past.event, past.id, &past.context, past.by_hook);
        let entries = entries.into_iter().map(entry).collect::<Result<Vec<_>, Refusal>>()?;
        tx.insert_all::<audit_entry::Entity>(entries).await.map_err(unwritten)?;
        tx.wrote(kinds);
        Ok(())
    }

    /// Refuses a history whose entries, applied in order, don't result in exactly its rows.
    fn ensure_true(&self) -> Result<(), Refusal> {
        let mut replay = Replay::default();
        let mut created = HashSet::new();
        for PastEntry { event, .. } in &self.entries {
            event.ensure_metadata()?;
            let (object_type, object_id) = (&*event.object.0, event.object.1.as_str());
            let changes = event.changes.as_map();
            if !changes.is_empty() && created.insert((object_type, object_id)) && !event.action.is_creation() {
                return Err(gap(object_type, object_id, "creation", Json::Null, json!(event.action)).into());
            }
            replay.follow(object_type, object_id, changes)?;
        }
        self.users.iter().try_for_each(|row| replay.ensure_row::<user::Entity>(row))?;
        self.cases.iter().try_for_each(|row| replay.ensure_row::<case::Entity>(row))?;
        ensure_rows::<user::Entity>(&replay, &self.users)?;
        ensure_rows::<case::Entity>(&replay, &self.cases)?;
        let rows = self.users.len() + self.cases.len();
        if replay.things() == rows { Ok(()) } else { Err(gap("history", "", "rows", json!(replay.things()), json!(rows)).into()) }
    }
}

/// Refuses changes of objects whose row is missing, and rows that occur twice.
fn ensure_rows<E: Audited>(replay: &Replay, rows: &[E::Model]) -> Result<(), Refusal> {
    let ids: HashSet<String> = rows.iter().map(|row| E::id(row).to_string()).collect();
    let stranger = replay.logged(E::OBJECT).find(|id| !ids.contains(*id));
    match stranger {
        Some(id) => Err(gap(E::OBJECT, id, "row", json!("changed"), Json::Null).into()),
        None if ids.len() == rows.len() => Ok(()),
        None => Err(gap(E::OBJECT, "", "rows", json!(ids.len()), json!(rows.len())).into()),
    }
}
