//! The entries about a user, and which of them a change leads to. Pure: no clock, no database, no request.

use super::{Column, EVERY_FACT, Entity, Level, Model, PROFILE, Person, RIGHTS, Role};
use crate::audit::{Action, Audited, ChangeContext, Event};
use sea_orm::ModelTrait;
use serde_json::json;

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
        events.push(match after.role {
            Role::Member => Event::member_profile_updated(before, after, change),
            Role::Technician | Role::Manager | Role::Administrator | Role::Service => Event::user_updated(before, after, change),
        });
    }
    events
}

/// Entries about a user.
impl Event {
    pub fn user_created(after: &Model, change: &ChangeContext) -> Self {
        Self::on_user(Action::UserCreated, after, format!("User {} created", after.username))
            .naming::<Entity>(None, after, EVERY_FACT)
            .with("role", after.role.code())
            .with("user_level", after.user_level.map(Level::code))
            .with("email", &after.email)
            .with_notes(change)
    }

    /// One entry, however many fields of the profile changed.
    pub fn member_profile_updated(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        Self::profile(Action::MemberProfileUpdated, before, after, change)
    }

    pub fn user_updated(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        Self::profile(Action::UserUpdated, before, after, change)
    }

    pub fn user_activity_changed(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let event = if after.is_active { "reactivated" } else { "deactivated" };
        Self::on_user(Action::UserUpdated, after, format!("User {} {event}", after.username))
            .naming::<Entity>(Some(before), after, &[Column::IsActive])
            .with("event", event)
            .with("reason", change.reason())
    }

    /// A new password: the user's own (`password_changed`) or another user's (`password_reset`). The password itself is never
    /// shown.
    pub fn password_set(user: &Model, event: &'static str) -> Self {
        Self::on_user(Action::UserUpdated, user, format!("Password of {} set", user.username)).with("event", event)
    }

    pub fn user_role_changed(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        Self::on_user(Action::UserRoleChanged, after, format!("Role of {} changed to {}", after.username, after.role.code()))
            .naming::<Entity>(Some(before), after, RIGHTS)
            .with("changed_by", change.by.label())
            .with("previous_role", before.role.code())
            .with("new_role", after.role.code())
            .with("previous_level", before.user_level.map(Level::code))
            .with("new_level", after.user_level.map(Level::code))
            .with("reason", change.reason())
    }

    pub fn user_deleted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        Self::on_user(Action::UserDeleted, after, format!("User {} deleted", after.username))
            .naming::<Entity>(Some(before), after, &[Column::IsActive, Column::DeletedAt])
            .with("role", after.role.code())
            .with("email", &after.email)
            .with("username", &after.username)
            .with("full_name", after.full_name())
            .with("reason", change.reason())
    }

    fn profile(action: Action, before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let event = Self::on_user(action, after, format!("Profile of {} updated", after.username)).naming::<Entity>(
            Some(before),
            after,
            PROFILE,
        );
        let fields = json!(event.changes.fields());
        let source = if change.by.id() == Some(after.id) { "self" } else { "staff" };
        event.with("fields", fields).with("edited_by", change.by.label()).with("edit_source", source)
    }

    pub(crate) fn on_user(action: Action, user: &Model, description: String) -> Self {
        Self::new(action, (Entity::OBJECT, user.id.to_string()), description).about(Some(&Person::new(user)))
    }
}
