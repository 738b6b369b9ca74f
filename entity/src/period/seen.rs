//! What the first page of a list could see, so that its later pages show neither more nor less, whatever is committed
//! meanwhile.
//!
//! An entry's id contains a time from before its COMMIT, and each replica has a clock of its own, so that no time separates what
//! a reader saw from what was still being written. The databases know it exactly: SQLite numbers rows in the order of their
//! commits, and PostgreSQL lists the transactions that were open when a snapshot was taken. (To end each list before the time of
//! the oldest open transaction was tried on paper: one that has not written yet is unknown to the database, and one on a host
//! whose clock is late may still write before any end.)

use crate::clock::floor_id;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use serde::{Deserialize, Serialize};

/// Ids are assigned before COMMIT: an entry may appear this long after its id, if clocks differ and transactions take long.
pub const SETTLED_AFTER: TimeDelta = TimeDelta::hours(1);
/// How many open transactions are told apart. If there are more, a list ends before the oldest of the others.
const OPEN_MAX: usize = 32;
/// PostgreSQL's columns have the lower half of a transaction's number; the first three halves are reserved.
const HALF: u64 = 1 << 32;
const FIRST_ORDINARY: u64 = 3;

/// What a reader could see at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    extent: Extent,
    /// Whether the database may show more by now.
    is_past: bool,
    ledger: Option<LedgerExtent>,
}

/// How much of the log a reader could see was sealed. Sealed entries stay sealed, so that later pages find out by their sequence
/// what is new since then, in place of reading all entries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerExtent {
    /// The sequence of the last sealed entry; 0 before the first one.
    pub last_sequence: i64,
    /// The last entry by its id, sealed or not.
    pub last_id: Uuid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// SQLite: the last row of each table. Rows are numbered in the order in which they are committed, and never removed.
    Rows { entries: u64, steps: u64 },
    /// PostgreSQL: of the transactions before `end`, all but those in `open`, which begin with `oldest`.
    Transactions {
        /// In milliseconds since 1970: entries with an earlier time were settled, whatever transaction wrote them.
        settled_at: u64,
        oldest: u64,
        end: u64,
        /// The lower halves, and zero in unused places.
        open: [u32; OPEN_MAX],
    },
}

/// The tables whose rows are only added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The entries of the audit log.
    Entries,
    /// The steps of the review history.
    Steps,
}

impl Seen {
    /// What a snapshot sees.
    pub async fn read<C: ConnectionTrait>(db: &C, now: DateTime<Utc>) -> Result<Self, DbErr> {
        let backend = db.get_database_backend();
        let columns = Self::columns(backend).map(|(expression, name)| format!("{expression} AS {name}"));
        let row = db.query_one_raw(Statement::from_string(backend, format!("SELECT {}", columns.join(", ")))).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("extent".to_owned()))?;
        Self::from_row(&row, backend, now)
    }

    /// What a statement sees, as columns of each of its rows: expressions and their names. A database runs their selects once.
    pub(crate) fn columns(backend: DbBackend) -> [(&'static str, &'static str); 3] {
        let extent = match backend {
            DbBackend::Postgres => "(SELECT CAST(pg_current_snapshot() AS TEXT))",
            _ => {
                "((SELECT COALESCE(MAX(rowid), 0) FROM audit_entries) || ':' \
                 || (SELECT COALESCE(MAX(rowid), 0) FROM case_reviews))"
            }
        };
        [
            (extent, "extent"),
            ("(SELECT COALESCE(MAX(sequence), 0) FROM ledger_leaves)", "last_sequence"),
            ("(SELECT id FROM audit_entries ORDER BY id DESC LIMIT 1)", "last_id"),
        ]
    }

    /// The same from a row with these columns.
    pub(crate) fn from_row(row: &QueryResult, backend: DbBackend, now: DateTime<Utc>) -> Result<Self, DbErr> {
        let extent: String = row.try_get("", "extent")?;
        let (last_sequence, last_id) = (row.try_get("", "last_sequence")?, row.try_get::<Option<Uuid>>("", "last_id")?);
        let settled_at = u64::try_from((now - SETTLED_AFTER).timestamp_millis()).unwrap_or_default();
        let seen = match backend {
            DbBackend::Postgres => Self::of_snapshot(&extent, settled_at),
            _ => Self::of_rows(&extent),
        };
        let seen = seen.ok_or_else(|| DbErr::Type(format!("extent {extent}")))?;
        // A reader that has to leave something out may have to leave out sealed entries.
        let ledger = last_id.filter(|_| !seen.is_past).map(|last_id| LedgerExtent { last_sequence, last_id });
        Ok(Self { ledger, ..seen })
    }

    /// The last rows, as `1042:17`.
    fn of_rows(text: &str) -> Option<Self> {
        let (entries, steps) = text.split_once(':')?;
        let extent = Extent::Rows { entries: entries.parse().ok()?, steps: steps.parse().ok()? };
        Some(Self { extent, is_past: false, ledger: None })
    }

    /// A snapshot in PostgreSQL's form: the oldest open transaction, the first that had not begun, and all that were open, in
    /// order, as `10:20:10,14,15`.
    fn of_snapshot(text: &str, settled_at: u64) -> Option<Self> {
        let mut parts = text.split(':');
        let (oldest, end, listed) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let listed: Result<Vec<u64>, _> = listed.split(',').filter(|number| !number.is_empty()).map(str::parse).collect();
        let listed = listed.ok()?;
        let (end, is_past) = listed.get(OPEN_MAX).map_or((end, false), |next| (*next, true));
        let extent = Extent::Transactions { settled_at, oldest, end, open: places(&listed) };
        Some(Self { extent, is_past, ledger: None })
    }

    /// How much of it was sealed; `None` if that is not known.
    pub fn ledger(&self) -> Option<LedgerExtent> {
        self.ledger
    }

    /// The same for a cursor.
    pub fn numbers(&self) -> Vec<u64> {
        match self.extent {
            Extent::Rows { entries, steps } => vec![entries, steps],
            Extent::Transactions { settled_at, oldest, end, open } => {
                let open = open.into_iter().filter(|number| *number > 0).map(u64::from);
                [settled_at, oldest, end].into_iter().chain(open).collect()
            }
        }
    }

    /// What an earlier page saw, as its cursor has it.
    pub fn from_numbers(numbers: &[u64], ledger: Option<LedgerExtent>) -> Option<Self> {
        let extent = match numbers {
            [entries, steps] => Extent::Rows { entries: *entries, steps: *steps },
            [settled_at, oldest, end, open @ ..] => {
                Extent::Transactions { settled_at: *settled_at, oldest: *oldest, end: *end, open: places(open) }
            }
            _ => return None,
        };
        Some(Self { extent, is_past: true, ledger })
    }

    /// What has to be left out; `None` if everything may be shown that the database shows.
    pub fn if_past(self) -> Option<Self> {
        Some(self).filter(|seen| seen.is_past)
    }

    /// The condition for a row of a table, by the name that the table has in the statement. `place` takes a value and returns its
    /// placeholder.
    ///
    /// On PostgreSQL the table has the columns `id` and `xmin`.
    pub(crate) fn condition(&self, table: Added, name: &str, mut place: impl FnMut(Value) -> String) -> String {
        match self.extent {
            Extent::Rows { entries, steps } => {
                let last = match table {
                    Added::Entries => entries,
                    Added::Steps => steps,
                };
                // The plus keeps SQLite from reading the table in this order, in place of the index that a query needs.
                format!("+{name}.rowid <= {}", place(i64::try_from(last).unwrap_or(i64::MAX).into()))
            }
            Extent::Transactions { settled_at, oldest, end, open } => {
                let settled_at = DateTime::from_timestamp_millis(i64::try_from(settled_at).unwrap_or(i64::MAX));
                let settled_before = place(settled_at.map_or(Uuid::nil(), floor_id).into());
                let (oldest, end) = (place(half(oldest).to_string().into()), place(half(end).to_string().into()));
                let listed = open.into_iter().filter(|number| *number > 0);
                let open = listed.fold(",".to_owned(), |listed, number| format!("{listed}{number},"));
                let open = place(open.into());
                // The age is a number that can be compared, which transactions can't. The first two conditions suffice for nearly
                // all rows, and cost next to nothing.
                let before = |number: &str| format!("age({name}.xmin) > (SELECT age(CAST({number} AS TEXT)::xid))");
                let was_open = format!("strpos(CAST({open} AS TEXT), ',' || {name}.xmin::text || ',') > 0");
                format!("({name}.id < {settled_before} OR {} OR ({} AND NOT {was_open}))", before(&oldest), before(&end))
            }
        }
    }

    /// The same condition for a query that is built.
    pub(crate) fn expression(&self, table: Added, name: &str) -> SimpleExpr {
        let mut values = Vec::new();
        let is_sqlite = matches!(self.extent, Extent::Rows { .. });
        let condition = self.condition(table, name, |value| {
            values.push(value);
            if is_sqlite { "?".to_owned() } else { format!("${}", values.len()) }
        });
        Expr::cust_with_values(condition, values)
    }
}

/// The lower half of a transaction's number.
fn half(number: u64) -> u64 {
    (number % HALF).max(FIRST_ORDINARY)
}

fn places(listed: &[u64]) -> [u32; OPEN_MAX] {
    let mut places = [0; OPEN_MAX];
    for (place, number) in places.iter_mut().zip(listed) {
        *place = u32::try_from(number % HALF).unwrap_or_default();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(seen: &Seen, table: Added) -> (String, Vec<Value>) {
        let mut values = Vec::new();
        let text = seen.condition(table, "entry", |value| {
            values.push(value);
            format!("${}", values.len())
        });
        (text, values)
    }

    #[test]
    fn a_cursor_leads_back_to_what_was_seen() {
        let open: Vec<String> = (100..100 + OPEN_MAX).map(|number| number.to_string()).collect();
        for seen in [
            Seen::of_rows("1042:17"),
            Seen::of_snapshot("10:10:", 5),
            Seen::of_snapshot("10:20:10,14,15", 1_796_137_200_000),
            Seen::of_snapshot(&format!("100:{}:{}", 1_u64 << 40, open.join(",")), 5),
        ] {
            let seen = seen.unwrap();
            let again = Seen::from_numbers(&seen.numbers(), None).unwrap();
            assert_eq!((again.extent, again.is_past, seen.is_past), (seen.extent, true, false));
            assert_eq!((seen.if_past(), again.if_past()), (None, Some(again)));
        }
        for numbers in [&[][..], &[1]] {
            assert_eq!(Seen::from_numbers(numbers, None), None);
        }
        for text in ["", "10", "10:20", "a:b:c", "10:20:x"] {
            assert_eq!(Seen::of_snapshot(text, 5), None, "{text}");
        }
    }

    /// Then the first page leaves out what the later ones can't tell apart.
    #[test]
    fn beyond_so_many_open_transactions_a_list_ends_before_the_next() {
        let open: Vec<String> = (100..200).map(|number| number.to_string()).collect();
        let seen = Seen::of_snapshot(&format!("100:900:{}", open.join(",")), 5).unwrap();
        assert!(seen.is_past);
        assert_eq!(seen.numbers()[..4], [5, 100, 132, 100]);
        assert_eq!(seen.numbers().len(), 3 + OPEN_MAX);
    }

    #[test]
    fn a_transaction_is_compared_by_the_half_that_rows_have() {
        let seen = Seen::of_snapshot(&format!("{}:{}:{}", HALF + 7, HALF + 9, HALF + 7), 5).unwrap();
        let (text, values) = condition(&seen, Added::Entries);
        assert!(text.contains("age(entry.xmin) > (SELECT age(CAST($2 AS TEXT)::xid))"), "{text}");
        assert_eq!(values[1..], ["7".into(), "9".into(), ",7,".into()]);
        // A number that is reserved is never compared.
        assert_eq!((half(HALF), half(HALF + 2), half(HALF + 3)), (3, 3, 3));
    }

    #[test]
    fn rows_are_compared_by_the_last_of_their_table() {
        let seen = Seen::of_rows("1042:17").unwrap();
        assert_eq!(condition(&seen, Added::Entries), ("+entry.rowid <= $1".to_owned(), vec![1042_i64.into()]));
        assert_eq!(condition(&seen, Added::Steps).1, [17_i64.into()]);
    }
}
