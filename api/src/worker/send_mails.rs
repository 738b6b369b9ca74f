//! Sending the emails that are due, one by one.

use crate::state::App;
use entity::audit::{AuditTx, Context};
use entity::delivery::{self, Delivery};
use entity::setting;
use sea_orm::DbErr;
use std::time::Duration;

/// The maximum number of emails one run sends; the next run continues.
pub const SENT_AT_ONCE: u64 = 500;

/// How long a run keeps starting to send emails: with the default schedule it ends before its job's next period.
pub const SENDS_FOR: Duration = Duration::from_secs(600);

/// Sends the email that has waited longest, if one is due.
pub async fn send_next(app: &App, context: &Context) -> Result<Option<Delivery>, DbErr> {
    let tx = AuditTx::begin(app.db(), context.clone()).await?;
    let settings = setting::current(&tx).await?;
    if !settings.email_notifications_enabled {
        delivery::skip_due(&tx).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let Some(mail) = delivery::claim_next(&tx).await? else { return Ok(None) };
    tx.commit().await?;

    let attempt = app.mailer().send(&mail, &settings).await;

    let tx = AuditTx::begin(app.db(), context.clone()).await?;
    let delivery = delivery::record(&tx, mail, attempt).await?;
    tx.commit().await?;
    Ok(Some(delivery))
}
