//! The callers whose rights were read a moment ago, so that a change, or a reading that is recorded, reads them once, in its
//! transaction, where they decide.

use crate::credentials::recent::Recent;
use chrono::{DateTime, TimeDelta, Utc};
use entity::user::{Caller, Credential};

/// How long a caller is used without being read again. Rights that end in this process are noticed at once.
const AGE_MAX: TimeDelta = TimeDelta::seconds(1);

/// Callers with valid credentials, as they were when they were last read. It decides nothing: whom it knows is let in as far as
/// the transaction of their change or of the entry of their reading, which reads them again.
#[derive(Default)]
pub struct RecentCallers(Recent<Credential, Read>);

#[derive(Clone)]
struct Read {
    caller: Caller,
    at: Moment,
}

/// When a caller is read, taken before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: DateTime<Utc>,
    /// How many transactions of this process may have ended a user's rights until then: `Db::rights_changes`.
    pub rights_changes: u64,
}

impl RecentCallers {
    /// The caller with this credential, unless they were read too long ago, or rights were ended since.
    pub fn find(&self, credential: &Credential, moment: Moment) -> Option<Caller> {
        let Read { caller, at } = self.0.find(credential)?;
        // A clock that was set back has no negative ages.
        let is_recent = (at.now..at.now + AGE_MAX).contains(&moment.now);
        (is_recent && at.rights_changes == moment.rights_changes).then_some(caller)
    }

    /// Keeps a caller who was read after this moment.
    pub fn keep(&self, credential: Credential, caller: Caller, at: Moment) {
        self.0.keep(credential, Read { caller, at });
    }

    /// Drops a credential that is not valid, or no longer.
    pub fn forget(&self, credential: &Credential) {
        self.0.forget(credential);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::user::{Person, Role};
    use uuid::Uuid;

    fn at(milliseconds: i64, rights_changes: u64) -> Moment {
        Moment { now: DateTime::from_timestamp_millis(milliseconds).unwrap(), rights_changes }
    }

    #[test]
    fn a_caller_is_known_for_a_second_and_until_rights_end() {
        let person = Person {
            id: Uuid::nil(),
            username: "ada".into(),
            full_name: "Ada Moss".into(),
            role: Role::Member,
            user_level: None,
            email: "ada.moss@example.org".into(),
        };
        let caller = Caller { user_level: None, person, scopes: Vec::new(), session_id: Uuid::nil(), api_key: None };
        let (callers, key) = (RecentCallers::default(), Credential::Key { hash: "0a".into() });
        callers.keep(key.clone(), caller, at(5_000, 7));
        let is_known = |moment| callers.find(&key, moment).is_some();
        assert_eq!([at(5_000, 7), at(5_999, 7), at(6_000, 7), at(4_999, 7)].map(is_known), [true, true, false, false]);
        assert_eq!([at(5_000, 8), at(5_000, 7)].map(is_known), [false, true]);
        assert!(callers.find(&Credential::Key { hash: "0b".into() }, at(5_000, 7)).is_none());
        callers.forget(&key);
        assert!(!is_known(at(5_000, 7)));
    }
}
