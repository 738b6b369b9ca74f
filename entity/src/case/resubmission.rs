//! What a member edited since their case was completed or rejected, kept in a column of the case.

use super::{ActiveModel, CaseRefusal, CaseStatus, Column, Entity, Model};
use super::{DETAILS, REMARKS, wire_name};
use crate::audit::{Actor, facts};
use crate::text;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::entity::prelude::*;
use serde_json::Map;
use std::collections::{BTreeMap, BTreeSet};

/// The edited fields by wire name, each with the digest of the value that it had before. A field that a migration found in the
/// log has none, and counts as edited whatever its value is.
type Edits<'a> = BTreeMap<&'a str, Option<String>>;

impl Model {
    /// When the case was last completed or rejected. Later edits and documents of its member count as new.
    pub fn returned_at(&self) -> Option<DateTime<Utc>> {
        std::cmp::max(self.completed_at, self.rejected_at)
    }

    /// The fields that the member has edited since then, by wire name, except for those that have their former value again.
    pub fn edited_fields(&self) -> BTreeSet<&str> {
        self.edits().into_keys().collect()
    }

    /// As the column has them: `client_email=0f3a…,special_notes=77c1…`.
    fn edits(&self) -> Edits<'_> {
        let edits = self.member_edits.as_deref().unwrap_or_default().split(',').filter(|edit| !edit.is_empty());
        let parsed = |edit| match str::split_once(edit, '=') {
            Some((field, digest)) => (field, Some(digest.to_owned())),
            None => (edit, None),
        };
        edits.map(parsed).collect()
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

/// Keeps which fields the member has edited since the case was completed or rejected. A change of status begins anew.
pub(super) fn keep(row: &mut ActiveModel, before: &Model, by: &Actor) {
    match row.status {
        Set(_) if before.member_edits.is_some() => row.member_edits = Set(None),
        Set(_) => {}
        Unchanged(_) | NotSet if before.is_returned() => keep_edits(row, before, by.id() == Some(before.member_id)),
        Unchanged(_) | NotSet => {}
    }
}

/// Adds what the member edits, and removes what has its former value again.
fn keep_edits(row: &mut ActiveModel, before: &Model, is_by_member: bool) {
    let changed: Vec<Column> = [DETAILS, REMARKS].concat().into_iter().filter(|column| row.get(*column).is_set()).collect();
    if changed.is_empty() {
        return;
    }
    let mut after = before.clone();
    for column in &changed {
        if let Set(value) = row.get(*column) {
            after.set(*column, value);
        }
    }
    let (old, new) = (facts::<Entity>(before), facts::<Entity>(&after));
    let mut edits = before.edits();
    for field in changed.into_iter().map(wire_name) {
        let is_back = edits.get(field).map(|former| *former == Some(digest(&new, field)));
        match is_back {
            Some(true) => drop(edits.remove(field)),
            Some(false) => {}
            None if is_by_member => drop(edits.insert(field, Some(digest(&old, field)))),
            None => {}
        }
    }
    let kept = joined(&edits);
    if kept != before.member_edits {
        row.member_edits = Set(kept);
    }
}

/// Characters of a digest that are kept: enough to tell two values of a field apart.
const DIGEST_LENGTH: usize = 16;

fn digest(facts: &Map<String, Json>, field: &str) -> String {
    let value = facts.get(field).map(ToString::to_string).unwrap_or_default();
    text::sha256_hex(value.as_bytes()).chars().take(DIGEST_LENGTH).collect()
}

fn joined(edits: &Edits<'_>) -> Option<String> {
    let spelled = edits.iter().map(|(field, former)| match former {
        Some(digest) => format!("{field}={digest}"),
        None => (*field).to_owned(),
    });
    (!edits.is_empty()).then(|| spelled.collect::<Vec<_>>().join(","))
}
