//! Report an email sent by another system.

use super::cron_run::ensure_in_range;
use super::named;
use super::view::IngestedEntries;
use crate::http::{Answer, Ingester, LargeBody, Result};
use crate::state::App;
use crate::wire::fields::{EmailAddress, Id, Reason};
use crate::wire::{ActionProblems, Error, Instant, json};
use actix_web::post;
use entity::audit::Event;
use entity::reported::ReportedEmail;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// Delivery status of an email
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    Sent,
    Failed,
}

/// Request body for reporting an email that another system sent or failed to send
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "case_id": null, "recipient": "member1@example.org", "sent_at": "2026-11-22T08:00:00.000Z", "delivery_status": "failed",
    "error_message": "550 no such mailbox"
}))]
pub struct IngestEmailNotification {
    /// The case the email was about
    case_id: Option<Id>,
    /// Email address of the recipient; if it belongs to a user of this service, they are the related user of the audit entry
    #[validate(nested)]
    recipient: EmailAddress,
    sent_at: Option<Instant>,
    delivery_status: DeliveryStatus,
    /// Why the delivery failed; only for failed emails
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    error_message: Option<Reason>,
}

/// Report an email sent by another system
///
/// The audit entry of a failed email has the outcome `failure`.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestEmailNotification,
    responses((status = CREATED, description = "The audit entry", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["email_notification_sent"], "may": [], "denied": entity::audit::Action::EmailNotificationSent,
    }))),
)]
#[post("/ingest/email-notifications")]
pub async fn ingest_email_notification(
    app: App,
    by: Ingester,
    body: LargeBody<IngestEmailNotification>,
) -> Result<Answer<IngestedEntries>> {
    let has_failed = body.delivery_status == DeliveryStatus::Failed;
    if !has_failed && body.error_message.is_some() {
        return Err(Error::field("/error_message", "not_allowed", "is allowed only for a failed email").into());
    }
    ensure_in_range("/sent_at", body.sent_at)?;
    let (tx, by) = app.begin(&by).await?;
    let (case, person) = (named::case(&tx, body.case_id).await?, named::person_at(&tx, &body.recipient).await?);
    let mail = ReportedEmail {
        recipient: &body.recipient,
        person: person.as_ref(),
        case: case.as_ref(),
        has_failed,
        error_message: body.error_message.as_deref(),
        sent_at: body.sent_at.map(|at| at.0),
    };
    IngestedEntries::recorded(tx, &by, vec![Event::reported_email(&mail)]).await
}
