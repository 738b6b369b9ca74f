//! The entries about a note, which of them a change leads to, and what must follow it. Pure: no clock, no database, no request.

use super::{Column, EVERY_FACT, Entity, Model};
use crate::alert::{Kind, Severity};
use crate::audit::metadata::{Metadata, metadata};
use crate::audit::{Audited, ChangeContext, Event};
use crate::case::member_update;
use crate::effect::{Effect, Notice, Recipients};
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

/// The assignee of the case is notified of a member's comment, which is flagged. Drafts have no assignee.
pub(super) fn effects(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Effect> {
    if before.is_some() || change.by.role() != Some(Role::Member) {
        return Vec::new();
    }
    let case = (after.case_id, after.case_number.clone());
    let notice = Effect::Notice(Notice {
        to: Recipients::AssigneeOf(after.case_id),
        kind: Kind::MemberComment,
        severity: Severity::Info,
        title: format!("New comment on case {}", after.case_number),
        message: "The member added a comment. See the notes of the case.".to_owned(),
        case: Some(case),
        mail: None,
    });
    [notice].into_iter().chain(member_update::effect(after.case_id, change)).collect()
}

/// Entries about a note.
impl Event {
    pub fn note_added(after: &Model) -> Self {
        let metadata = metadata![NoteAdded; VISIBILITY = after.visibility.code(), LENGTH = after.length()];
        Self::on_note(metadata, after, format!("Note added to case {}", after.case_number))
            .naming::<Entity>(None, after, EVERY_FACT)
    }

    pub fn member_comment_added(after: &Model) -> Self {
        let metadata = metadata![MemberCommentAdded; LENGTH = after.length()];
        Self::on_note(metadata, after, format!("Case {} commented on by its member", after.case_number))
            .naming::<Entity>(None, after, EVERY_FACT)
    }

    pub fn note_deleted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![NoteDeleted;
            VISIBILITY = after.visibility.code(),
            LENGTH = after.length(),
            AUTHOR = change.username(after.author_id.into()),
        ];
        Self::on_note(metadata, after, format!("Note on case {} deleted", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            &[Column::DeletedAt],
        )
    }

    fn on_note(metadata: Metadata, note: &Model, description: String) -> Self {
        let event = Self::new(metadata, (Entity::OBJECT, note.id.to_string()), description);
        Self { case: Some((note.case_id, note.case_number.clone())), ..event }
    }
}
