//! The caller of a request and their credential, read from the database on each request and again with each change, never from a
//! token.

use super::{Column, Entity, Level, Model, Person, Role, Scope};
use crate::audit::Rights;
use crate::db::WriteTransaction;
use crate::{api_key, session};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, IntoCondition};
use sea_orm::{JoinType, QuerySelect};

/// The caller of a request, with what determines their rights.
#[derive(Clone, Debug)]
pub struct Caller {
    pub person: Person,
    pub user_level: Option<Level>,
    pub scopes: Vec<Scope>,
    /// The session that they signed in to, or the API key that they used.
    pub session_id: Uuid,
}

impl Caller {
    pub fn new(row: &Model, session_id: Uuid) -> Self {
        let scopes = row.scopes.as_deref().map(Scope::split).unwrap_or_default();
        Self { person: Person::new(row), user_level: row.user_level, scopes, session_id }
    }

    pub fn id(&self) -> Uuid {
        self.person.id
    }

    pub fn role(&self) -> Role {
        self.person.role
    }

    /// Whether the caller administers users, settings, jobs and credits.
    pub fn administers(&self) -> bool {
        self.role() == Role::Administrator
    }

    /// Whether the caller sees every account, including those of other administrators.
    pub fn sees_all_accounts(&self) -> bool {
        self.administers()
    }

    /// Whether the caller hands in cases: members their own, administrators those of a member.
    pub fn hands_in_cases(&self) -> bool {
        self.role() == Role::Member || self.administers()
    }

    /// Whether the caller manages all cases.
    pub fn manages_cases(&self) -> bool {
        self.role() == Role::Manager || self.administers()
    }

    /// Whether the caller maintains the members' accounts.
    pub fn manages_members(&self) -> bool {
        self.role() == Role::Technician || self.administers()
    }

    /// Whether the caller reads the audit log, and figures about it.
    pub fn reads_audit_log(&self) -> bool {
        self.manages_cases() || self.scopes.contains(&Scope::AuditRead)
    }

    /// Whether the caller reads the reports.
    pub fn reads_reports(&self) -> bool {
        self.manages_cases() || self.scopes.contains(&Scope::ReportsRead)
    }

    /// Whether the caller reports events of other systems.
    pub fn may_ingest(&self) -> bool {
        self.administers() || self.scopes.contains(&Scope::Ingest)
    }

    /// Whether the caller may review other users' work.
    pub fn is_reviewer(&self) -> bool {
        let is_experienced = matches!(self.user_level, Some(Level::Two | Level::Three));
        is_experienced || self.manages_cases()
    }
}

/// The credential of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A session that the user signed in to.
    Session { id: Uuid, user_id: Uuid },
    /// The API key of a service account, by its hash.
    Key { hash: String },
}

/// The result of checking a credential at one moment.
#[derive(Clone, Debug)]
pub enum Admission {
    /// The credential is valid for this caller.
    Live(Caller),
    /// The credential is no longer valid: the session or the key has ended, or the account is inactive or was deleted. Contains
    /// its owner, if known.
    Ended(Option<Person>),
}

impl Rights for Credential {
    type Admission = Admission;

    async fn read(&self, db: &WriteTransaction, now: DateTime<Utc>) -> Result<Admission, DbErr> {
        self.admit(db, now).await
    }
}

impl Credential {
    /// Checks the credential now: the account and the session or key, in one plain statement.
    pub async fn admit<C: ConnectionTrait>(&self, db: &C, now: DateTime<Utc>) -> Result<Admission, DbErr> {
        let (user, live_id) = match self {
            Self::Session { id, user_id } => {
                let of_user = Entity::belongs_to(session::Entity).from(Column::Id).to(session::Column::UserId);
                let id = *id;
                let of_user =
                    of_user.on_condition(move |_, right| Expr::col((right, session::Column::Id)).eq(id).into_condition());
                let account = Entity::find_by_id(*user_id).join(JoinType::LeftJoin, of_user.into());
                let Some((user, session)) = account.select_also(session::Entity).one(db).await? else {
                    return Ok(Admission::Ended(None));
                };
                let is_live = |session: &session::Model| session.revoked_at.is_none() && now < session.expires_at;
                (user, session.filter(is_live).map(|session| session.id))
            }
            Self::Key { hash } => {
                let of_user = Entity::belongs_to(api_key::Entity).from(Column::Id).to(api_key::Column::UserId).into();
                let account = Entity::find().join(JoinType::InnerJoin, of_user).select_also(api_key::Entity);
                let Some((user, key)) = account.filter(api_key::Column::KeyHash.eq(hash)).one(db).await? else {
                    return Ok(Admission::Ended(None));
                };
                let is_live = |key: &api_key::Model| key.revoked_at.is_none() && user.role == Role::Service;
                let live_id = key.filter(is_live).map(|key| key.id);
                (user, live_id)
            }
        };
        let live_id = live_id.filter(|_| user.is_active && user.deleted_at.is_none());
        Ok(live_id.map_or_else(|| Admission::Ended(Some(Person::new(&user))), |id| Admission::Live(Caller::new(&user, id))))
    }
}
