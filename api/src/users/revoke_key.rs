//! Revoke an API key.

use super::key_view::KeyPath;
use super::target::UserTarget;
use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{Administrator, IfMatchHeader, Result};
use crate::state::App;
use crate::wire::{Error, RemovalProblems};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete};
use entity::api_key::{self, Column, Entity};
use entity::audit::Event;
use entity::user::UserAction;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

/// The key in a path. A value that isn't a UUID matches none.
pub struct KeyTarget(Option<Uuid>);

/// Revoke an API key of a service account
///
/// The key is refused from the next request on; the service account's other keys stay valid. Revoking a revoked key changes
/// nothing and leaves no entry.
#[utoipa::path(
    tag = "users",
    params(KeyPath, IfMatchHeader),
    responses((status = NO_CONTENT, description = "The key was revoked"), RemovalProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["user_updated"], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[delete("/users/{user_id}/api-keys/{key_id}")]
pub async fn revoke_user_api_key(app: App, by: Administrator, target: UserTarget, key: KeyTarget) -> Result<HttpResponse> {
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let user = target.locked(&tx, &by, UserAction::ManageKeys).await?;
    let id = key.0.ok_or_else(Error::not_found)?;
    let key = Entity::find_by_id(id).filter(Column::UserId.eq(user.id)).one(&tx).await?.ok_or_else(Error::not_found)?;
    if api_key::revoke(&tx, user.id, key.id).await? {
        tx.record(Event::api_key_changed(&user, "api_key_revoked", &key)).await?;
    }
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

impl FromRequest for KeyTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = path_id::named(request, "key_id");
        admitted(request, Ok(Self(id)))
    }
}
