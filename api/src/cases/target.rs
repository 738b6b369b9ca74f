//! The case named by the path and the version the caller expects. A value that isn't a UUID names no case.

use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{Anyone, IfMatch};
use crate::state::App;
use crate::wire::{Error, Interruption, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::case::{self, ActionRefusal, CaseAction, Circumstances};
use entity::document;
use uuid::Uuid;

pub struct CaseTarget {
    id: Option<Uuid>,
    if_match: IfMatch,
    /// The case, if it is locked already.
    case: Option<case::Model>,
}

impl CaseTarget {
    /// The id, for operations that only read the case.
    pub fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// Begins a unit of work, as `App::begin` does, in which the case may be locked already.
    pub async fn begin(self, app: &App, by: &Anyone) -> Result<(AuditTx, Anyone, Self), Interruption> {
        match self.id.filter(|_| by.retry().is_none()) {
            Some(id) => {
                let (tx, by, case) = app.begin_with_case(by, id).await?;
                Ok((tx, by, Self { case, ..self }))
            }
            None => {
                let (tx, by) = app.begin(by).await?;
                Ok((tx, by, self))
            }
        }
    }

    /// Locks the case for one action, with the checks in this order: 404 if the case is not visible to the caller, 403 if the
    /// caller may not perform the action, 412 if the case has another version, 409 if the action is not possible now.
    pub async fn locked(self, tx: &AuditTx, by: &Anyone, action: CaseAction) -> Result<case::Model> {
        self.locked_when(tx, by, action).await.map(|(case, _)| case)
    }

    /// The same, with the circumstances that decided.
    pub async fn locked_when(self, tx: &AuditTx, by: &Anyone, action: CaseAction) -> Result<(case::Model, Circumstances)> {
        let id = self.id()?;
        let case = match self.case {
            Some(case) => case,
            None => case::locked(tx, id, by).await?,
        };
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
        admitted(request, IfMatch::extract(request).map(|if_match| Self { id, if_match, case: None }))
    }
}
