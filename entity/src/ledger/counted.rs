//! The relation that counts are read from: the rollups of whole civil days, and the entries that no rollup holds.
//!
//! A range of ids is divided exactly. The civil days that are in it from their start to their end are read from the rollups,
//! and so are those of their entries that are still pending, from the log; what remains at either end of the range is read from
//! the log. A batch is sealed in one transaction, so that in one snapshot each entry is counted once. The number of rows
//! depends on the days and on what is pending, not on the number of entries.
//!
//! Before the first entry and after the last one there is nothing to count, so a range that ends there is read as if it ended
//! with the civil day: a period until now reads no entries but those that are pending. A single range that has all entries is
//! read without bounds.
//!
//! By actor, action type and topic, a year has many rows. There are rollups of months for them: the whole months of one range are
//! read from those, and the days before and after them from the rollups of days. Such a range that ends where there is nothing
//! to count is read as if it ended with the month.
//!
//! A later page of a list divides the range as its first page did. What was sealed since then is known by its sequence, and is
//! subtracted where the first page could not see it: the number of rows depends on what happened between the two pages.

mod columns;
mod division;
mod relation;

use super::{State, state};
use crate::audit::{Action, Outcome};
use crate::clock::instant_of;
use crate::period::{IdRange, LedgerExtent, Seen};
use crate::sql::Sql;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult};

/// What entries are counted by: the columns of the relation besides `bucket_number`, the place of the range in the list of
/// ranges, and `entry_count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// `action_type`, `outcome`, `actor_type`, `on_cases`, `last_at`.
    Types,
    /// `actor_id`, `actor_label`, `action_type`, `outcome`, `topic`, `on_cases`, `last_at`.
    Actors,
    /// `actor_id`, `actor_label`, `on_cases`, `last_at`, and the columns of `ChangeColumn`. Holds only successful entries. If
    /// only some actions are wanted, just the columns of `ChangeColumn` count those: the rollups know the others by their sum.
    ActorTotals,
    /// `case_id`, and the columns of `ChangeColumn`. Holds only successful changes to cases, of which all that are counted in one
    /// column are wanted, or none.
    Cases,
    /// The columns of `Types`, from the log alone: for conditions that no rollup has a column for.
    Entries,
}

/// Which entries are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// `None` for all actions.
    pub actions: Option<&'a [Action]>,
    /// Empty for all outcomes.
    pub outcomes: &'a [Outcome],
    pub actor_id: Option<Uuid>,
}

/// How entries are counted in one snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    backend: DbBackend,
    state: State,
    edges: Edges,
    /// What the first page of a list could see; `None` for a first page.
    seen: Option<Seen>,
    /// The time zone of the days; `None` if everything is read from the log.
    days: Option<Tz>,
}

/// The log as the snapshot has it.
#[derive(Clone, Copy, Debug, FromQueryResult)]
struct Edges {
    first_id: Option<Uuid>,
    last_id: Option<Uuid>,
    pending_count: i64,
}

/// How many entries may be new to a later page: of more, the period alone may have fewer.
const NEW_MAX: i64 = 50_000;

/// The number of entries that match: of a range of whole days, or of one that is open on either side. An empty list of outcomes
/// is all of them.
///
/// `None` if the rollups don't say, so that entries would have to be counted: the range has parts of days, or the rollups are
/// being built. `db` is a snapshot.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn counted_total<C: ConnectionTrait>(
    db: &C,
    ids: IdRange,
    actions: Option<Vec<Action>>,
    outcomes: Vec<Outcome>,
    actor_id: Option<Uuid>,
) -> Result<Option<u64>, DbErr> {
    let counted = Counted::by_their_days(db, ids.seen).await?;
    let by = if actor_id.is_some() { By::Actors } else { By::Types };
    if counted.days.is_none() || !counted.divided(by, &[ids]).1.is_empty() {
        return Ok(None);
    }
    let wanted = Wanted { actions: actions.as_deref(), outcomes: &outcomes, actor_id };
    let total = counted.count(db, by, ids, &wanted, |sql, _| sql).await?;
    Ok(u64::try_from(total).ok())
}

impl Counted {
    /// How entries are counted by the civil days of a time zone; from the log alone if the rollups have other days, are not
    /// complete, or hold more than what was seen and `seen` doesn't say what, or far more. Two statements; `db` is a snapshot.
    pub async fn new<C: ConnectionTrait>(db: &C, zone: Tz, seen: Option<Seen>) -> Result<Self, DbErr> {
        let counted = Self::of_snapshot(db, seen).await?;
        Ok(counted.in_days_of(zone))
    }

    /// The same by the days that the rollups have.
    pub async fn by_their_days<C: ConnectionTrait>(db: &C, seen: Option<Seen>) -> Result<Self, DbErr> {
        let counted = Self::of_snapshot(db, seen).await?;
        Ok(match counted.state.zone.parse() {
            Ok(zone) => counted.in_days_of(zone),
            Err(_) => counted,
        })
    }

    /// From the log alone.
    async fn of_snapshot<C: ConnectionTrait>(db: &C, seen: Option<Seen>) -> Result<Self, DbErr> {
        let state = state(db).await?;
        let edges = Sql::new(
            "SELECT (SELECT id FROM audit_entries ORDER BY id LIMIT 1) AS first_id, \
             (SELECT id FROM audit_entries ORDER BY id DESC LIMIT 1) AS last_id, \
             (SELECT COUNT(*) FROM audit_pending) AS pending_count",
        );
        let edges: Edges = edges.one(db).await?.ok_or_else(|| DbErr::RecordNotFound("audit_pending".to_owned()))?;
        Ok(Self { backend: db.get_database_backend(), state, edges, seen, days: None })
    }

    fn in_days_of(self, zone: Tz) -> Self {
        let is_recent = |ledger: LedgerExtent| self.state.last_sequence - ledger.last_sequence <= NEW_MAX;
        let is_known = self.seen.is_none_or(|seen| seen.ledger().is_some_and(is_recent));
        let days = Some(zone).filter(|zone| is_known && self.state.is_ready(zone.name()));
        Self { days, ..self }
    }

    /// Whether the rollups are read.
    pub fn has_days(&self) -> bool {
        self.days.is_some()
    }

    /// The number of all entries: those that are sealed, pending, or from before the ledger and not sealed yet. Counts
    /// entries one by one only while some of the latter are left.
    pub async fn entries_total<C: ConnectionTrait>(&self, db: &C) -> Result<i64, DbErr> {
        if self.state.history_done {
            return Ok(self.state.last_sequence + self.edges.pending_count);
        }
        // Nothing else is sealed before the history is: what is not sealed is either pending, or comes after its last entry.
        let after = self.state.history_after.unwrap_or_default();
        let sql = Sql::new("SELECT (SELECT COUNT(*) FROM audit_entries AS entry WHERE entry.id > ").value(after);
        let sql = sql.text(") + (SELECT COUNT(*) FROM audit_pending WHERE entry_id <= ").value(after).text(") AS entry_count");
        Ok(self.state.last_sequence + one_count(sql, db).await?)
    }

    /// The time of the first entry.
    pub fn oldest_entry_at(&self) -> Option<DateTime<Utc>> {
        self.edges.first_id.and_then(instant_of)
    }

    /// The number of entries in a range.
    pub async fn count<C: ConnectionTrait>(
        &self,
        db: &C,
        by: By,
        ids: IdRange,
        wanted: &Wanted<'_>,
        also: impl Fn(Sql, &'static str) -> Sql,
    ) -> Result<i64, DbErr> {
        let sql = Sql::new("SELECT CAST(COALESCE(SUM(counted.entry_count), 0) AS BIGINT) AS entry_count FROM ");
        one_count(self.relation(sql, by, &[ids], wanted, also), db).await
    }
}

async fn one_count<C: ConnectionTrait>(sql: Sql, db: &C) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        entry_count: i64,
    }
    let count: Option<Count> = sql.one(db).await?;
    Ok(count.map_or(0, |count| count.entry_count))
}
