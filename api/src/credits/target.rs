//! The member and the quarter named by the path, and the version the caller expects. An invalid quarter names no allowance.

use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{Anyone, IfMatch};
use crate::wire::fields::QuarterName;
use crate::wire::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::audit::AuditTx;
use entity::credit::{self, Quarter};
use entity::user;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use utoipa::IntoParams;
use uuid::Uuid;

/// The path parameters of a member as listed in the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed by AllowanceTarget")]
pub struct MemberPath {
    /// The member
    user_id: Uuid,
}

/// The path parameters of an allowance as listed in the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed by AllowanceTarget")]
pub struct AllowancePath {
    /// The member
    user_id: Uuid,
    /// The calendar quarter
    #[param(inline, example = "2026-Q4")]
    quarter: QuarterName,
}

pub struct AllowanceTarget {
    member_id: Option<Uuid>,
    quarter: Option<Quarter>,
    if_match: IfMatch,
}

impl AllowanceTarget {
    /// The quarter; an invalid one results in 404.
    pub fn quarter(&self) -> Result<Quarter> {
        self.quarter.ok_or_else(Error::not_found)
    }

    /// The user, if visible to the caller.
    pub async fn member<C: ConnectionTrait>(&self, db: &C, by: &Anyone) -> Result<user::Model> {
        let id = self.member_id.ok_or_else(Error::not_found)?;
        user::visible_to(by).filter(user::Column::Id.eq(id)).one(db).await?.ok_or_else(Error::not_found)
    }

    /// Locks the user, so that no other request sets the same allowance in the meantime, and the current allowance, if any.
    pub async fn locked(&self, tx: &AuditTx, by: &Anyone) -> Result<(user::Model, Option<credit::Model>)> {
        let (id, quarter) = (self.member_id.ok_or_else(Error::not_found)?, self.quarter()?);
        let member = user::locked(tx, id, by).await?;
        let allowance = tx.lock(credit::find_allowance(member.id, quarter)).await?;
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
        admitted(request, IfMatch::extract(request).map(|if_match| Self { member_id, quarter, if_match }))
    }
}
