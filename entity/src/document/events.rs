//! The events of a change to a document. Pure: no clock, no database, no request.

use super::Model;
use crate::audit::{ChangeContext, Event};

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    match before {
        None => vec![Event::document_uploaded(after, change)],
        // Nothing else of a document ever changes: if it did, no event would cover it, and the save would be refused.
        Some(before) => vec![Event::document_deleted(before, after, change)],
    }
}
