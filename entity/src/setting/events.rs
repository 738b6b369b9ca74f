//! The events of a change to the settings. Pure: no clock, no database, no request.

use super::Model;
use crate::audit::{ChangeContext, Event};
use sea_orm::ModelTrait;

pub(super) fn events(before: Option<&Model>, after: &Model, _: &ChangeContext) -> Vec<Event> {
    let is_changed = super::EVERY_SETTING.iter().any(|column| before.map(|row| row.get(*column)) != Some(after.get(*column)));
    if is_changed { vec![Event::settings_updated(before, after)] } else { Vec::new() }
}
