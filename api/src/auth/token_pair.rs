//! The tokens returned by a login and by each refresh.

use super::account::AccountDetail;
use super::refresh_token::{self, PresentedToken};
use crate::credentials::token;
use crate::http::Answer;
use crate::state::App;
use crate::wire::{Error, Result};
use entity::audit::AuditTx;
use entity::session;
use entity::user;
use serde::Serialize;
use utoipa::ToSchema;

/// An access token for requests, and a refresh token for the next pair
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.eyJzdWIiOiIwMWEyMDcyNSJ9.c2lnbmF0dXJl",
    "refresh_token": "mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk", "token_type": "Bearer", "expires_in": 600,
    "user": {
        "id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "member1", "email": "member1@example.org",
        "first_name": "Mia", "last_name": "Chen", "full_name": "Mia Chen", "phone_number": null, "workshop_code": "WS001",
        "role": "member", "user_level": null, "scopes": [], "is_active": true, "version": 1,
        "last_login_at": "2026-11-22T08:00:00.123Z", "created_at": "2026-01-05T09:00:00.000Z",
        "updated_at": "2026-01-05T09:00:00.000Z", "permissions": ["hand_in_cases"], "unread_alerts": 0
    }
}))]
pub struct TokenPair {
    /// For the header `Authorization: Bearer`
    #[schema(max_length = 2000)]
    pub access_token: String,
    /// Valid for one use within 24 hours; a retry within 10 seconds of it returns another pair of tokens
    #[schema(min_length = 43, max_length = 43)]
    pub refresh_token: String,
    /// Always `Bearer`
    #[schema(max_length = 6)]
    pub token_type: &'static str,
    /// Number of seconds until the access token expires
    #[schema(minimum = 1)]
    pub expires_in: i64,
    pub user: AccountDetail,
}

impl TokenPair {
    /// The last step of a login or refresh: issues the session's next two tokens, replacing the presented one if there was one.
    pub async fn committed(
        app: &App,
        tx: AuditTx,
        (user, session): (user::Model, &session::Model),
        presented: Option<&PresentedToken>,
    ) -> Result<Answer<Self>> {
        let unusable = || Error::internal("no signing key");
        // By the clock by which it will be verified: the transaction's time is ahead of it if the account was changed by a host
        // whose clock was ahead.
        let access_token = app.tokens().issue(user.id, session.id, app.now()).ok_or_else(unusable)?;
        let refresh_token = refresh_token::issue(&tx, session.id, presented).await?;
        let user = AccountDetail::read(&tx, user, session.id).await?;
        tx.commit().await?;
        let expires_in = token::LIFETIME_SECONDS;
        Ok(Answer::plain(Self { access_token, refresh_token, token_type: "Bearer", expires_in, user }))
    }
}
