//! Carries out the effects of changes in their transaction: steps of the review history; alerts for users who have to look at
//! something, and emails for users who may not be looking; the flag for the staff. Called by the hooks, and by the writers of
//! rows that have none; never by a handler or a job.

use crate::alert::{self, Notification};
use crate::audit::{AuditTx, CarryOut};
use crate::audit_log;
use crate::case::{self, CaseAction, member_update};
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
            Self::MemberUpdated { case_id } => match case_with(tx, case_id).await? {
                Some(case) if member_update::is_flagged(&case) => member_update::raise(tx, case_id).await,
                Some(_) | None => Ok(()),
            },
        }
    }
}

impl CarryOut for Notice {
    async fn carry_out(self, tx: &AuditTx) -> Result<(), DbErr> {
        match &self.to {
            Recipients::Member(_) => {
                let (people, settings) = reachable(tx, &self.to).await?;
                if people.is_empty() || settings.is_none() {
                    return Ok(());
                }
                self.raise(tx, &people, None).await?;
                self.queue(tx, &people, settings).await
            }
            Recipients::User(_) | Recipients::AssigneeOf(_) | Recipients::ReviewersOf(_) | Recipients::ManagersAnd(_) => {
                self.raise_for_staff(tx).await
            }
            Recipients::AdministratorsOf { job_name } => {
                let (people, settings) = reachable(tx, &self.to).await?;
                self.raise(tx, &people, None).await?;
                if settings.is_none() || audit_log::is_failing(tx, job_name).await? {
                    return Ok(());
                }
                self.queue(tx, &people, settings).await
            }
        }
    }
}

/// Users by id or by role, as a condition and as a rule.
struct Choice {
    id: Option<Uuid>,
    roles: &'static [Role],
}

impl Choice {
    /// None if it contains no one.
    fn condition(&self) -> Option<Condition> {
        let by_id = self.id.map(|id| user::Column::Id.eq(id));
        let by_role = (!self.roles.is_empty()).then(|| user::Column::Role.is_in(self.roles.iter().copied()));
        let any = Condition::any().add_option(by_id).add_option(by_role);
        (!any.is_empty()).then_some(any)
    }

    fn contains(&self, person: &user::Model) -> bool {
        self.id == Some(person.id) || self.roles.contains(&person.role)
    }
}

impl Recipients {
    /// Those of these users who are notified, in their order; `case` is the one that the notification is about.
    pub fn among<'a>(
        &self,
        people: impl IntoIterator<Item = &'a user::Model>,
        case: Option<&case::Model>,
    ) -> impl Iterator<Item = &'a user::Model> {
        let choice = self.choice(case);
        let active = people.into_iter().filter(|person| person.is_active && person.deleted_at.is_none());
        active.filter(move |person| choice.contains(person) && self.suits(person, case))
    }

    /// The users to look for them among, in a fixed order; `None` if there can be no one.
    fn candidates(&self, case: Option<&case::Model>) -> Option<Select<user::Entity>> {
        let chosen = self.choice(case).condition()?;
        Some(user::active().filter(chosen).order_by_asc(user::Column::Id))
    }

    fn choice(&self, case: Option<&case::Model>) -> Choice {
        match self {
            Self::Member(id) | Self::User(id) => Choice { id: Some(*id), roles: &[] },
            Self::AssigneeOf(_) => Choice { id: case.and_then(|case| case.assigned_to_id), roles: &[] },
            // Administrators may review a case too, but are not notified.
            Self::ReviewersOf(_) => Choice { id: None, roles: &[Role::Technician, Role::Manager] },
            Self::ManagersAnd(assignee) => Choice { id: *assignee, roles: &[Role::Manager] },
            Self::AdministratorsOf { .. } => Choice { id: None, roles: &[Role::Administrator] },
        }
    }

    /// Someone who left the staff doesn't see the case, and the member of a case is not notified of the staff's work on it,
    /// whatever their role is by now.
    fn suits(&self, person: &user::Model, case: Option<&case::Model>) -> bool {
        match self {
            Self::Member(_) | Self::AdministratorsOf { .. } => true,
            Self::User(_) | Self::AssigneeOf(_) | Self::ManagersAnd(_) => case.is_some_and(|case| case.is_assignable_to(person)),
            Self::ReviewersOf(_) => case.is_some_and(|case| CaseAction::Review.permits(&Caller::new(person, Uuid::nil()), case)),
        }
    }
}

impl Notice {
    /// An alert for the recipients among these users.
    async fn raise(&self, tx: &AuditTx, people: &[user::Model], about: Option<&case::Model>) -> Result<(), DbErr> {
        let Self { to, kind, severity, title, message, case, mail: _ } = self;
        let notification = Notification { kind: *kind, severity: *severity, title, message, case: case.as_ref() };
        let recipients: Vec<Uuid> = to.among(people, about).map(|person| person.id).collect();
        alert::raise(tx, &recipients, notification).await
    }

    /// An alert for those who work on the case that the notification is about.
    async fn raise_for_staff(&self, tx: &AuditTx) -> Result<(), DbErr> {
        let Some((id, _)) = &self.case else { return Ok(()) };
        let Some(case) = case_with(tx, *id).await? else { return Ok(()) };
        let Some(candidates) = self.to.candidates(Some(&case)) else { return Ok(()) };
        self.raise(tx, &candidates.all(tx).await?, Some(&case)).await
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

/// Active users with their addresses, and the settings, which control whether and when emails are sent and the time zone of
/// instants in texts: one statement for both. No settings if there are no users.
async fn reachable(tx: &AuditTx, to: &Recipients) -> Result<(Vec<user::Model>, Option<setting::Model>), DbErr> {
    let Some(candidates) = to.candidates(None) else { return Ok((Vec::new(), None)) };
    let mut found = candidates.select_also(setting::Entity);
    QuerySelect::query(&mut found).from(setting::Entity);
    let (people, settings): (Vec<_>, Vec<_>) = found.all(tx).await?.into_iter().unzip();
    Ok((people, settings.into_iter().flatten().next()))
}
