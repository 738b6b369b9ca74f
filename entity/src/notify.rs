//! Carries out the effects of changes in their transaction: steps of the review history; alerts for users who have to look at
//! something, and emails for users who may not be looking. Called by the hooks, and by the writers of rows that have none; never
//! by a handler or a job.

use crate::alert::{self, Notification};
use crate::audit::{AuditTx, CarryOut};
use crate::audit_log;
use crate::case::{self, CaseAction};
use crate::effect::{Effect, Notice, Recipients};
use crate::job::overdue_hold;
use crate::outbox::{self, Mail};
use crate::review;
use crate::setting;
use crate::user::{self, Caller, Role};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

impl CarryOut for Effect {
    async fn carry_out(self, tx: &AuditTx) -> Result<(), DbErr> {
        match self {
            Self::Review(step) => review::record(tx, step).await.map(drop),
            Self::Notice(notice) => notice.carry_out(tx).await,
            Self::HoldNotOverdue { case_id } => overdue_hold::forget(tx, case_id).await,
        }
    }
}

impl CarryOut for Notice {
    async fn carry_out(self, tx: &AuditTx) -> Result<(), DbErr> {
        match &self.to {
            Recipients::Member(id) => {
                let (people, settings) = reachable(tx, user::Column::Id.eq(*id).into()).await?;
                if people.is_empty() || settings.is_none() {
                    return Ok(());
                }
                self.raise(tx, &ids_of(&people)).await?;
                self.queue(tx, &people, settings).await
            }
            Recipients::User(id) => self.raise_for_staff(tx, user::Column::Id.eq(*id).into()).await,
            Recipients::AssigneeOf(case_id) => match assignee_of(tx, *case_id).await? {
                Some(id) => self.raise_for_staff(tx, user::Column::Id.eq(id).into()).await,
                None => Ok(()),
            },
            Recipients::ReviewersOf(case_id) => match case_with(tx, *case_id).await? {
                Some(case) => self.raise(tx, &reviewers(tx, &case).await?).await,
                None => Ok(()),
            },
            Recipients::ManagersAnd(assignee) => {
                let managers = Condition::any().add(user::Column::Role.eq(Role::Manager));
                let anyone = managers.add_option(assignee.map(|id| user::Column::Id.eq(id)));
                self.raise_for_staff(tx, anyone).await
            }
            Recipients::AdministratorsOf { job_name } => {
                let (people, settings) = reachable(tx, user::Column::Role.eq(Role::Administrator).into()).await?;
                self.raise(tx, &ids_of(&people)).await?;
                if settings.is_none() || audit_log::is_failing(tx, job_name).await? {
                    return Ok(());
                }
                self.queue(tx, &people, settings).await
            }
        }
    }
}

impl Notice {
    async fn raise(&self, tx: &AuditTx, recipients: &[Uuid]) -> Result<(), DbErr> {
        let Self { to: _, kind, severity, title, message, case, mail: _ } = self;
        let notification = Notification { kind: *kind, severity: *severity, title, message, case: case.as_ref() };
        alert::raise(tx, recipients, notification).await
    }

    /// An alert about a case for those of these users whom it could be assigned to: someone who left the staff doesn't see the
    /// case, and the member of a case is not notified of the staff's work on it, whatever their role is by now.
    async fn raise_for_staff(&self, tx: &AuditTx, who: Condition) -> Result<(), DbErr> {
        let case = match &self.case {
            Some((id, _)) => case_with(tx, *id).await?,
            None => None,
        };
        let Some(case) = case else { return Ok(()) };
        let staff = case.assignable(None).filter(who).order_by_asc(user::Column::Id);
        let recipients: Vec<Uuid> = staff.select_only().column(user::Column::Id).into_tuple().all(tx).await?;
        self.raise(tx, &recipients).await
    }

    async fn queue(&self, tx: &AuditTx, people: &[user::Model], settings: Option<setting::Model>) -> Result<(), DbErr> {
        let (Some(mail), Some(settings)) = (&self.mail, settings) else { return Ok(()) };
        let (parameters, employee_name, case) = (&mail.parameters, mail.employee_name.as_deref(), self.case.as_ref());
        let mails = people.iter().map(|to| Mail { to, parameters, employee_name, case });
        outbox::queue(tx, &settings, mails).await
    }
}

async fn case_with(tx: &AuditTx, id: Uuid) -> Result<Option<case::Model>, DbErr> {
    match tx.remembered::<case::Entity>(id) {
        Some(case) => Ok(Some(case)),
        None => case::Entity::find_by_id(id).one(tx).await,
    }
}

async fn assignee_of(tx: &AuditTx, case_id: Uuid) -> Result<Option<Uuid>, DbErr> {
    Ok(case_with(tx, case_id).await?.and_then(|case| case.assigned_to_id))
}

/// The technicians and managers who may review a case. Administrators may review it too, but are not notified.
async fn reviewers(tx: &AuditTx, case: &case::Model) -> Result<Vec<Uuid>, DbErr> {
    let staff = active(user::Column::Role.is_in([Role::Technician, Role::Manager]).into()).all(tx).await?;
    let may_review = |person: &&user::Model| CaseAction::Review.permits(&Caller::new(person, Uuid::nil()), case);
    Ok(staff.iter().filter(may_review).map(|person| person.id).collect())
}

fn ids_of(people: &[user::Model]) -> Vec<Uuid> {
    people.iter().map(|person| person.id).collect()
}

fn active(who: Condition) -> Select<user::Entity> {
    user::active().filter(who).order_by_asc(user::Column::Id)
}

/// Active users with their addresses, and the settings, which control whether and when emails are sent and the time zone of
/// instants in texts: one statement for both. No settings if there are no users.
async fn reachable(tx: &AuditTx, who: Condition) -> Result<(Vec<user::Model>, Option<setting::Model>), DbErr> {
    let mut found = active(who).select_also(setting::Entity);
    QuerySelect::query(&mut found).from(setting::Entity);
    let (people, settings): (Vec<_>, Vec<_>) = found.all(tx).await?.into_iter().unzip();
    Ok((people, settings.into_iter().flatten().next()))
}
