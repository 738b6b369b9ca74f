//! The entry about the settings, and when a change leads to it. Pure: no clock, no database, no request.

use super::{EVERY_SETTING, Entity, Model};
use crate::audit::{Action, Audited, ChangeContext, Event};
use sea_orm::ModelTrait;

pub(super) fn events(before: Option<&Model>, after: &Model, _: &ChangeContext) -> Vec<Event> {
    let is_changed = EVERY_SETTING.iter().any(|column| before.map(|row| row.get(*column)) != Some(after.get(*column)));
    if is_changed { vec![Event::settings_updated(before, after)] } else { Vec::new() }
}

/// Entries about the settings.
impl Event {
    /// One entry, however many settings changed.
    pub fn settings_updated(before: Option<&Model>, after: &Model) -> Self {
        let event = Self::new(Action::SettingsUpdated, (Entity::OBJECT, after.id.to_string()), String::new()).naming::<Entity>(
            before,
            after,
            EVERY_SETTING,
        );
        let fields: Vec<String> = event.changes.fields().into_iter().map(str::to_owned).collect();
        let description = format!("Settings updated: {}", fields.join(", "));
        Self { description, ..event }.with("fields", fields)
    }
}
