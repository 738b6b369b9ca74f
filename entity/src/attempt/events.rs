//! The entries about refused requests.

use crate::audit::{Action, Event, Outcome};

/// Entries about refused requests.
impl Event {
    /// A request was refused: 403, or 404 for an object that is hidden from the caller or absent; the two look alike.
    pub fn denied(action: Action, operation: &str, code: &'static str, object: (&'static str, String)) -> Self {
        let event = Self::new(action, object, format!("Refused: {operation}")).ending(Outcome::Denied);
        let event = event.with("operation", operation).with("code", code);
        if action == Action::Other { event.with("event", "access_denied") } else { event }
    }

    /// Adds the number of refusals like this one that were only counted since the last entry.
    pub fn folding(self, folded_count: i32) -> Self {
        if folded_count == 0 { self } else { self.with("folded_count", folded_count) }
    }
}
