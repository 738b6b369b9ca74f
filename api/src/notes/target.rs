//! The note a path names and the version its caller expects. What isn't a UUID names nothing.

use crate::http::caller::{Admitted, admitted};
use crate::http::{Anyone, Error, IfMatch, Result, path_id};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::note;
use utoipa::IntoParams;
use uuid::Uuid;

pub struct NoteTarget {
    id: Option<Uuid>,
    if_match: IfMatch,
}

/// How the contract lists it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the contract names it; requests are read by NoteTarget")]
pub struct NotePath {
    /// The note
    note_id: Uuid,
}

impl NoteTarget {
    /// The id, where the note is only read.
    pub fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// Locks the note to take it away, in the order of the checks: 404 if the caller may not know of it, 403 if it isn't his to
    /// take away, 412 if it has another version.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone) -> Result<note::Model> {
        let note = note::locked(tx, self.id()?, by).await?;
        if !note.is_deletable_by(by) {
            return Err(Error::forbidden());
        }
        self.if_match.check(note.version)?;
        Ok(note)
    }
}

impl FromRequest for NoteTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = path_id::named(request, "note_id");
        admitted(request, IfMatch::of(request).map(|if_match| Self { id, if_match }))
    }
}
