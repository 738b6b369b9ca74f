//! The events of a change to a note. Pure: no clock, no database, no request.

use super::Model;
use crate::audit::{ChangeContext, Event};
use crate::user::Role;

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    match before {
        None if change.by.role() == Some(Role::Member) => vec![Event::member_comment_added(after)],
        None => vec![Event::note_added(after)],
        Some(before) if before.deleted_at != after.deleted_at => vec![Event::note_deleted(before, after, change)],
        // No event covers a rewritten text, so the hooks refuse it.
        Some(_) => Vec::new(),
    }
}
