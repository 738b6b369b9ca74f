//! Writes histories after the fact: one audited bulk writer that refuses a history whose entries don't match its rows; and
//! replays the log from its beginning.

use crate::audit::{AuditTx, Audited, Context, Event, Gap, Refusal, Replay, gap};
use crate::{audit_entry, case, credit, document, note, setting, user};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
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
    pub documents: Vec<document::Model>,
    pub notes: Vec<note::Model>,
    pub credits: Vec<credit::Model>,
    /// The settings, if they were changed: they begin as the first migration wrote them.
    pub settings: Option<setting::Model>,
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
        let Self { users, cases, documents, notes, credits, settings, entries } = self;
        let unwritten = |error: DbErr| DbErr::from(Refusal::Unwritten(error.to_string()));
        insert::<user::Entity>(tx, users).await.map_err(unwritten)?;
        insert::<case::Entity>(tx, cases).await.map_err(unwritten)?;
        insert::<document::Entity>(tx, documents).await.map_err(unwritten)?;
        insert::<note::Entity>(tx, notes).await.map_err(unwritten)?;
        insert::<credit::Entity>(tx, credits).await.map_err(unwritten)?;
        if let Some(settings) = settings {
            tx.replace_all::<setting::Entity>(vec![rewritten(settings)]).await.map_err(unwritten)?;
        }
        let kinds = entries.iter().map(|past| (past.event.action, past.event.outcome)).collect();
        let entry = |past: PastEntry| audit_entry::ActiveModel::new(past.event, past.id, &past.context, past.by_hook);
        let entries = entries.into_iter().map(entry).collect::<Result<Vec<_>, Refusal>>()?;
        tx.insert_all::<audit_entry::Entity>(entries).await.map_err(unwritten)?;
        tx.wrote(kinds);
        Ok(())
    }

    /// Refuses a history whose entries, applied in order, don't result in exactly its rows.
    fn ensure_true(&self) -> Result<(), Refusal> {
        let settings_id = self.settings.as_ref().map(|row| row.id.to_string());
        let mut replay = match &self.settings {
            Some(_) => Replay::starting_with::<setting::Entity>(&setting::Model::first()),
            None => Replay::default(),
        };
        let mut created: HashSet<(&str, &str)> = settings_id.iter().map(|id| (setting::Entity::OBJECT, id.as_str())).collect();
        for PastEntry { event, .. } in &self.entries {
            event.ensure_metadata()?;
            let (object_type, object_id) = (&*event.object.0, event.object.1.as_str());
            let changes = event.changes.as_map();
            // A member's first allowance and each later one leave the same kind of entry.
            let may_begin = event.action.is_creation() || object_type == credit::Entity::OBJECT;
            if !changes.is_empty() && created.insert((object_type, object_id)) && !may_begin {
                return Err(gap(object_type, object_id, "creation", Json::Null, json!(event.action)).into());
            }
            replay.follow(object_type, object_id, changes)?;
        }
        ensure_rows::<user::Entity>(&replay, &self.users)?;
        ensure_rows::<case::Entity>(&replay, &self.cases)?;
        ensure_rows::<document::Entity>(&replay, &self.documents)?;
        ensure_rows::<note::Entity>(&replay, &self.notes)?;
        ensure_rows::<credit::Entity>(&replay, &self.credits)?;
        self.settings.iter().try_for_each(|row| replay.ensure_row::<setting::Entity>(row))?;
        let around_cases = self.documents.len() + self.notes.len();
        let rows = self.users.len() + self.cases.len() + around_cases + self.credits.len() + usize::from(self.settings.is_some());
        if replay.things() == rows { Ok(()) } else { Err(gap("history", "", "rows", json!(replay.things()), json!(rows)).into()) }
    }
}

async fn insert<E>(tx: &AuditTx, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait<ActiveModel: Send>,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    tx.insert_all::<E>(rows.into_iter().map(IntoActiveModel::into_active_model).collect()).await
}

/// Every column is written, and that of the creation as it was.
fn rewritten(settings: setting::Model) -> setting::ActiveModel {
    settings.into_active_model().reset_all()
}

/// Refuses rows that differ from their entries, changes of objects whose row is missing, and rows that occur twice.
fn ensure_rows<E: Audited>(replay: &Replay, rows: &[E::Model]) -> Result<(), Refusal> {
    rows.iter().try_for_each(|row| replay.ensure_row::<E>(row))?;
    let ids: HashSet<String> = rows.iter().map(|row| E::id(row).to_string()).collect();
    let stranger = replay.logged(E::OBJECT).find(|id| !ids.contains(*id));
    match stranger {
        Some(id) => Err(gap(E::OBJECT, id, "row", json!("changed"), Json::Null).into()),
        None if ids.len() == rows.len() => Ok(()),
        None => Err(gap(E::OBJECT, "", "rows", json!(ids.len()), json!(rows.len())).into()),
    }
}
