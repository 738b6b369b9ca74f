//! The entries about allowances, and which of them a change leads to. Pure: no clock, no database, no request.

use super::{EVERY_FACT, Entity, Model};
use crate::audit::{Action, Audited, ChangeContext, Event};
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
        Self::new(Action::QuarterlyCreditReset, (Entity::OBJECT, after.id.to_string()), description)
            .naming::<Entity>(before, after, EVERY_FACT)
            .about(member)
            .with("quarter", &after.quarter)
            .with("reset_type", change.noted_text("reset_type").unwrap_or("manual"))
            .with("previous_allowance", before.map(|before| before.allowed_credits))
            .with("new_allowance", after.allowed_credits)
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
        Self::new(Action::BulkCreditReset, ("quarter", quarter.to_owned()), description)
            .with("member_count", member_count)
            .with("new_allowance", new_allowance)
            .with("quarter", quarter)
            .with("batch_id", batch_id)
            .with("reset_type", reset_type)
    }
}
