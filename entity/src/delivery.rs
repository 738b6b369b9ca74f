//! Mails on their way: which are due, whose turn it is, and what became of each attempt.
//!
//! An attempt is claimed before the mail server is asked and recorded after it answered, so that no mail is lost, and none is
//! recorded as sent that wasn't. A process that ends in between has the mail tried again: its message id tells a server so.

use crate::audit::{AuditTx, Event};
use crate::outbox::{ActiveModel, Column, Entity, MailStatus, Model};
use crate::user;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType};
use sea_orm::{QueryOrder, QuerySelect, Select};

/// After how many minutes an attempt is followed by the next one; after the last there is none.
const WAITS: [i64; 6] = [5, 15, 60, 240, 720, 720];
/// How long an error is as it is kept.
const ERROR_LENGTH_MAX: usize = 500;

/// Why a mail could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub why: String,
    pub hope: Hope,
}

/// What an attempt that failed says of the next ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hope {
    /// It may work another time.
    Later,
    /// It may work another time, and no other mail gets through now either: there is no mail server, or it doesn't let us in.
    LaterForAll,
    /// Trying again is of no use.
    None,
}

/// The mails whose time has come.
pub fn due(now: DateTime<Utc>) -> Select<Entity> {
    let is_due = Column::SendAfter.lte(now).or(Column::SendAfter.is_null());
    Entity::find().filter(Column::Status.eq(MailStatus::Pending)).filter(is_due)
}

/// Takes the mail that has waited longest for this attempt: until the next one would begin it is nobody else's.
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

/// Records what an attempt came to. What failed waits for the next attempt, unless it was the last or trying again is of no use.
pub async fn record(tx: &AuditTx, mail: Model, attempt: Result<(), Undelivered>) -> Result<(), DbErr> {
    let to = match mail.related_user_id {
        Some(id) => user::people(tx, vec![id]).await?.into_iter().next(),
        None => None,
    };
    let error = attempt.as_ref().err().map(|undelivered| undelivered.why.chars().take(ERROR_LENGTH_MAX).collect::<String>());
    let mut row = ActiveModel { id: Unchanged(mail.id), last_error: Set(error.clone()), ..Default::default() };
    match attempt {
        Ok(()) => (row.status, row.sent_at) = (Set(MailStatus::Sent), Set(Some(tx.now()))),
        Err(Undelivered { hope, .. }) if hope == Hope::None || is_last(mail.attempts) => row.status = Set(MailStatus::Failed),
        Err(_) => {}
    }
    tx.record(Event::mail_attempted(&mail, to.as_ref(), error.as_deref())).await?;
    row.update(tx).await.map(drop)
}

/// Lets go of what is due while mails are switched off; how many these were.
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
