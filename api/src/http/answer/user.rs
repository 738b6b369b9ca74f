//! A user in responses: as others see the account, and as part of the caller's own.

use super::Answer;
use crate::http::request::caller::Anyone;
use crate::wire::fields::shown::{
    FullName, ShownEmailAddress, ShownPersonName, ShownPhoneNumber, ShownUsername, ShownWorkshopCode,
};
use crate::wire::{Instant, Interruption, Result};
use chrono::{DateTime, Utc};
use entity::audit::AuditTx;
use entity::user::{self, Level, Role, Scope, credential};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "member1", "email": "member1@example.org",
    "first_name": "Mia", "last_name": "Chen", "full_name": "Mia Chen", "phone_number": "312-555-0142", "workshop_code": "WS001",
    "role": "member", "user_level": null, "scopes": [], "is_active": true, "version": 2,
    "last_login_at": "2026-11-22T08:00:00.123Z", "created_at": "2026-01-05T09:00:00.000Z",
    "updated_at": "2026-06-01T10:30:00.000Z"
}))]
pub struct UserDetail {
    pub id: Uuid,
    #[schema(value_type = ShownUsername)]
    pub username: String,
    #[schema(value_type = ShownEmailAddress)]
    pub email: String,
    #[schema(value_type = ShownPersonName)]
    pub first_name: String,
    #[schema(value_type = ShownPersonName)]
    pub last_name: String,
    #[schema(value_type = FullName)]
    pub full_name: String,
    #[schema(value_type = Option<ShownPhoneNumber>)]
    pub phone_number: Option<String>,
    /// The member's workshop
    #[schema(value_type = Option<ShownWorkshopCode>)]
    pub workshop_code: Option<String>,
    pub role: Role,
    /// Technicians only
    pub user_level: Option<Level>,
    /// The scopes granted to a service account; empty for all other roles
    pub scopes: Vec<Scope>,
    pub is_active: bool,
    /// Incremented with each change; also the `ETag`. A login is not a change
    #[schema(minimum = 1)]
    pub version: i32,
    pub last_login_at: Option<Instant>,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl UserDetail {
    /// The user with their last login: one statement in addition to the row's own.
    pub async fn read<C: ConnectionTrait>(db: &C, row: user::Model) -> Result<Self> {
        let last_login_at = credential::last_logins(db, vec![row.id]).await?.remove(&row.id);
        Ok(Self::new(row, last_login_at))
    }

    /// The last step of a write: the view is read inside the transaction, so that an error there leaves no partial change.
    pub async fn committed(tx: AuditTx, row: user::Model, by: &Anyone) -> Result<Answer<Self>, Interruption> {
        let version = row.version;
        let view = Self::read(&tx, row).await?;
        Answer::new(view, version).committed(tx, by).await
    }

    /// The user with their last login, both already read.
    pub fn new(row: user::Model, last_login_at: Option<DateTime<Utc>>) -> Self {
        let full_name = row.full_name();
        // No `..` here: a new column has to be shown or omitted on purpose.
        let user::Model {
            id,
            username,
            email,
            first_name,
            last_name,
            phone_number,
            workshop_code,
            role,
            user_level,
            scopes,
            is_active,
            version,
            created_at,
            updated_at,
            deleted_at: _,
        } = row;
        Self {
            id,
            username,
            email,
            first_name,
            last_name,
            full_name,
            phone_number,
            workshop_code,
            role,
            user_level,
            scopes: scopes.as_deref().map(Scope::split).unwrap_or_default(),
            is_active,
            version,
            last_login_at: last_login_at.map(Instant),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}
