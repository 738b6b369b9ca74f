//! Somebody who hears of each write to the trail: for metrics, of which the trail itself knows nothing.

use super::{Action, Outcome};

/// Hears of entries once they are committed, and of those that could not be written.
pub trait Observer: Send + Sync {
    fn committed(&self, action: Action, outcome: Outcome);
    fn unwritten(&self, stage: WriteStage);
}

/// Where the writing of an entry failed. But for the last, what it was to tell of was not done either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStage {
    /// The door itself refused: a mistake in our code.
    Refused,
    /// The database did not take the entry.
    Insert,
    /// The transaction of the entry did not commit.
    Commit,
    /// Whether the transaction of the entry committed could not be found out.
    Unknown,
}

impl WriteStage {
    pub const ALL: [Self; 4] = [Self::Refused, Self::Insert, Self::Commit, Self::Unknown];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Insert => "insert",
            Self::Commit => "commit",
            Self::Unknown => "unknown",
        }
    }
}
