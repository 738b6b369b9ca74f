//! The case named by the path and the version the caller expects. A value that isn't a UUID names no case.

use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{Anyone, IfMatch};
use crate::wire::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::case::{self, ActionRefusal, CaseAction, Circumstances};
use entity::document;
use uuid::Uuid;

pub struct CaseTarget {
    id: Option<Uuid>,
    if_match: IfMatch,
}

impl CaseTarget {
    /// The id, for operations that only read the case.
    pub fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// Locks the case for one action, with the checks in this order: 404 if the case is not visible to the caller, 403 if the
    /// caller may not perform the action, 412 if the case has another version, 409 if the action is not possible now.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone, action: CaseAction) -> Result<case::Model> {
        self.locked_when(tx, by, action).await.map(|(case, _)| case)
    }

    /// The same, with the circumstances that decided.
    pub async fn locked_when(&self, tx: &AuditTx, by: &Anyone, action: CaseAction) -> Result<(case::Model, Circumstances)> {
        let case = case::locked(tx, self.id()?, by).await?;
        let when = if action == CaseAction::Resubmit {
            document::circumstances(tx, &case, by, tx.now()).await?
        } else {
            Circumstances::at(tx.now())
        };
        let verdict = action.ensure_open(by, &case, &when);
        if let Err(refused @ (ActionRefusal::NotPermitted | ActionRefusal::OwnCase)) = &verdict {
            return Err(refused.clone().into());
        }
        self.if_match.check(case.version_for(by))?;
        verdict?;
        Ok((case, when))
    }
}

impl FromRequest for CaseTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = path_id::named(request, "case_id");
        admitted(request, IfMatch::extract(request).map(|if_match| Self { id, if_match }))
    }
}
