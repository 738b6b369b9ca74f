//! Units of work on behalf of the caller of a request: their rights are checked again before the first change.

use super::caller::Anyone;
use crate::state::budgets::Permit;
use crate::state::{App, record_refusal_in};
use crate::wire::{Error, Interruption, Result};
use entity::attempt::{self, Limit};
use entity::audit::{AuditTx, Context, Event};
use entity::case;
use entity::setting;
use entity::user::{self, Admission};
use sea_orm::DbErr;
use uuid::Uuid;

impl App {
    /// Begins a unit of work, the only way to write, as this caller, and returns the caller in their current state: one who has
    /// lost the right since the request began is refused before anything is changed. A request that was already answered, under
    /// its `Idempotency-Key`, ends here.
    pub async fn begin(&self, by: &Anyone) -> Result<(AuditTx, Anyone), Interruption> {
        self.begin_over(by, None).await
    }

    /// The same for a change of this case, which the statement that reads the caller locks; `None` if it is not locked yet. Not
    /// for a request with an `Idempotency-Key`, which is claimed before anything is locked.
    pub async fn begin_with_case(&self, by: &Anyone, id: Uuid) -> Result<(AuditTx, Anyone, Option<case::Model>)> {
        let (_, credential) = by.acting();
        let context = |admission: &Admission| by.context_of(admission);
        let (tx, admission, case) = case::begin_with(self.db(), (credential, by), id, context).await?;
        Ok((tx, by.judged(admission)?, case))
    }

    /// The same for an action that may end a user's rights: that user changes nothing meanwhile.
    pub async fn begin_over(&self, by: &Anyone, user_id: Option<Uuid>) -> Result<(AuditTx, Anyone), Interruption> {
        self.judge(by, AuditTx::begin_by(self.db(), by.acting(), user_id, |admission| by.context_of(admission))).await
    }

    /// The same for a change of many rows, which takes long: on SQLite it shares its COMMIT with no other.
    pub async fn begin_unshared(&self, by: &Anyone) -> Result<(AuditTx, Anyone), Interruption> {
        self.judge(by, AuditTx::begin_unshared_by(self.db(), by.acting(), |admission| by.context_of(admission))).await
    }

    /// The same for a reset of the credits of all members, of which there is one at a time.
    pub async fn begin_reset(&self, by: &Anyone) -> Result<(AuditTx, Anyone, Permit), Interruption> {
        self.wait_for_key(by).await?;
        let turn = self.budgets().reset_turn().await?;
        let begun = AuditTx::begin_unshared_by(self.db(), by.acting(), |admission| by.context_of(admission));
        let (tx, by) = self.judge_keyed(by, begun).await?;
        Ok((tx, by, turn))
    }

    /// The same with another origin: for what the service itself does at this caller's request, which takes long.
    pub async fn begin_for(&self, by: &Anyone, context: Context) -> Result<(AuditTx, Anyone), Interruption> {
        self.judge(by, AuditTx::begin_unshared_by(self.db(), by.acting(), |_| context)).await
    }

    /// The last step of an action that was authorised when it began and has done something that no rollback undoes.
    pub async fn conclude_for(&self, by: &Anyone, context: Context) -> Result<AuditTx, Interruption> {
        let tx = self.begin_as(context).await?;
        if let Some(retry) = by.retry() {
            retry.claim(&tx, self).await?;
        }
        Ok(tx)
    }

    async fn judge(
        &self,
        by: &Anyone,
        begun: impl Future<Output = Result<(AuditTx, Admission), DbErr>>,
    ) -> Result<(AuditTx, Anyone), Interruption> {
        self.wait_for_key(by).await?;
        self.judge_keyed(by, begun).await
    }

    /// Waits until this process handles no other request with the same `Idempotency-Key`.
    async fn wait_for_key(&self, by: &Anyone) -> Result<()> {
        match by.retry() {
            Some(retry) => retry.wait(self.in_flight()).await,
            None => Ok(()),
        }
    }

    /// Judges a caller whose `Idempotency-Key` no other request has.
    async fn judge_keyed(
        &self,
        by: &Anyone,
        begun: impl Future<Output = Result<(AuditTx, Admission), DbErr>>,
    ) -> Result<(AuditTx, Anyone), Interruption> {
        let (tx, admission) = begun.await.map_err(Error::from)?;
        let by = by.judged(admission)?;
        if let Some(retry) = by.retry() {
            retry.claim(&tx, self).await?;
        }
        Ok((tx, by))
    }

    /// The same without an `Idempotency-Key`, which reads do not accept.
    async fn admit(&self, by: &Anyone) -> Result<(AuditTx, Anyone)> {
        let context = |admission: &Admission| by.context_of(admission);
        let (tx, admission) = AuditTx::begin_by(self.db(), by.acting(), None, context).await?;
        let by = by.judged(admission)?;
        Ok((tx, by))
    }

    /// Records a read in a transaction of its own.
    pub async fn record(&self, by: &Anyone, event: Event) -> Result<()> {
        self.record_all(by, [event]).await
    }

    /// The same for a read that is more than one event.
    pub async fn record_all(&self, by: &Anyone, events: impl IntoIterator<Item = Event>) -> Result<()> {
        let (tx, _) = self.admit(by).await?;
        for event in events {
            tx.record(event).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Records a read of a report, list or trail, unless the same caller read the same with the same parameters within 15
    /// minutes: then it is only counted, and an entry reports the number.
    pub async fn record_reading(&self, by: &Anyone, event: Event) -> Result<()> {
        self.record_within(by, Limit::READINGS, event).await
    }

    /// Records that a caller follows the sealed log. Repeated within an hour, it is only counted, and an entry reports the
    /// number.
    pub async fn record_following(&self, by: &Anyone, event: Event) -> Result<()> {
        self.record_within(by, Limit::FOLLOWING, event).await
    }

    /// Records that a member of the staff read a case or a user, if the setting `record_views` is on. Repeated within an hour, it
    /// is only counted, and an entry reports the number.
    pub async fn record_view(&self, by: &Anyone, event: Event) -> Result<()> {
        let are_recorded = by.role().is_staff() && setting::are_views_recorded(self.readers()).await?;
        self.record_view_if(are_recorded, by, event).await
    }

    /// The same of what belongs to an account, unless it is the caller's own.
    pub async fn record_view_of(&self, by: &Anyone, user: &user::Model) -> Result<()> {
        if user.id == by.id() { Ok(()) } else { self.record_view(by, Event::user_viewed(user)).await }
    }

    /// The same where the setting was read with what is shown.
    pub async fn record_view_if(&self, are_views_recorded: bool, by: &Anyone, event: Event) -> Result<()> {
        if by.role().is_staff() && are_views_recorded {
            self.record_within(by, Limit::VIEWS, event).await?;
        }
        Ok(())
    }

    async fn record_within(&self, by: &Anyone, limit: Limit, event: Event) -> Result<()> {
        let (tx, by) = self.admit(by).await?;
        let key = format!("{} {}", by.id(), event.reading_digest());
        attempt::record(&tx, &by.context(), &key, limit, event).await?;
        Ok(tx.commit().await?)
    }

    /// Records how a response ended that began while its caller had the right to it, whether or not they still have it.
    pub async fn record_end(&self, by: &Anyone, event: Event) -> Result<()> {
        let context = |admission: &Admission| by.context_of(admission);
        let (tx, _) = AuditTx::begin_by(self.db(), by.acting(), None, context).await?;
        tx.record(event).await?;
        Ok(tx.commit().await?)
    }

    /// Records a refusal of a caller, with their current role.
    pub async fn record_refusal_of(&self, by: &Anyone, event: Event) -> Result<()> {
        let refused = |admission: &Admission| by.context_of(admission);
        let (tx, admission) = AuditTx::begin_by(self.db(), by.acting(), None, refused).await?;
        record_refusal_in(&tx, &by.context_of(&admission), event).await?;
        Ok(tx.commit().await?)
    }
}
