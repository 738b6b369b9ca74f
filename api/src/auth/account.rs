//! The caller's own account in responses.

use super::permission::Permission;
use crate::wire::{Instant, Result};
use entity::user::{self, Caller, Level, Role, Scope, credential};
use sea_orm::{ConnectionTrait, EntityTrait, JoinType, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The caller's own account and permissions
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "tech2", "email": "tech2@example.org",
    "first_name": "Tom", "last_name": "Reyes", "full_name": "Tom Reyes", "phone_number": null, "workshop_code": null,
    "role": "technician", "user_level": "level_2", "scopes": [], "is_active": true, "version": 3,
    "last_login_at": "2026-11-22T08:00:00.123Z", "created_at": "2026-01-05T09:00:00.000Z", "updated_at": "2026-06-01T10:30:00.000Z",
    "permissions": ["work_on_cases", "review_cases", "read_users", "manage_members", "read_settings"]
}))]
pub struct AccountDetail {
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
    /// Members only
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
    #[schema(max_items = 16)]
    pub permissions: Vec<Permission>,
}

impl AccountDetail {
    /// The account of a session: one statement in addition to the row's own.
    pub async fn read<C: ConnectionTrait>(db: &C, row: user::Model, session_id: Uuid) -> Result<Self> {
        let credential = credential::Entity::find_by_id(row.id).one(db).await?;
        Ok(Self::new(row, credential, session_id))
    }

    /// The account of a session, in one statement.
    pub async fn find<C: ConnectionTrait>(db: &C, user_id: Uuid, session_id: Uuid) -> Result<Option<Self>> {
        let credentials = user::Entity::belongs_to(credential::Entity).from(user::Column::Id).to(credential::Column::UserId);
        let account = user::Entity::find_by_id(user_id).join(JoinType::LeftJoin, credentials.into());
        let found = account.select_also(credential::Entity).one(db).await?;
        Ok(found.map(|(row, credential)| Self::new(row, credential, session_id)))
    }

    fn new(row: user::Model, credential: Option<credential::Model>, session_id: Uuid) -> Self {
        let permissions = Permission::all_of(&Caller::new(&row, session_id));
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
            last_login_at: credential.and_then(|credential| credential.last_login_at).map(Instant),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            permissions,
        }
    }
}
