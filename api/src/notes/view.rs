//! The representation of a note in responses.

use crate::http::answer::blocked::divided;
use crate::http::{Anyone, CaseReference, PersonSummary};
use crate::wire::Instant;
use crate::wire::fields::shown::ShownNoteBody;
use entity::case;
use entity::note::{self, NoteAction, Visibility};
use entity::user::Person;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

crate::blocked_action! {
    /// An action that the caller cannot perform on a note, and why
    #[schema(example = json!({
        "action": "delete", "code": "forbidden", "detail": "You do not have permission to perform this action."
    }))]
    BlockedNoteAction = NoteAction,
    /// The code that the action would be refused with
    code
}

/// A note or comment about a case
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d4", "version": 1,
    "case": {"id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042"},
    "author": {"id": "01a20725-be30-7584-bca5-f00e655c90d1", "username": "member1", "full_name": "Mia Chen"},
    "visibility": "shared", "body": "The pay stub of October will arrive on Monday.", "created_at": "2026-11-22T08:00:00.123Z",
    "allowed_actions": ["delete"], "blocked_actions": []
}))]
pub struct CaseNote {
    pub id: Uuid,
    /// Also the `ETag`; a note is never edited
    #[schema(minimum = 1)]
    pub version: i32,
    pub case: CaseReference,
    pub author: Option<PersonSummary>,
    pub visibility: Visibility,
    #[schema(value_type = ShownNoteBody)]
    pub body: String,
    pub created_at: Instant,
    /// What the caller could do with it now
    pub allowed_actions: Vec<NoteAction>,
    /// All other actions
    #[schema(max_items = 100)]
    pub blocked_actions: Vec<BlockedNoteAction>,
}

crate::list_of! {
    /// A page of the notes about a case, newest first
    CaseNoteList = CaseNote
}

impl CaseNote {
    pub fn new(row: note::Model, people: &HashMap<Uuid, Person>, case: &case::Model, by: &Anyone) -> Self {
        let (allowed_actions, blocked_actions) = divided(NoteAction::verdicts(by, case, &row));
        let note::Model {
            id,
            case_id,
            case_number,
            author_id,
            visibility,
            body,
            version,
            created_at,
            updated_at: _,
            deleted_at: _,
        } = row;
        Self {
            id,
            version,
            case: CaseReference { id: case_id, case_number },
            author: people.get(&author_id).map(PersonSummary::from),
            visibility,
            body,
            created_at: created_at.into(),
            allowed_actions,
            blocked_actions,
        }
    }
}
