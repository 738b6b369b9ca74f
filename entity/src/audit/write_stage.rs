//! The stages at which writing an entry may fail.

/// The stage at which writing an entry failed. In every case but the last, the change it was to record was not made either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStage {
    /// `AuditTx` itself refused the write: a bug in our code.
    Refused,
    /// The database did not accept the entry.
    Insert,
    /// The transaction of the entry did not commit.
    Commit,
    /// Whether the transaction of the entry committed could not be determined.
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
