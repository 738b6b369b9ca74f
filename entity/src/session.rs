//! Sessions and their rotating refresh tokens. A login is the event, not the row.

use crate::audit::Unaudited;
use sea_orm::entity::prelude::*;

/// One sign-in and everything refreshed from it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub started_at: chrono::DateTime<chrono::Utc>,
    pub last_used_at: chrono::DateTime<chrono::Utc>,
    /// The absolute end, however often it is refreshed.
    pub expires_at: chrono::DateTime<chrono::Utc>,
    pub revoked_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "signing in and out are the events (login, logout), not the session's bookkeeping";
}

pub mod refresh_token {
    //! A refresh token by its hash; used once, then replayed only by a thief.

    use crate::audit::Unaudited;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "refresh_tokens")]
    pub struct Model {
        /// SHA-256 of the token, in hexadecimal digits.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub session_id: Uuid,
        pub issued_at: chrono::DateTime<chrono::Utc>,
        pub used_at: Option<chrono::DateTime<chrono::Utc>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Unaudited for Entity {
        const BECAUSE: &'static str = "secrets never enter the trail; a token used twice is recorded as a denied login";
    }
}
