//! Give a service account another key.

use super::key_view::CreatedApiKey;
use super::target::{UserPath, UserTarget};
use crate::http::api_key::ApiKey;
use crate::http::{Administrator, Answer, DeleteAccountProblems, IfMatchHeader, Result};
use crate::state::App;
use actix_web::post;
use entity::audit::Event;
use entity::user::{Refused, Role, UserAction};

/// Give a service account another API key
///
/// The answer shows the key this once. The account's other keys go on, so that a new one can be put in place before the old one
/// is revoked. A secret is never kept, so this takes no `Idempotency-Key`: where no answer came, revoke what the list shows and
/// ask again.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    responses((status = CREATED, description = "The key", body = CreatedApiKey), DeleteAccountProblems),
    extensions(("x-audit-actions" = json!({"always": ["user_updated"], "may": []}))),
)]
#[post("/users/{user_id}/api-keys")]
pub async fn create_user_api_key(app: App, by: Administrator, target: UserTarget) -> Result<Answer<CreatedApiKey>> {
    let (tx, by) = app.begin(&by).await?;
    let user = target.locked(&tx, &by, UserAction::ManageKeys).await?;
    if user.role != Role::Service {
        return Err(Refused::NotAService.into());
    }
    let key = ApiKey::random();
    let row = key.keep(&tx, tx.new_id(), user.id).await?;
    tx.record(Event::api_key_changed(&user, "api_key_created", &row)).await?;
    tx.commit().await?;
    let place = format!("/api/v1/users/{}/api-keys/{}", user.id, row.id);
    Ok(Answer::plain(CreatedApiKey::of(row, key.reveal())).created(place))
}
