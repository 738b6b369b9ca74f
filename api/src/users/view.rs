//! Users in responses.

use crate::credentials::api_key::ApiKey;
use crate::http::{Answer, Anyone, UserDetail};
use crate::wire::fields::shown::{FullName, ShownEmailAddress, ShownUsername, ShownWorkshopCode};
use crate::wire::{Instant, Interruption, Result};
use chrono::{DateTime, Utc};
use entity::audit::AuditTx;
use entity::user::{self, Level, Role, credential};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

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
    #[schema(value_type = ShownUsername)]
    pub username: String,
    #[schema(value_type = ShownEmailAddress)]
    pub email: String,
    #[schema(value_type = FullName)]
    pub full_name: String,
    #[schema(value_type = Option<ShownWorkshopCode>)]
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

impl CreatedUser {
    /// The last step of a creation. The response stored for a retry doesn't contain the key.
    pub async fn committed(
        tx: AuditTx,
        row: user::Model,
        key: Option<ApiKey>,
        by: &Anyone,
    ) -> Result<Answer<Self>, Interruption> {
        let (id, version) = (row.id, row.version);
        let kept = Self { user: UserDetail::read(&tx, row).await?, api_key: None };
        let answer = Answer::new(kept, version).created(format!("/api/v1/users/{id}")).committed(tx, by).await?;
        Ok(answer.showing(|kept| Self { api_key: key.map(|key| key.reveal().to_owned()), ..kept }))
    }
}

impl UserSummary {
    /// A page of users with their last logins: one statement in addition to the rows' own.
    pub async fn read<C: ConnectionTrait>(db: &C, rows: Vec<user::Model>) -> Result<Vec<Self>> {
        let mut last_logins = credential::last_logins(db, rows.iter().map(|row| row.id).collect()).await?;
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
