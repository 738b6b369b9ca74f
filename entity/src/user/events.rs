//! The entries about a user, and which of them a change leads to. Pure: no clock, no database, no request.

use super::{Column, EVERY_FACT, Entity, Level, Model, PROFILE, Person, RIGHTS, Role};
use crate::audit::metadata::{Metadata, metadata};
use crate::audit::{Audited, ChangeContext, Changes, Event};
use sea_orm::ModelTrait;

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    let Some(before) = before else { return vec![Event::user_created(after, change)] };
    let differ = |columns: &[Column]| columns.iter().any(|column| before.get(*column) != after.get(*column));
    if before.deleted_at != after.deleted_at {
        return vec![Event::user_deleted(before, after, change)];
    }
    let mut events = Vec::new();
    if differ(RIGHTS) {
        events.push(Event::user_role_changed(before, after, change));
    }
    if before.is_active != after.is_active {
        events.push(Event::user_activity_changed(before, after, change));
    }
    if differ(PROFILE) {
        events.push(Event::profile_updated(before, after, change));
    }
    events
}

/// Entries about a user.
impl Event {
    pub fn user_created(after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![UserCreated;
            ROLE = after.role.code(),
            USER_LEVEL = after.user_level.map(Level::code),
            EMAIL = &after.email,
        ];
        Self::on_user(metadata, after, format!("User {} created", after.username))
            .naming::<Entity>(None, after, EVERY_FACT)
            .with_notes(change)
    }

    /// One entry, however many fields of the profile changed.
    pub fn profile_updated(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let changes = Changes::between::<Entity>(Some(before), after, PROFILE);
        let metadata = metadata![if after.role == Role::Member => MemberProfileUpdated, else UserUpdated;
            FIELDS = changes.fields(),
            EDITED_BY = change.by.label(),
            EDIT_SOURCE = if change.by.id() == Some(after.id) { "self" } else { "staff" },
        ];
        Self { changes, ..Self::on_user(metadata, after, format!("Profile of {} updated", after.username)) }
    }

    pub fn user_activity_changed(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let event = if after.is_active { "reactivated" } else { "deactivated" };
        let metadata = metadata![UserUpdated; EVENT = event, REASON = change.reason()];
        Self::on_user(metadata, after, format!("User {} {event}", after.username)).naming::<Entity>(
            Some(before),
            after,
            &[Column::IsActive],
        )
    }

    /// A member of the staff read an account.
    pub fn user_viewed(user: &Model) -> Self {
        Self::on_user(metadata![Other; EVENT = "user_viewed"], user, format!("User {} viewed", user.username))
    }

    /// A new password: the user's own (`password_changed`) or another user's (`password_reset`). The password itself is never
    /// shown.
    pub fn password_set(user: &Model, event: &'static str) -> Self {
        Self::on_user(metadata![UserUpdated; EVENT = event], user, format!("Password of {} set", user.username))
    }

    pub fn user_role_changed(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![UserRoleChanged;
            CHANGED_BY = change.by.label(),
            PREVIOUS_ROLE = before.role.code(),
            NEW_ROLE = after.role.code(),
            PREVIOUS_LEVEL = before.user_level.map(Level::code),
            NEW_LEVEL = after.user_level.map(Level::code),
            REASON = change.reason(),
        ];
        Self::on_user(metadata, after, format!("Role of {} changed to {}", after.username, after.role.code())).naming::<Entity>(
            Some(before),
            after,
            RIGHTS,
        )
    }

    pub fn user_deleted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![UserDeleted;
            ROLE = after.role.code(),
            EMAIL = &after.email,
            USERNAME = &after.username,
            FULL_NAME = after.full_name(),
            REASON = change.reason(),
        ];
        Self::on_user(metadata, after, format!("User {} deleted", after.username)).naming::<Entity>(
            Some(before),
            after,
            &[Column::IsActive, Column::DeletedAt],
        )
    }

    pub(crate) fn on_user(metadata: Metadata, user: &Model, description: String) -> Self {
        Self::new(metadata, (Entity::OBJECT, user.id.to_string()), description).about(Some(&Person::new(user)))
    }
}
