//! What a change to an allowance means. Pure: no clock, no database, no request.

use super::Model;
use crate::audit::{Event, Story};

/// One event, also where a reset of everybody found the credits it sets: each member's reset is on record.
pub(super) fn events(before: Option<&Model>, after: &Model, story: &Story) -> Vec<Event> {
    vec![Event::quarterly_credit_reset(before, after, story)]
}
