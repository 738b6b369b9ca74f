//! The case a path names and the version its caller expects. What isn't a UUID names nothing.

use crate::http::caller::{Admitted, admitted};
use crate::http::{Anyone, Error, IfMatch, Result, path_id};
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

/// How the contract lists it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the contract names it; requests are read by CaseTarget")]
pub struct CasePath {
    /// The case
    case_id: Uuid,
}

impl CaseTarget {
    /// The id, where the case is only read.
    pub fn id(&self) -> Result<Uuid> {
        self.id.ok_or_else(Error::not_found)
    }

    /// Locks the case for one action, in the order of the checks: 404 if the caller may not know of it, 403 if it isn't his
    /// to do, 412 if the case has moved on.
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
        admitted(request, IfMatch::of(request).map(|if_match| Self { id, if_match }))
    }
}
