//! Go on with a session.

use super::refresh_token::{Presented, refused};
use super::token_pair::TokenPair;
use crate::http::origin::Origin;
use crate::http::{Answer, Body, NoParameters, Query, Result, SessionProblems};
use crate::state::App;
use actix_web::post;
use entity::audit::Actor;
use entity::session;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// The last refresh token of a session
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk"}))]
pub struct RefreshSession {
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128)]
    refresh_token: String,
}

/// Exchange a refresh token for the next two tokens
///
/// Each refresh token is good for one use. One that is presented a second time was stolen from its owner or by him: the whole
/// session ends, and that is on record as a denied login. So is a token that was never issued; an address that presents several of
/// those gets 429 `too_many_attempts` until `Retry-After`, but whoever presents an issued token doesn't wait for others.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = RefreshSession,
    responses((status = OK, description = "The session's next tokens", body = TokenPair), SessionProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("it goes on with a session whose login is on record; a token used twice or never issued is a failed or denied login")),
    ),
)]
#[post("/auth/refresh")]
pub async fn refresh_session(
    app: App,
    origin: Origin,
    _: Query<NoParameters>,
    body: Body<RefreshSession>,
) -> Result<Answer<TokenPair>> {
    let presented = Presented::find(&app, &origin, &body.refresh_token).await?;
    let tx = app.begin_as(origin.context(Actor::Anonymous)).await?;
    let Some((user, session)) = presented.use_up(&tx).await? else {
        drop(tx);
        return Err(presented.reused(&app, &origin).await?);
    };
    if !session.is_live(tx.now()) || !user.is_active || user.deleted_at.is_some() {
        return Err(refused());
    }
    let mut row = session.into_active_model();
    row.last_used_at = Set(tx.now());
    let session: session::Model = row.update(&tx).await?;
    TokenPair::committed(&app, tx, user, &session).await
}
