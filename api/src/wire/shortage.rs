//! Why a request is answered 503, for the metrics: the code `unavailable` has several causes.

use super::Code;

/// What was missing to process a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// The database could not be reached, or did not answer in time.
    Database,
    /// The audit log could not be written.
    AuditLog,
    /// The storage of the documents did not answer.
    Storage,
    /// There was too much work at once, or the request took too long.
    Capacity,
    /// The readiness check failed, or the service is stopping.
    Readiness,
}

impl Shortage {
    pub const ALL: [Self; 5] = [Self::Database, Self::AuditLog, Self::Storage, Self::Capacity, Self::Readiness];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::AuditLog => "audit_log",
            Self::Storage => "storage",
            Self::Capacity => "capacity",
            Self::Readiness => "readiness",
        }
    }

    /// What a code tells by itself; `None` for one of another status.
    pub(super) fn from_code(code: Code) -> Option<Self> {
        match code {
            Code::Unavailable => Some(Self::Database),
            Code::AuditUnavailable => Some(Self::AuditLog),
            Code::StorageUnavailable => Some(Self::Storage),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_codes_of_a_503_have_a_shortage() {
        for code in Code::all() {
            assert_eq!(Shortage::from_code(code).is_some(), code.status().as_u16() == 503, "{}", code.name());
        }
    }
}
