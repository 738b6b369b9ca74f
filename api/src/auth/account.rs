//! The caller's own account in responses.

use super::permission::Permission;
use crate::http::UserDetail;
use crate::wire::Result;
use entity::alert;
use entity::user::{self, Caller, credential};
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
    "last_login_at": "2026-11-22T08:00:00.123Z", "created_at": "2026-01-05T09:00:00.000Z",
    "updated_at": "2026-06-01T10:30:00.000Z",
    "permissions": ["work_on_cases", "review_cases", "read_users", "manage_members", "read_settings"],
    "unread_alerts": 2
}))]
pub struct AccountDetail {
    #[serde(flatten)]
    pub user: UserDetail,
    pub permissions: Vec<Permission>,
    /// Number of the caller's alerts that are not read: those of `GET /alerts?is_read=false`
    #[schema(minimum = 0)]
    pub unread_alerts: u64,
}

impl AccountDetail {
    /// The account of a session: two statements in addition to the row's own.
    pub async fn read<C: ConnectionTrait>(db: &C, row: user::Model, session_id: Uuid) -> Result<Self> {
        let permissions = Permission::all_of(&Caller::new(&row, session_id));
        let unread_alerts = alert::unread_count(db, row.id).await?;
        Ok(Self { user: UserDetail::read(db, row).await?, permissions, unread_alerts })
    }

    /// The account of a session with its version: one statement, and another for the alerts.
    pub async fn find<C: ConnectionTrait>(db: &C, user_id: Uuid, session_id: Uuid) -> Result<Option<(Self, i32)>> {
        let credentials = user::Entity::belongs_to(credential::Entity).from(user::Column::Id).to(credential::Column::UserId);
        let account = user::Entity::find_by_id(user_id).join(JoinType::LeftJoin, credentials.into());
        let Some((row, credential)) = account.select_also(credential::Entity).one(db).await? else { return Ok(None) };
        let (permissions, version) = (Permission::all_of(&Caller::new(&row, session_id)), row.version);
        let user = UserDetail::new(row, credential.and_then(|credential| credential.last_login_at));
        let unread_alerts = alert::unread_count(db, user_id).await?;
        Ok(Some((Self { user, permissions, unread_alerts }, version)))
    }
}
