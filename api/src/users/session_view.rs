//! Sessions in responses.

use crate::wire::Instant;
use crate::wire::fields::shown::{ShownIpAddress, ShownUserAgent};
use entity::audit_log::SignIn;
use entity::session;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An active session of a user
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d9", "user_id": "01a20725-be30-7584-bca5-f00e655c90d6", "is_current": false,
    "started_at": "2026-11-22T08:00:00.123Z", "last_used_at": "2026-11-22T11:40:02.000Z",
    "expires_at": "2026-12-22T08:00:00.123Z", "ip_address": "192.0.2.7", "user_agent": "Mozilla/5.0"
}))]
pub struct SessionDetail {
    /// The `session_id` in the metadata of its sign-in
    pub id: Uuid,
    pub user_id: Uuid,
    /// Whether the request was made with this session
    pub is_current: bool,
    pub started_at: Instant,
    /// The time of the sign-in or of the last refresh; 24 hours later the session ends
    pub last_used_at: Instant,
    /// The time at which the session ends at the latest
    pub expires_at: Instant,
    /// The address from which the user signed in; null if the audit log has none
    #[schema(value_type = Option<ShownIpAddress>)]
    pub ip_address: Option<String>,
    /// The user agent with which the user signed in; null if the audit log has none
    #[schema(value_type = Option<ShownUserAgent>)]
    pub user_agent: Option<String>,
}

crate::list_of! {
    /// A page of a user's active sessions
    SessionList = SessionDetail
}

/// How the contract describes a session in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only for the contract; requests are read by UserTarget and SessionTarget")]
pub struct SessionPath {
    /// The user
    user_id: Uuid,
    /// The session
    session_id: Uuid,
}

impl SessionDetail {
    pub fn new(row: session::Model, sign_in: Option<SignIn>, current_id: Uuid) -> Self {
        let session::Model { id, user_id, started_at, last_used_at, expires_at, revoked_at: _ } = row;
        let SignIn { ip_address, user_agent } = sign_in.unwrap_or_default();
        Self {
            id,
            user_id,
            is_current: id == current_id,
            started_at: started_at.into(),
            last_used_at: last_used_at.into(),
            expires_at: expires_at.into(),
            ip_address,
            user_agent,
        }
    }
}
