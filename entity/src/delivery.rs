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
/// The maximum length of a stored error of an email or a job run, in characters.
pub const ERROR_LENGTH_MAX: usize = 500;

/// Why an email could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub why: String,
    pub retry: RetryAdvice,
    pub cause: Cause,
}

/// On whose side an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The recipient's: an address that does not exist, a server that takes nothing or nothing yet.
    Recipient,
    /// The service's own: its mail server, its settings, the network in between.
    Service,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Sent,
    /// The recipient's server asked at first contact to send the email later, as greylisting does. This is no failure.
    Deferred(Undelivered),
    Failed(Undelivered),
}

impl Delivery {
    /// The result of the attempt with this number, counted from 1.
    fn new(attempt: i32, result: Result<(), Undelivered>) -> Self {
        match result {
            Ok(()) => Self::Sent,
            Err(undelivered) if attempt <= 1 && undelivered.is_postponed() => Self::Deferred(undelivered),
            Err(undelivered) => Self::Failed(undelivered),
        }
    }

    fn error(&self) -> Option<String> {
        match self {
            Self::Sent => None,
            Self::Deferred(undelivered) | Self::Failed(undelivered) => {
                Some(undelivered.why.chars().take(ERROR_LENGTH_MAX).collect())
            }
        }
    }
}

impl Undelivered {
    fn is_postponed(&self) -> bool {
        (self.retry, self.cause) == (RetryAdvice::Later, Cause::Recipient)
    }
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
/// pointless. A deferred email leaves no entry: it neither was sent nor failed, and its next attempt says that there was one
/// before.
pub async fn record(tx: &AuditTx, mail: Model, attempt: Result<(), Undelivered>) -> Result<Delivery, DbErr> {
    let to = match mail.related_user_id {
        Some(id) => user::people(tx, vec![id]).await?.into_iter().next(),
        None => None,
    };
    let delivery = Delivery::new(mail.attempts, attempt);
    let error = delivery.error();
    let mut row = ActiveModel { id: Unchanged(mail.id), last_error: Set(error.clone()), ..Default::default() };
    match &delivery {
        Delivery::Sent => (row.status, row.sent_at) = (Set(MailStatus::Sent), Set(Some(tx.now()))),
        Delivery::Failed(undelivered) if undelivered.retry == RetryAdvice::None || is_last(mail.attempts) => {
            row.status = Set(MailStatus::Failed);
        }
        Delivery::Deferred(_) | Delivery::Failed(_) => {}
    }
    if !matches!(delivery, Delivery::Deferred(_)) {
        tx.record(Event::mail_attempted(&mail, to.as_ref(), error.as_deref())).await?;
    }
    row.update(tx).await?;
    Ok(delivery)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_contact_of_a_recipients_server_is_deferred() {
        for (attempt, retry, cause, is_deferred) in [
            (1, RetryAdvice::Later, Cause::Recipient, true),
            (2, RetryAdvice::Later, Cause::Recipient, false),
            (7, RetryAdvice::Later, Cause::Recipient, false),
            (1, RetryAdvice::Later, Cause::Service, false),
            (1, RetryAdvice::LaterForAll, Cause::Service, false),
            (1, RetryAdvice::None, Cause::Recipient, false),
        ] {
            let undelivered = Undelivered { why: "451 greylisted".to_owned(), retry, cause };
            let delivery = Delivery::new(attempt, Err(undelivered));
            assert_eq!(matches!(delivery, Delivery::Deferred(_)), is_deferred, "{attempt} {delivery:?}");
        }
        assert_eq!(Delivery::new(1, Ok(())), Delivery::Sent);
    }
}
