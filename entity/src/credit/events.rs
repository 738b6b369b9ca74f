//! The events of a change to an allowance. Pure: no clock, no database, no request.

use super::Model;
use crate::audit::{ChangeContext, Event};

/// One event, also if a bulk reset did not change the credits: each member's reset is on record.
pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    vec![Event::quarterly_credit_reset(before, after, change)]
}
