//! The entries about a note, and which of them a change leads to. Pure: no clock, no database, no request.

use super::{Column, EVERY_FACT, Entity, Model};
use crate::audit::{Action, Audited, ChangeContext, Event};
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

/// Entries about a note.
impl Event {
    pub fn note_added(after: &Model) -> Self {
        Self::on_note(Action::NoteAdded, after, format!("Note added to case {}", after.case_number))
            .naming::<Entity>(None, after, EVERY_FACT)
            .with("visibility", after.visibility.code())
            .with("length", after.length())
    }

    pub fn member_comment_added(after: &Model) -> Self {
        Self::on_note(Action::MemberCommentAdded, after, format!("Case {} commented on by its member", after.case_number))
            .naming::<Entity>(None, after, EVERY_FACT)
            .with("length", after.length())
    }

    pub fn note_deleted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        Self::on_note(Action::NoteDeleted, after, format!("Note on case {} deleted", after.case_number))
            .naming::<Entity>(Some(before), after, &[Column::DeletedAt])
            .with("visibility", after.visibility.code())
            .with("length", after.length())
            .with("author", change.username(after.author_id.into()))
    }

    fn on_note(action: Action, note: &Model, description: String) -> Self {
        let event = Self::new(action, (Entity::OBJECT, note.id.to_string()), description);
        Self { case: Some((note.case_id, note.case_number.clone())), ..event }
    }
}
