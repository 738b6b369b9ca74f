//! The case named by the path and the version the caller expects. A value that isn't a UUID names no case.

use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{Anyone, IfMatch};
use crate::wire::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::case::{self, CaseAction};
use utoipa::IntoParams;
use uuid::Uuid;

pub struct CaseTarget {
    id: Option<Uuid>,
    if_match: IfMatch,
}

/// The path parameters as listed in the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed by CaseTarget")]
pub struct CasePath {
    /// The case
    case_id: Uuid,
}

impl CaseTarget {
    /// The id, for operations that only read the case.
    pub fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// Locks the case for one action, with the checks in this order: 404 if the case is not visible to the caller, 403 if the
    /// caller may not perform the action, 412 if the case has another version.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone, action: CaseAction) -> Result<case::Model> {
        let case = case::locked(tx, self.id()?, by).await?;
        if !action.permits(by, &case) {
            return Err(Error::forbidden());
        }
        self.if_match.check(case.version_for(by))?;
        Ok(case)
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
