//! The member and the quarter a path names, and the version its caller expects. What can't be a quarter names none.

use crate::http::caller::{Admitted, admitted};
use crate::http::{Anyone, Error, IfMatch, Result, path_id};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::credit::{self, Quarter};
use entity::user;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use utoipa::IntoParams;
use uuid::Uuid;

/// How the contract lists a member.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the contract names it; requests are read by AllowanceTarget")]
pub struct MemberPath {
    /// The member
    user_id: Uuid,
}

/// How the contract lists an allowance.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the contract names it; requests are read by AllowanceTarget")]
pub struct AllowancePath {
    /// The member
    user_id: Uuid,
    /// The quarter of the calendar
    #[param(min_length = 7, max_length = 7, pattern = "^20[0-9]{2}-Q[1-4]$", example = "2026-Q4")]
    quarter: String,
}

pub struct AllowanceTarget {
    member_id: Option<Uuid>,
    quarter: Option<Quarter>,
    if_match: IfMatch,
}

impl AllowanceTarget {
    /// The quarter; whatever is none is not found.
    pub fn quarter(&self) -> Result<Quarter> {
        self.quarter.ok_or_else(Error::not_found)
    }

    /// The user, if the caller may know of him.
    pub async fn member<C: ConnectionTrait>(&self, db: &C, by: &Anyone) -> Result<user::Model> {
        let id = self.member_id.ok_or_else(Error::not_found)?;
        user::visible_to(by).filter(user::Column::Id.eq(id)).one(db).await?.ok_or_else(Error::not_found)
    }

    /// Locks the user, so that nobody else sets the same allowance meanwhile, and what he is allowed so far.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone) -> Result<(user::Model, Option<credit::Model>)> {
        let (id, quarter) = (self.member_id.ok_or_else(Error::not_found)?, self.quarter()?);
        let member = user::locked(tx, id, by).await?;
        let allowance = tx.lock(credit::of(member.id, quarter)).await?;
        match &allowance {
            Some(allowance) => self.if_match.check(allowance.version)?,
            None => self.if_match.check_absent()?,
        }
        Ok((member, allowance))
    }
}

impl FromRequest for AllowanceTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let member_id = path_id::named(request, "user_id");
        let quarter = request.match_info().get("quarter").and_then(|quarter| quarter.parse().ok());
        admitted(request, IfMatch::of(request).map(|if_match| Self { member_id, quarter, if_match }))
    }
}
