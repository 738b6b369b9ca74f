//! The entries about refused requests.

use crate::audit::metadata::Metadata;
use crate::audit::{Action, Event, Outcome, key};

/// Entries about refused requests.
impl Event {
    /// A request was refused: 403, or 404 for an object that is hidden from the caller or absent; the two look alike.
    pub fn denied(action: Action, operation: &str, code: &'static str, object: (&'static str, String)) -> Self {
        let event = Self::new(Metadata::empty(action), object, format!("Refused: {operation}")).ending(Outcome::Denied);
        let event = event.with(key::OPERATION, operation).with(key::CODE, code);
        if action == Action::Other { event.with(key::EVENT, "access_denied") } else { event }
    }

    /// Adds the number of refusals like this one that were only counted since the last entry.
    pub fn folding(self, folded_count: i32) -> Self {
        if folded_count == 0 { self } else { self.with(key::FOLDED_COUNT, folded_count) }
    }
}
