//! What a member edited since their case was completed or rejected, kept in a column of the case.

use super::{ActiveModel, CaseRefusal, CaseStatus, Model};
use super::{DETAILS, REMARKS, wire_name};
use crate::audit::Actor;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::entity::prelude::*;
use std::collections::BTreeSet;

impl Model {
    /// The fields that the member has edited since then, by wire name.
    pub fn edited_fields(&self) -> BTreeSet<&str> {
        self.member_edits.as_deref().unwrap_or_default().split(',').filter(|field| !field.is_empty()).collect()
    }

    /// Refuses a resubmission without anything new: neither an edit nor a document.
    pub(super) fn ensure_anything_new(&self, new_documents: u64) -> Result<(), CaseRefusal> {
        if new_documents > 0 || !self.edited_fields().is_empty() { Ok(()) } else { Err(CaseRefusal::NoChanges) }
    }

    /// Whether the case was completed or rejected, and what the member does from now on is something new.
    fn is_returned(&self) -> bool {
        match self.status {
            CaseStatus::NeedsResubmission | CaseStatus::Completed => true,
            CaseStatus::Draft
            | CaseStatus::Submitted
            | CaseStatus::Accepted
            | CaseStatus::Hold
            | CaseStatus::PendingReview
            | CaseStatus::Resubmitted => false,
        }
    }
}

/// Adds the fields that the member edits to those that they have edited since the case was completed or rejected. A change of
/// status begins anew.
pub(super) fn keep(row: &mut ActiveModel, before: &Model, by: &Actor) {
    match row.status {
        Set(_) if before.member_edits.is_some() => row.member_edits = Set(None),
        Set(_) => {}
        Unchanged(_) | NotSet => {
            let columns = [DETAILS, REMARKS].concat().into_iter().filter(|column| row.get(*column).is_set());
            let mut edited: BTreeSet<&str> = columns.map(wire_name).collect();
            if before.is_returned() && by.id() == Some(before.member_id) && !edited.is_empty() {
                edited.extend(before.edited_fields());
                row.member_edits = Set(Some(edited.into_iter().collect::<Vec<_>>().join(",")));
            }
        }
    }
}
