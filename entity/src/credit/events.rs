//! The entries about allowances, and which of them a change leads to. Pure: no clock, no database, no request.

use super::{EVERY_FACT, Entity, Model};
use crate::audit::metadata::metadata;
use crate::audit::{Audited, ChangeContext, Event, key};
use sea_orm::prelude::Uuid;

/// One event, also if a bulk reset did not change the credits: each member's reset is on record.
pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    vec![Event::quarterly_credit_reset(before, after, change)]
}

/// Entries about allowances.
impl Event {
    /// A member's credits for a quarter, set individually or in a bulk reset; also recorded if the number did not change.
    pub fn quarterly_credit_reset(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Self {
        let member = change.person(Some(after.member_id));
        let name = member.map_or("a member", |member| &member.username);
        let description = format!("Credits of {name} for {} set to {}", after.quarter, after.allowed_credits);
        let metadata = metadata![QuarterlyCreditReset;
            QUARTER = &after.quarter,
            RESET_TYPE = change.noted_text(key::RESET_TYPE).unwrap_or("manual"),
            PREVIOUS_ALLOWANCE = before.map(|before| before.allowed_credits),
            NEW_ALLOWANCE = Some(after.allowed_credits),
        ];
        Self::new(metadata, (Entity::OBJECT, after.id.to_string()), description)
            .naming::<Entity>(before, after, EVERY_FACT)
            .about(member)
            .with_notes(change)
    }

    /// The credits of many members, set at once; `new_allowance` is null if they differ.
    pub fn bulk_credit_reset(
        quarter: &str,
        member_count: usize,
        new_allowance: Option<i32>,
        batch_id: Uuid,
        reset_type: &str,
    ) -> Self {
        let to = new_allowance.map(|credits| format!(" to {credits}")).unwrap_or_default();
        let description = format!("Credits of {member_count} members for {quarter} set{to}");
        let metadata = metadata![BulkCreditReset;
            MEMBER_COUNT = member_count,
            NEW_ALLOWANCE = new_allowance,
            QUARTER = quarter,
            BATCH_ID = Some(batch_id),
            RESET_TYPE = reset_type,
        ];
        Self::new(metadata, ("quarter", quarter.to_owned()), description)
    }
}
