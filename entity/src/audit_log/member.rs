//! Defines which audit entries the member of a case may see: those about what they see of the case itself, and nothing about the
//! staff's internal work.

use super::change::json_text;
use super::filter::contains;
use crate::audit::{Action, Audited, Outcome};
use crate::audit_entry::{Column, Entity};
use crate::case::{self, CaseStatus, Column as C};
use crate::document;
use crate::user::Caller;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value as Json, json};

/// A case's audit trail as its member may see it now.
#[derive(Clone, Debug)]
pub struct MemberView {
    shows_reports: bool,
    secrets: Secrets,
}

/// The entries about completions that the member was never shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Secrets {
    /// Those that they don't see: the completions, and what reverted the ones that were shown as `accepted`.
    hidden: Vec<Uuid>,
    /// What reverted the completions that were shown as `pending_review`: they see the end of that review.
    reviews_ended: Vec<Uuid>,
}

impl MemberView {
    /// Determines which completions the member may know of; one statement.
    pub async fn read<C: ConnectionTrait>(
        db: &C,
        case: &case::Model,
        member: &Caller,
        now: DateTime<Utc>,
    ) -> Result<Self, DbErr> {
        let shows_reports = document::shows_reports(case, member, now);
        Ok(Self { shows_reports, secrets: undisclosed(turns(db, case.id).await?, now) })
    }

    /// Whether the member is shown this change as the end of a review that sent the case back, and its completion not at all.
    pub fn ends_review(&self, id: Uuid) -> bool {
        self.secrets.reviews_ended.contains(&id)
    }

    /// Whether a changed field of a case, given by its wire name, may ever be shown to a member, including in their own entries.
    pub fn ever_shows_field(name: &str) -> bool {
        fields().any(|field| field == name)
    }

    /// Whether a key of an entry's metadata may be shown to a member: why a case was held, and filenames.
    pub const fn shows_metadata(action: Action, key: &str) -> bool {
        matches!(
            (action, key.as_bytes()),
            (Action::CaseHeld, b"reason")
                | (Action::CaseResumed, b"hold_reason")
                | (Action::DocumentUploaded | Action::DocumentDeleted, b"filename")
        )
    }

    /// The entries that show the member a change of a field, given by its wire name: a filter tells no more than they do.
    pub(super) fn shows_change_of(&self, name: &str) -> Condition {
        let ended = self.secrets.reviews_ended.iter().copied();
        let is_shown = ended.len() == 0 || name == case::Entity::wire_name(C::Status);
        match Self::ever_shows_field(name) {
            true => Condition::all()
                .add(Column::ObjectType.eq(case::Entity::OBJECT))
                .add_option((!is_shown).then(|| Column::Id.is_not_in(ended))),
            false => Condition::all().add(Expr::cust("1 = 0")),
        }
    }

    /// The entries that the member may see at all: changes to the parts of the case they see, but not attempts, reads, reviews or
    /// assignments.
    pub(super) fn condition(&self, backend: DbBackend) -> Condition {
        let is = |actions: &[Action]| Condition::all().add(Column::ActionType.is_in(actions.iter().map(|action| action.code())));
        let says = |key: &str, value: &str| json_text(backend, &["metadata", key]).eq(json!(value).to_string());
        let field = |name: &str| contains(Column::ChangedFields, &format!(",{name},"));
        let named_by_fields = fields().fold(Condition::any(), |any, name| any.add(field(name)));
        let documents = is(&[Action::DocumentUploaded, Action::DocumentDeleted]);
        let seen = Condition::any()
            .add(is(&OPEN))
            .add(is(&[Action::CaseUpdated]).add(named_by_fields))
            .add(is(&[Action::NoteAdded, Action::NoteDeleted]).add(says("visibility", "shared")))
            .add(documents.add_option((!self.shows_reports).then(|| says("document_type", "report").not())));
        let seen = Condition::all().add(Column::Outcome.eq(Outcome::Success.code())).add(seen);
        let hidden = &self.secrets.hidden;
        seen.add_option((!hidden.is_empty()).then(|| Column::Id.is_not_in(hidden.iter().copied())))
    }
}

/// The wire names of the columns that a member sees.
fn fields() -> impl Iterator<Item = &'static str> {
    C::iter().filter(|column| case::is_shown_to_member(*column)).map(case::Entity::wire_name)
}

/// Actions that the member sees regardless of what they changed.
const OPEN: [Action; 8] = [
    Action::CaseCreated,
    Action::CaseSubmitted,
    Action::CaseStatusChanged,
    Action::CaseDetailsEdited,
    Action::CaseResubmitted,
    Action::CaseHeld,
    Action::CaseResumed,
    Action::MemberCommentAdded,
];

/// A change that completed a case, released its result or reverted its completion.
struct StateChange {
    id: Uuid,
    at: DateTime<Utc>,
    changes: Json,
}

impl StateChange {
    /// A field's time after the change: `None` if it wasn't changed, `Some(None)` if it was cleared.
    fn set(&self, field: &str) -> Option<Option<DateTime<Utc>>> {
        let to = self.changes.get(field)?.get("to")?;
        Some(to.as_str().and_then(|at| at.parse().ok()))
    }

    /// Whether a completion was the decision of a review.
    fn ended_a_review(&self) -> bool {
        let from = self.changes.get("status").and_then(|status| status.get("from"));
        from.is_some_and(|from| *from == CaseStatus::PendingReview.code())
    }
}

/// A completion that was not reverted so far.
struct EffectiveCompletion {
    id: Uuid,
    /// When the member was or will be shown it.
    release: Option<DateTime<Utc>>,
    ended_a_review: bool,
}

impl EffectiveCompletion {
    fn is_hidden_at(&self, at: DateTime<Utc>) -> bool {
        self.release.is_none_or(|release| release > at)
    }
}

async fn turns<D: ConnectionTrait>(db: &D, case_id: Uuid) -> Result<Vec<StateChange>, DbErr> {
    let either = Condition::any().add(contains(Column::ChangedFields, ",completed_at,"));
    let either = either.add(contains(Column::ChangedFields, ",released_at,"));
    let entries = Entity::find().select_only().columns([Column::Id, Column::OccurredAt, Column::Body]);
    let entries = entries.filter(Column::CaseId.eq(case_id)).filter(either).order_by_asc(Column::Id);
    let rows: Vec<(Uuid, DateTime<Utc>, String)> = entries.into_tuple().all(db).await?;
    let turn = |(id, at, body): (Uuid, _, String)| {
        let body: Json = serde_json::from_str(&body).map_err(|error| DbErr::Json(error.to_string()))?;
        Ok(StateChange { id, at, changes: body.get("changes").cloned().unwrap_or_default() })
    };
    rows.into_iter().map(turn).collect()
}

/// Completions whose result was not released, neither by now nor before they were reverted, and what reverted them.
fn undisclosed(turns: Vec<StateChange>, now: DateTime<Utc>) -> Secrets {
    let mut secrets = Secrets::default();
    let mut completion: Option<EffectiveCompletion> = None;
    for turn in turns {
        let release = turn.set("released_at").flatten().or_else(|| turn.set("scheduled_release_at").flatten());
        match (turn.set("completed_at"), completion.take()) {
            (Some(Some(_)), _) => {
                completion = Some(EffectiveCompletion { id: turn.id, release, ended_a_review: turn.ended_a_review() });
            }
            (Some(None), Some(reverted)) if reverted.is_hidden_at(turn.at) => {
                secrets.hidden.push(reverted.id);
                let shown = if reverted.ended_a_review { &mut secrets.reviews_ended } else { &mut secrets.hidden };
                shown.push(turn.id);
            }
            (Some(None), _) => {}
            (None, Some(earlier)) => completion = Some(EffectiveCompletion { release: release.or(earlier.release), ..earlier }),
            (None, None) => {}
        }
    }
    secrets.hidden.extend(completion.filter(|completion| completion.is_hidden_at(now)).map(|completion| completion.id));
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(number: u128, at: &str, changes: Json) -> StateChange {
        StateChange { id: Uuid::from_u128(number), at: at.parse().unwrap(), changes }
    }

    fn completed(number: u128, at: &str, field: &str, release: &str) -> StateChange {
        let mut changes = json!({"status": {"from": "accepted", "to": "completed"}, "completed_at": {"from": null, "to": at}});
        changes[field] = json!({"from": null, "to": release});
        turn(number, at, changes)
    }

    fn reopened(number: u128, at: &str) -> StateChange {
        turn(number, at, json!({"completed_at": {"from": "2026-12-01T00:00:00.000Z", "to": null}}))
    }

    fn released(number: u128, at: &str) -> StateChange {
        turn(number, at, json!({"released_at": {"from": null, "to": at}}))
    }

    #[test]
    fn a_completion_is_disclosed_once_released_and_never_if_undone_before() {
        let (monday, tuesday, wednesday) = ("2026-12-07T00:00:00.000Z", "2026-12-08T00:00:00.000Z", "2026-12-09T00:00:00.000Z");
        let secrets = |turns: Vec<StateChange>, now: &str| {
            let secrets = undisclosed(turns, now.parse().unwrap());
            assert!(secrets.reviews_ended.is_empty());
            secrets.hidden.iter().map(|id| id.as_u128()).collect::<Vec<_>>()
        };
        let scheduled = || completed(1, monday, "scheduled_release_at", wednesday);
        assert_eq!(secrets(vec![completed(1, monday, "released_at", monday)], monday), [0; 0]);
        assert_eq!(secrets(vec![scheduled()], tuesday), [1]);
        assert_eq!(secrets(vec![scheduled()], wednesday), [0; 0], "regardless of when the job runs");
        assert_eq!(secrets(vec![scheduled(), released(2, tuesday)], tuesday), [0; 0]);
        assert_eq!(secrets(vec![scheduled(), reopened(2, tuesday)], wednesday), [1, 2]);
        assert_eq!(secrets(vec![completed(1, monday, "released_at", monday), reopened(2, tuesday)], tuesday), [0; 0]);
        let again = completed(3, wednesday, "released_at", wednesday);
        assert_eq!(secrets(vec![scheduled(), reopened(2, tuesday), again], wednesday), [1, 2]);
    }

    #[test]
    fn a_reviewed_completion_that_was_undone_is_shown_as_a_review_that_sent_the_case_back() {
        let (monday, tuesday, wednesday) = ("2026-12-07T00:00:00.000Z", "2026-12-08T00:00:00.000Z", "2026-12-09T00:00:00.000Z");
        let mut approved = completed(1, monday, "scheduled_release_at", wednesday);
        approved.changes["status"]["from"] = json!("pending_review");
        let secrets = undisclosed(vec![approved, reopened(2, tuesday)], wednesday.parse().unwrap());
        assert_eq!(secrets, Secrets { hidden: vec![Uuid::from_u128(1)], reviews_ended: vec![Uuid::from_u128(2)] });
    }
}
