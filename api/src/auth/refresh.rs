//! Refresh a session.

use super::refresh_token::{PresentedToken, refused};
use super::token_pair::TokenPair;
use crate::http::request::origin::Origin;
use crate::http::{Answer, NoParameters, Query, SmallBody};
use crate::state::App;
use crate::wire::fields::RefreshToken;
use crate::wire::{Result, SessionProblems};
use actix_web::post;
use entity::audit::{Actor, Event};
use entity::session::{self, refresh_token::Exchange};
use entity::user::Person;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for refreshing a session, with its last refresh token
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk"}))]
pub struct RefreshSession {
    #[validate(nested)]
    refresh_token: RefreshToken,
}

/// Exchange a refresh token for new tokens
///
/// Each refresh token can be used once. A retry within 10 seconds of its use, by a second tab or because the response was lost,
/// returns another pair of tokens of the same session, recorded as a login with `event: refresh_grace`. A token that is used
/// after that, or after one of its successors was used, is treated as stolen: the whole session ends, which is recorded as a
/// denied `login` with `event: refresh_reuse`. A token that was never issued is recorded as a failed `login` with `event:
/// unknown_refresh_token`; an address that sends several of those gets 429 `too_many_attempts` until `Retry-After`, but a token
/// that was issued never has to wait because of others.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = RefreshSession,
    responses((status = OK, description = "The next tokens of the session", body = TokenPair), SessionProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["login"], "denied": entity::audit::Action::Login}))),
)]
#[post("/auth/refresh")]
pub async fn refresh_session(
    app: App,
    origin: Origin,
    _: Query<NoParameters>,
    body: SmallBody<RefreshSession>,
) -> Result<Answer<TokenPair>> {
    let presented = PresentedToken::find(&app, &origin, &body.refresh_token).await?;
    let tx = app.begin_as(origin.context(Actor::Anonymous)).await?;
    let (exchange, user, session) = presented.exchange(&tx).await?;
    let goes_on = session.is_live(tx.now()) && user.is_active && user.deleted_at.is_none();
    match exchange {
        // The session has ended: this may be a second tab, so it is not recorded as reuse.
        Exchange::First | Exchange::Repeated if !goes_on => return Err(refused()),
        Exchange::First => {}
        Exchange::Repeated => {
            let person = Person::new(&user);
            let event = Event::refresh_repeated(&person, session.id, origin.user_agent.as_deref());
            tx.record_as(&origin.context(Actor::Person(person)), event).await?;
        }
        Exchange::Reused => {
            drop(tx);
            return Err(presented.reused(&app, &origin).await?);
        }
    }
    let mut row = session.into_active_model();
    row.last_used_at = Set(tx.now());
    let session: session::Model = row.update(&tx).await?;
    TokenPair::committed(&app, tx, (user, &session), Some(&presented)).await
}
