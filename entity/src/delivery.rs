//! Delivers queued emails: which are due, which is next, and the result of each attempt.
//!
//! An attempt is claimed before the mail server is contacted and recorded after it has answered, so that no email is lost, and
//! none is recorded as sent that wasn't. If a process ends in between, the email is sent again: its message id identifies it to
//! the recipient's server.

use crate::audit::{AuditTx, Event};
use crate::outbox::{ActiveModel, Column, Entity, MailStatus, Model};
use crate::user;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType};
use sea_orm::{QueryOrder, QuerySelect, Select};

/// Minutes from each failed attempt to the next; there is none after the last.
const WAITS: [i64; 6] = [5, 15, 60, 240, 720, 720];
/// The maximum length of a stored error, in characters.
const ERROR_LENGTH_MAX: usize = 500;

/// Why an email could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub why: String,
    pub retry: RetryAdvice,
}

/// What a failed attempt means for later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAdvice {
    /// A later attempt may succeed.
    Later,
    /// A later attempt may succeed, and no other email can be sent now either: the mail server is unreachable, or refuses our
    /// login.
    LaterForAll,
    /// Retrying is pointless.
    None,
}

/// The emails that are due.
pub fn due(now: DateTime<Utc>) -> Select<Entity> {
    let is_due = Column::SendAfter.lte(now).or(Column::SendAfter.is_null());
    Entity::find().filter(Column::Status.eq(MailStatus::Pending)).filter(is_due)
}

/// Claims the email that has waited longest for this attempt: no other process gets it until its next attempt is due.
pub async fn claim_next(tx: &AuditTx) -> Result<Option<Model>, DbErr> {
    let next = due(tx.now()).order_by_asc(Column::SendAfter).order_by_asc(Column::Id).limit(1);
    let Some(mail) = next.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(tx).await? else { return Ok(None) };
    let claimed = ActiveModel {
        id: Unchanged(mail.id),
        attempts: Set(mail.attempts.saturating_add(1)),
        last_attempt_at: Set(Some(tx.now())),
        send_after: Set(Some(tx.now() + wait_after(mail.attempts))),
        ..Default::default()
    };
    claimed.update(tx).await.map(Some)
}

/// Records the result of an attempt. A failed email waits for its next attempt, unless this was the last or retrying is
/// pointless.
pub async fn record(tx: &AuditTx, mail: Model, attempt: Result<(), Undelivered>) -> Result<(), DbErr> {
    let to = match mail.related_user_id {
        Some(id) => user::people(tx, vec![id]).await?.into_iter().next(),
        None => None,
    };
    let error = attempt.as_ref().err().map(|undelivered| undelivered.why.chars().take(ERROR_LENGTH_MAX).collect::<String>());
    let mut row = ActiveModel { id: Unchanged(mail.id), last_error: Set(error.clone()), ..Default::default() };
    match attempt {
        Ok(()) => (row.status, row.sent_at) = (Set(MailStatus::Sent), Set(Some(tx.now()))),
        Err(Undelivered { retry, .. }) if retry == RetryAdvice::None || is_last(mail.attempts) => {
            row.status = Set(MailStatus::Failed)
        }
        Err(_) => {}
    }
    tx.record(Event::mail_attempted(&mail, to.as_ref(), error.as_deref())).await?;
    row.update(tx).await.map(drop)
}

/// Skips what is due while emails are disabled; returns the number of skipped emails.
pub async fn skip_due(tx: &AuditTx) -> Result<u64, DbErr> {
    let is_due = Column::SendAfter.lte(tx.now()).or(Column::SendAfter.is_null());
    #[expect(clippy::disallowed_methods, reason = "unaudited rows")]
    let skipping = Entity::update_many().col_expr(Column::Status, Expr::value(MailStatus::Skipped));
    let skipped = skipping.filter(Column::Status.eq(MailStatus::Pending)).filter(is_due).exec(tx).await?;
    Ok(skipped.rows_affected)
}

fn wait_after(attempts: i32) -> TimeDelta {
    let minutes = usize::try_from(attempts).ok().and_then(|index| WAITS.get(index).copied());
    TimeDelta::minutes(minutes.unwrap_or(720))
}

fn is_last(attempts: i32) -> bool {
    usize::try_from(attempts).is_ok_and(|attempts| attempts >= WAITS.len())
}
