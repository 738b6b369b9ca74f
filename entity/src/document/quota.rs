//! Limits the total size of a member's and of a case's documents.
//!
//! Deleted documents count: their bytes are kept.

use super::{Column, Entity};
use crate::audit::AuditTx;
use crate::case;
use crate::setting;
use crate::user::{self, Caller, Role};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Func};

const MEBIBYTE: i64 = 1024 * 1024;

/// Whose documents exceed the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Case,
    Member,
}

impl Owner {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Member => "member",
        }
    }
}

/// A document that would exceed a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the documents of the {} use {used_bytes} of {limit_bytes} bytes, not enough space left for this one", owner.code())]
pub struct Exceeded {
    pub owner: Owner,
    pub used_bytes: i64,
    pub limit_bytes: i64,
}

/// Why a document may not be added.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Refuses a document of this size if it would exceed a quota. The case must be locked by this transaction; if a member adds
/// documents to several cases at once, they are added one at a time.
pub async fn ensure_room(tx: &AuditTx, by: &Caller, case: &case::Model, size_bytes: i64) -> Result<(), QuotaError> {
    let settings = setting::current(tx).await?;
    ensure(tx, Owner::Case, Column::CaseId.eq(case.id), settings.case_document_quota_mib, size_bytes).await?;
    if by.role() == Role::Member {
        tx.lock_many(user::Entity::find().filter(user::Column::Id.eq(by.id()))).await?;
        ensure(tx, Owner::Member, Column::UploadedById.eq(by.id()), settings.member_document_quota_mib, size_bytes).await?;
    }
    Ok(())
}

async fn ensure(tx: &AuditTx, owner: Owner, of: Expr, quota_mib: i32, size_bytes: i64) -> Result<(), QuotaError> {
    // PostgreSQL sums bigints to a numeric.
    let sum = Expr::expr(Func::coalesce([Column::SizeBytes.sum(), Expr::val(0)])).cast_as("bigint");
    let used = Entity::find().select_only().column_as(sum, "used_bytes").filter(of);
    let used_bytes: i64 = used.into_tuple().one(tx).await?.unwrap_or_default();
    let limit_bytes = i64::from(quota_mib) * MEBIBYTE;
    if used_bytes.saturating_add(size_bytes) > limit_bytes {
        return Err(Exceeded { owner, used_bytes, limit_bytes }.into());
    }
    Ok(())
}
