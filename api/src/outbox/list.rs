//! List the emails in the outbox.

use crate::http::request::page::Paging;
use crate::http::{Answer, CaseReference, ListQuery, ManagerOrAdministrator, PersonSummary};
use crate::state::App;
use crate::wire::fields::at_most_all;
use crate::wire::fields::shown::ShownEmailAddress;
use crate::wire::{Instant, ListProblems, Result};
use actix_web::{HttpRequest, get};
use entity::db::any_of;
use entity::outbox::{self, Column, Entity, MailStatus};
use sea_orm::{Condition, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// Filters of the outbox
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct OutboxFilter {
    /// May be repeated
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    status: Vec<MailStatus>,
}

/// An email in the outbox, with its delivery status
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d4", "status": "pending", "template": "case_held",
    "recipient": "mia.chen@example.org",
    "related_user": {"id": "01a20725-be30-7584-bca5-f00e655c90d1", "username": "member1", "full_name": "Mia Chen"},
    "case": {"id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042"},
    "queued_at": "2026-11-22T08:00:00.123Z", "send_after": "2026-11-22T08:15:00.123Z", "attempts": 1,
    "last_attempt_at": "2026-11-22T08:00:05.000Z", "last_error": "the mail server did not answer", "sent_at": null
}))]
pub struct OutboxMail {
    pub id: Uuid,
    pub status: MailStatus,
    #[schema(max_length = 64)]
    pub template: String,
    /// Email address of the recipient
    #[schema(value_type = ShownEmailAddress)]
    pub recipient: String,
    /// The user the address belonged to when the email was queued
    pub related_user: Option<PersonSummary>,
    pub case: Option<CaseReference>,
    pub queued_at: Instant,
    /// When the email is due, or due for a retry
    pub send_after: Option<Instant>,
    #[schema(minimum = 0)]
    pub attempts: i32,
    pub last_attempt_at: Option<Instant>,
    #[schema(max_length = 500)]
    pub last_error: Option<String>,
    pub sent_at: Option<Instant>,
}

crate::list_of! {
    /// A page of emails, newest first
    OutboxList = OutboxMail
}

/// List the emails in the outbox
///
/// Emails that are pending, were sent, failed, or were skipped because emails were switched off; newest first. Their content is
/// not returned.
#[utoipa::path(
    tag = "outbox",
    params(OutboxFilter, Paging),
    responses((status = OK, description = "A page of emails", body = OutboxList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("monitoring the outbox is routine work; each attempt to send an email is audited")),
    ),
)]
#[get("/outbox")]
pub async fn list_outbox(
    app: App,
    by: ManagerOrAdministrator,
    query: ListQuery<OutboxFilter>,
    request: HttpRequest,
) -> Result<Answer<OutboxList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let status = any_of(Column::Status, query.filter.status.iter().copied());
    let found = Entity::find().filter(Condition::all().add_option(status));
    let (rows, page) = page.read_newest(app.readers(), found, Column::Id, |row| row.id).await?;
    let named = rows.iter().filter_map(|row| row.related_user_id);
    let people = PersonSummary::by_id(app.readers(), named).await?;
    Ok(Answer::page(OutboxList { data: rows.into_iter().map(|row| OutboxMail::new(row, &people)).collect(), page }))
}

impl OutboxMail {
    fn new(row: outbox::Model, people: &HashMap<Uuid, PersonSummary>) -> Self {
        let outbox::Model {
            id,
            status,
            recipient,
            template,
            queued_at,
            parameters: _,
            case_id,
            case_number,
            related_user_id,
            send_after,
            attempts,
            last_attempt_at,
            last_error,
            sent_at,
        } = row;
        Self {
            id,
            status,
            template,
            recipient,
            related_user: related_user_id.and_then(|id| people.get(&id).cloned()),
            case: case_id.zip(case_number).map(|(id, case_number)| CaseReference { id, case_number }),
            queued_at: queued_at.into(),
            send_after: send_after.map(Instant),
            attempts,
            last_attempt_at: last_attempt_at.map(Instant),
            last_error,
            sent_at: sent_at.map(Instant),
        }
    }
}
