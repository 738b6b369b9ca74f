//! Create an additional key for a service account.

use super::key_view::CreatedApiKey;
use super::target::{UserPath, UserTarget};
use crate::credentials::api_key::ApiKey;
use crate::http::{Administrator, Answer, IfMatchHeader, Result};
use crate::state::App;
use crate::wire::DeleteAccountProblems;
use actix_web::post;
use entity::audit::Event;
use entity::user::{Role, UserAction, UserRefusal};

/// Create an API key
///
/// The response shows the key only once. The service account's other keys stay valid, so that a new key can be deployed
/// before the old one is revoked. Secrets are never stored, so this operation accepts no `Idempotency-Key`: if the response was
/// lost, revoke the new key in the list and create another one.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    responses((status = CREATED, description = "The new key", body = CreatedApiKey), DeleteAccountProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["user_updated"], "may": [], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[post("/users/{user_id}/api-keys")]
pub async fn create_user_api_key(app: App, by: Administrator, target: UserTarget) -> Result<Answer<CreatedApiKey>> {
    let (tx, by) = app.begin(&by).await?;
    let user = target.locked(&tx, &by, UserAction::ManageKeys).await?;
    if user.role != Role::Service {
        return Err(UserRefusal::NotAService.into());
    }
    let key = ApiKey::random();
    let row = key.keep(&tx, tx.new_id(), user.id).await?;
    tx.record(Event::api_key_changed(&user, "api_key_created", &row)).await?;
    tx.commit().await?;
    let place = format!("/api/v1/users/{}/api-keys/{}", user.id, row.id);
    Ok(Answer::plain(CreatedApiKey::new(row, key.reveal())).created(place))
}
