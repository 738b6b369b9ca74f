//! The note named by the path and the version the caller expects. A value that isn't a UUID names no note.

use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{Anyone, IfMatch};
use crate::wire::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::case;
use entity::note::{self, NoteAction};
use utoipa::IntoParams;
use uuid::Uuid;

pub struct NoteTarget {
    id: Option<Uuid>,
    if_match: IfMatch,
}

/// The path parameters as listed in the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed by NoteTarget")]
pub struct NotePath {
    /// The note
    note_id: Uuid,
}

impl NoteTarget {
    /// The id, for operations that only read the note.
    pub fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// Locks the note for deletion, with the checks in this order: 404 if the note is not visible to the caller, 403 if the
    /// caller may not delete it, 412 if the note has another version.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone) -> Result<note::Model> {
        let note = note::locked(tx, self.id()?, by).await?;
        let case = case::seen(tx, note.case_id, by).await?;
        NoteAction::Delete.ensure_open(by, &case, &note)?;
        self.if_match.check(note.version)?;
        Ok(note)
    }
}

impl FromRequest for NoteTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = path_id::named(request, "note_id");
        admitted(request, IfMatch::extract(request).map(|if_match| Self { id, if_match }))
    }
}
