//! The entry about the settings, and when a change leads to it. Pure: no clock, no database, no request.

use super::{EVERY_SETTING, Entity, Model};
use crate::audit::metadata::metadata;
use crate::audit::{Audited, ChangeContext, Changes, Event};
use sea_orm::ModelTrait;

pub(super) fn events(before: Option<&Model>, after: &Model, _: &ChangeContext) -> Vec<Event> {
    let is_changed = EVERY_SETTING.iter().any(|column| before.map(|row| row.get(*column)) != Some(after.get(*column)));
    if is_changed { vec![Event::settings_updated(before, after)] } else { Vec::new() }
}

/// Entries about the settings.
impl Event {
    /// One entry, however many settings changed.
    pub fn settings_updated(before: Option<&Model>, after: &Model) -> Self {
        let changes = Changes::between::<Entity>(before, after, EVERY_SETTING);
        let description = format!("Settings updated: {}", changes.fields().join(", "));
        let metadata = metadata![SettingsUpdated; FIELDS = changes.fields()];
        Self { changes, ..Self::new(metadata, (Entity::OBJECT, after.id.to_string()), description) }
    }
}
