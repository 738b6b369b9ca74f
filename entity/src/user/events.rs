//! The events of a change to a user. Pure: no clock, no database, no request.

use super::{Column, Model, Role};
use crate::audit::{ChangeContext, Event};
use sea_orm::ModelTrait;

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    let Some(before) = before else { return vec![Event::user_created(after, change)] };
    let differ = |columns: &[Column]| columns.iter().any(|column| before.get(*column) != after.get(*column));
    if before.deleted_at != after.deleted_at {
        return vec![Event::user_deleted(before, after, change)];
    }
    let mut events = Vec::new();
    if differ(super::RIGHTS) {
        events.push(Event::user_role_changed(before, after, change));
    }
    if before.is_active != after.is_active {
        events.push(Event::user_activity_changed(before, after, change));
    }
    if differ(super::PROFILE) {
        events.push(match after.role {
            Role::Member => Event::member_profile_updated(before, after, change),
            Role::Technician | Role::Manager | Role::Administrator | Role::Service => Event::user_updated(before, after, change),
        });
    }
    events
}
