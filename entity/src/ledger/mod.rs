//! The ledger: the place of each committed entry in one sequence without gaps, given by a sealer after COMMIT.
//!
//! - `seal`: gives the entries that are pending their sequence and their leaf, in batches of one short transaction.
//! - `rollup`: adds a batch to the rollups.
//! - `counted`: what reports count, from the rollups where they have it.
//! - `feed`: the sealed entries after a sequence.
//! - `progress`: how many entries are pending, and for how long.

mod counted;
pub mod feed;
mod progress;
pub mod rollup;
mod seal;

pub use counted::counted_total;
pub(crate) use counted::{By, Counted, Wanted};
pub use progress::{PENDING_MAX, Progress, progress};
pub(crate) use rollup::ChangeColumn;
pub use seal::{Rest, Sealable, Sealed, batch_max, leaf_hash, seal, seal_all};

use crate::db::Verb;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

/// The version of the rules by which the rollups are counted: that of this program's own, and that of the time zone database,
/// which says where a civil day begins. Rollups of other rules are not read.
pub const RULES: i32 = 3_000_000 + time_zones(chrono_tz::IANA_TZDB_VERSION);

/// The version of a time zone database as a number: `2026b` is 202602.
#[expect(clippy::as_conversions, reason = "`From` is not const")]
const fn time_zones(version: &str) -> i32 {
    let (mut bytes, mut number) = (version.as_bytes(), 0);
    while let [byte, rest @ ..] = bytes {
        number = match *byte {
            digit @ b'0'..=b'9' => number * 10 + (digit - b'0') as i32,
            letter => number * 100 + (letter - b'a') as i32 + 1,
        };
        bytes = rest;
    }
    number
}

/// The tables that the sealer writes: their names, why they leave no entries, and what may be done with their rows.
pub(crate) const TABLES: [(&str, &str, &[Verb]); 3] = [
    ("audit_pending", "it follows from the log: the database notes each entry in it, and sealing removes it", &[Verb::Delete]),
    ("ledger_leaves", "it follows from the log: the place of each entry, and the hash of its body", &[Verb::Insert]),
    ("ledger_state", "it follows from the log: how far the sealer has come", &[Verb::Update]),
];

/// How far the sealer and the rollups have come.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct State {
    /// The last entry from before the ledger that was looked at; `None` before the first one.
    pub history_after: Option<Uuid>,
    /// Whether all entries from before the ledger are sealed.
    pub history_done: bool,
    /// The generation of rollups that is read.
    pub generation: i32,
    /// The time zone of its days; empty before the first batch.
    pub zone: String,
    /// The version of the rules by which it was counted.
    pub rules: i32,
    /// The generation that is being built beside it, with its zone, its rules, and the sequence of the last entry in it.
    pub building: Option<i32>,
    pub building_zone: Option<String>,
    pub building_rules: Option<i32>,
    pub building_through: i64,
    /// The sequence of the last sealed entry; 0 before the first one.
    pub last_sequence: i64,
    /// The time zone of the settings.
    pub settings_zone: String,
}

impl State {
    /// That of an empty log whose rollups have the days of a time zone.
    #[cfg(test)]
    pub(crate) fn sealed_in(zone: &str) -> Self {
        Self {
            history_after: None,
            history_done: true,
            generation: 1,
            zone: zone.to_owned(),
            rules: RULES,
            building: None,
            building_zone: None,
            building_rules: None,
            building_through: 0,
            last_sequence: 0,
            settings_zone: zone.to_owned(),
        }
    }

    /// Whether the rollups hold every sealed entry, by the days of this time zone and by the rules of this version.
    pub fn is_ready(&self, zone: &str) -> bool {
        self.history_done && self.zone == zone && self.rules == RULES
    }
}

/// The state, in one statement.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn state<C: ConnectionTrait>(db: &C) -> Result<State, DbErr> {
    let sql = "SELECT ledger.history_after, ledger.history_done, ledger.generation, ledger.zone, ledger.rules, \
               ledger.building, ledger.building_zone, ledger.building_rules, ledger.building_through, \
               COALESCE((SELECT MAX(sequence) FROM ledger_leaves), 0) AS last_sequence, settings.time_zone AS settings_zone \
               FROM ledger_state AS ledger, settings";
    let state = State::find_by_statement(Statement::from_string(db.get_database_backend(), sql));
    state.one(db).await?.ok_or_else(|| DbErr::RecordNotFound("ledger_state".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_time_zones_are_newer_rules() {
        let versions = ["2025z", "2026a", "2026b"].map(time_zones);
        assert_eq!(versions, [202_526, 202_601, 202_602]);
        const { assert!(RULES > 3_202_500 && RULES < 3_999_999) };
    }

    #[test]
    fn rollups_are_ready_once_they_hold_the_history_by_the_same_days_and_rules() {
        let ready = State::sealed_in("Asia/Tokyo");
        assert!(ready.is_ready("Asia/Tokyo"));
        for other in [
            State { history_done: false, ..ready.clone() },
            State { zone: String::new(), ..ready.clone() },
            State { zone: "Asia/Seoul".to_owned(), ..ready.clone() },
            State { rules: 0, ..ready.clone() },
        ] {
            assert!(!other.is_ready("Asia/Tokyo"), "{other:?}");
        }
    }
}
