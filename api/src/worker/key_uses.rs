//! Stores when API keys were last used: once a minute for all keys together, so that no request writes for it.

use crate::state::App;
use entity::api_key;
use entity::audit::{AuditTx, Context};
use entity::cause::with_sources;
use sea_orm::DbErr;
use std::time::Duration;
use uuid::Uuid;

const STORED_EVERY: Duration = Duration::from_secs(60);

/// Runs until the service stops.
pub async fn run(app: App) {
    while !app.stopping().is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(STORED_EVERY) => {}
            () = app.stopping().cancelled() => {}
        }
        if let Err(error) = store_key_uses(&app).await {
            tracing::warn!(cause = with_sources(&error), "the last uses of API keys could not be stored");
        }
    }
}

/// Stores the uses that this process has noted since the last time; without any, nothing is written.
pub async fn store_key_uses(app: &App) -> Result<(), DbErr> {
    let uses = app.known_keys().take_uses();
    if uses.is_empty() {
        return Ok(());
    }
    let stored = async {
        // A transaction each: what revokes all keys of an account locks them in another order.
        for (id, used_at) in &uses {
            let tx = AuditTx::begin(app.db(), Context::job(Uuid::now_v7())).await?;
            api_key::keep_use(&tx, *id, *used_at).await?;
            tx.commit().await?;
        }
        Ok(())
    };
    stored.await.inspect_err(|_| app.known_keys().return_uses(uses.clone()))
}
