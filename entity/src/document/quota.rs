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
#[error("the documents of the {} {} {limit_bytes} bytes, not enough space left for this one", owner.code(), use_of(*used_bytes))]
pub struct Exceeded {
    pub owner: Owner,
    /// `None` for a caller who doesn't see all of these documents.
    pub used_bytes: Option<i64>,
    pub limit_bytes: i64,
}

fn use_of(used_bytes: Option<i64>) -> String {
    used_bytes.map_or_else(|| "may use".to_owned(), |used_bytes| format!("use {used_bytes} of"))
}

/// Why a document may not be added.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl QuotaError {
    fn without_usage(self) -> Self {
        match self {
            Self::Exceeded(exceeded) => Self::Exceeded(Exceeded { used_bytes: None, ..exceeded }),
            Self::Database(error) => Self::Database(error),
        }
    }
}

/// Refuses a document of this size if it would exceed a quota. The case must be locked by this transaction; if a member adds
/// documents to several cases at once, they are added one at a time.
///
/// A member isn't told how much their case uses: that would tell the size of reports that were not released.
pub async fn ensure_room(tx: &AuditTx, by: &Caller, case: &case::Model, size_bytes: i64) -> Result<(), QuotaError> {
    let settings = setting::current(tx).await?;
    let is_member = by.role() == Role::Member;
    let of_case = ensure(tx, Owner::Case, Column::CaseId.eq(case.id), settings.case_document_quota_mib, size_bytes).await;
    of_case.map_err(|error| if is_member { error.without_usage() } else { error })?;
    if is_member {
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
        return Err(Exceeded { owner, used_bytes: Some(used_bytes), limit_bytes }.into());
    }
    Ok(())
}
