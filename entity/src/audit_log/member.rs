//! Defines which audit entries the member of a case may see: those about what they see of the case itself, and nothing about the
//! staff's internal work.

use super::change::json_text;
use super::filter::contains;
use crate::audit::{Action, Audited, Outcome};
use crate::audit_entry::{Column, Entity};
use crate::case::{self, Column as C};
use crate::document;
use crate::user::Caller;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value as Json, json};

/// A case's audit trail as its member may see it now.
#[derive(Clone, Debug)]
pub struct MemberView {
    shows_reports: bool,
    /// Completions that the member was never shown, and the changes that reverted them.
    secrets: Vec<Uuid>,
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
    pub(super) fn shows_change_of(name: &str) -> SimpleExpr {
        match Self::ever_shows_field(name) {
            true => Column::ObjectType.eq(case::Entity::OBJECT),
            false => Expr::cust("1 = 0"),
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
        seen.add_option((!self.secrets.is_empty()).then(|| Column::Id.is_not_in(self.secrets.iter().copied())))
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

/// Completions whose result was not released, neither by now nor before they were reverted.
fn undisclosed(turns: Vec<StateChange>, now: DateTime<Utc>) -> Vec<Uuid> {
    let mut secrets = Vec::new();
    let mut completion: Option<(Uuid, Option<DateTime<Utc>>)> = None;
    let is_open = |release: Option<DateTime<Utc>>, at| release.is_none_or(|release| release > at);
    for turn in turns {
        let release = turn.set("released_at").flatten().or_else(|| turn.set("scheduled_release_at").flatten());
        match (turn.set("completed_at"), completion.take()) {
            (Some(Some(_)), _) => completion = Some((turn.id, release)),
            (Some(None), Some((id, release))) if is_open(release, turn.at) => secrets.extend([id, turn.id]),
            (Some(None), _) => {}
            (None, Some((id, earlier))) => completion = Some((id, release.or(earlier))),
            (None, None) => {}
        }
    }
    secrets.extend(completion.filter(|(_, release)| is_open(*release, now)).map(|(id, _)| id));
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
            undisclosed(turns, now.parse().unwrap()).iter().map(|id| id.as_u128()).collect::<Vec<_>>()
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
}
