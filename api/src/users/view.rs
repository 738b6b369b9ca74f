//! Users in responses.

use crate::credentials::api_key::ApiKey;
use crate::http::{Answer, Anyone};
use crate::wire::{Instant, Result};
use chrono::{DateTime, Utc};
use entity::audit::AuditTx;
use entity::user::{self, Level, Role, Scope, credential};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "member1", "email": "member1@example.org",
    "first_name": "Mia", "last_name": "Chen", "full_name": "Mia Chen", "phone_number": "312-555-0142", "workshop_code": "WS001",
    "role": "member", "user_level": null, "scopes": [], "is_active": true, "version": 2,
    "last_login_at": "2026-11-22T08:00:00.123Z", "created_at": "2026-01-05T09:00:00.000Z", "updated_at": "2026-06-01T10:30:00.000Z"
}))]
pub struct UserDetail {
    pub id: Uuid,
    #[schema(max_length = 64)]
    pub username: String,
    #[schema(max_length = 254)]
    pub email: String,
    #[schema(max_length = 128)]
    pub first_name: String,
    #[schema(max_length = 128)]
    pub last_name: String,
    #[schema(max_length = 257)]
    pub full_name: String,
    #[schema(max_length = 20)]
    pub phone_number: Option<String>,
    /// The member's workshop
    #[schema(max_length = 50)]
    pub workshop_code: Option<String>,
    pub role: Role,
    /// Technicians only
    pub user_level: Option<Level>,
    /// The scopes granted to a service account; empty for all other roles
    #[schema(max_items = 3)]
    pub scopes: Vec<Scope>,
    pub is_active: bool,
    /// Incremented with each change; also the `ETag`. A login is not a change
    #[schema(minimum = 1)]
    pub version: i32,
    pub last_login_at: Option<Instant>,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A newly created user
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "warehouse", "email": "warehouse@example.org",
    "first_name": "Data", "last_name": "Warehouse", "full_name": "Data Warehouse", "phone_number": null, "workshop_code": null,
    "role": "service", "user_level": null, "scopes": ["ingest"], "is_active": true, "version": 1,
    "last_login_at": null, "created_at": "2026-11-22T08:00:00.123Z", "updated_at": "2026-11-22T08:00:00.123Z",
    "api_key": "ctk_mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk"
}))]
pub struct CreatedUser {
    #[serde(flatten)]
    pub user: UserDetail,
    /// First API key of a service account, for the header `Authorization: Bearer`: shown only once, the service stores only
    /// its hash. Null for all other roles
    #[schema(min_length = 47, max_length = 47)]
    pub api_key: Option<String>,
}

/// A user in a list
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "tech2", "email": "tech2@example.org", "full_name": "Tom Reyes",
    "workshop_code": null, "role": "technician", "user_level": "level_2", "is_active": true,
    "last_login_at": "2026-11-22T08:00:00.123Z", "created_at": "2026-01-05T09:00:00.000Z", "deleted_at": null
}))]
pub struct UserSummary {
    pub id: Uuid,
    #[schema(max_length = 64)]
    pub username: String,
    #[schema(max_length = 254)]
    pub email: String,
    #[schema(max_length = 257)]
    pub full_name: String,
    #[schema(max_length = 50)]
    pub workshop_code: Option<String>,
    pub role: Role,
    /// Technicians only
    pub user_level: Option<Level>,
    pub is_active: bool,
    pub last_login_at: Option<Instant>,
    pub created_at: Instant,
    /// Null unless the user was deleted
    pub deleted_at: Option<Instant>,
}

crate::list_of! {
    /// A page of users
    UserList = UserSummary
}

impl UserDetail {
    /// The user with their last login: one statement in addition to the row's own.
    pub async fn read<C: ConnectionTrait>(db: &C, row: user::Model) -> Result<Self> {
        let last_login_at = last_logins(db, vec![row.id]).await?.remove(&row.id);
        Ok(Self::new(row, last_login_at))
    }

    /// The last step of a write: the view is read inside the transaction, so that an error there leaves no partial change.
    pub async fn committed(tx: AuditTx, row: user::Model, by: &Anyone) -> Result<Answer<Self>> {
        let version = row.version;
        let view = Self::read(&tx, row).await?;
        Answer::new(view, version).committed(tx, by).await
    }

    fn new(row: user::Model, last_login_at: Option<DateTime<Utc>>) -> Self {
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

impl CreatedUser {
    /// The last step of a creation. The response stored for a retry doesn't contain the key.
    pub async fn committed(tx: AuditTx, row: user::Model, key: Option<ApiKey>, by: &Anyone) -> Result<Answer<Self>> {
        let (id, version) = (row.id, row.version);
        let kept = Self { user: UserDetail::read(&tx, row).await?, api_key: None };
        let answer = Answer::new(kept, version).created(format!("/api/v1/users/{id}")).committed(tx, by).await?;
        Ok(answer.showing(|kept| Self { api_key: key.map(|key| key.reveal().to_owned()), ..kept }))
    }
}

impl UserSummary {
    /// A page of users with their last logins: one statement in addition to the rows' own.
    pub async fn read<C: ConnectionTrait>(db: &C, rows: Vec<user::Model>) -> Result<Vec<Self>> {
        let mut last_logins = last_logins(db, rows.iter().map(|row| row.id).collect()).await?;
        let view = |row: user::Model| {
            let last_login_at = last_logins.remove(&row.id);
            Self::new(row, last_login_at)
        };
        Ok(rows.into_iter().map(view).collect())
    }

    fn new(row: user::Model, last_login_at: Option<DateTime<Utc>>) -> Self {
        let full_name = row.full_name();
        let user::Model {
            id,
            username,
            email,
            first_name: _,
            last_name: _,
            phone_number: _,
            workshop_code,
            role,
            user_level,
            scopes: _,
            is_active,
            version: _,
            created_at,
            updated_at: _,
            deleted_at,
        } = row;
        Self {
            id,
            username,
            email,
            full_name,
            workshop_code,
            role,
            user_level,
            is_active,
            last_login_at: last_login_at.map(Instant),
            created_at: created_at.into(),
            deleted_at: deleted_at.map(Instant),
        }
    }
}

async fn last_logins<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<HashMap<Uuid, DateTime<Utc>>> {
    let credentials = credential::Entity::find().filter(credential::Column::UserId.is_in(ids)).all(db).await?;
    Ok(credentials.into_iter().filter_map(|row| Some((row.user_id, row.last_login_at?))).collect())
}
