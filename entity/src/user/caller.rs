//! The caller of a request and their credential, read from the database on each request and again with each change, never from a
//! token.

use super::{Column, Entity, Level, Model, PERSON, Person, Role, Scope};
use crate::audit::{RightsSource, UsedKey};
use crate::db::{Columns, Placed, WriteTransaction, first_by_place};
use crate::{api_key, session};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, IntoCondition, SelectStatement};
use sea_orm::{JoinType, QuerySelect, QueryTrait};

/// The caller of a request, with what determines their rights.
#[derive(Clone, Debug)]
pub struct Caller {
    pub person: Person,
    pub user_level: Option<Level>,
    pub scopes: Vec<Scope>,
    /// The session that they signed in to, or the API key that they used.
    pub session_id: Uuid,
    /// That key, as entries show it; none for a session.
    pub api_key: Option<UsedKey>,
}

impl Caller {
    pub fn new(row: &Model, session_id: Uuid) -> Self {
        let scopes = row.scopes.as_deref().map(Scope::split).unwrap_or_default();
        Self { person: Person::new(row), user_level: row.user_level, scopes, session_id, api_key: None }
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// The credential is an API key of this account whose end has come, and nothing else is wrong with it.
    Expired { owner: Person, key: UsedKey },
}

impl RightsSource for Credential {
    type Admission = Admission;

    async fn read(&self, db: &WriteTransaction, now: DateTime<Utc>) -> Result<Admission, DbErr> {
        self.admit(db, now).await
    }
}

impl Credential {
    /// Checks the credential now: the account and the session or key, in one plain statement with the columns that decide.
    ///
    /// # Errors
    ///
    /// If the database can't be queried.
    pub async fn admit<C: ConnectionTrait>(&self, db: &C, now: DateTime<Utc>) -> Result<Admission, DbErr> {
        match self {
            Self::Session { id, user_id } => {
                let account = first_by_place(db, &account_in_session(*id, *user_id)).await?;
                Ok(admission_to_session(*id, account, now))
            }
            Self::Key { hash } => {
                let account = first_by_place(db, &account_with_key(hash)).await?;
                Ok(account.map_or(Admission::Ended(None), |account: KeyHolder| account.admission(now)))
            }
        }
    }

    /// The same, and the one row that `beside` selects for this user: for a session in the same statement. Its first column is
    /// not null.
    ///
    /// # Errors
    ///
    /// If the database can't be queried.
    pub async fn admit_beside<T: Placed, C: ConnectionTrait>(
        &self,
        db: &C,
        now: DateTime<Utc>,
        beside: impl FnOnce(Uuid) -> SelectStatement,
    ) -> Result<(Admission, Option<T>), DbErr> {
        match self {
            Self::Session { id, user_id } => {
                let mut account = account_in_session(*id, *user_id);
                account.join_subquery(JoinType::LeftJoin, beside(*user_id), BESIDE, Expr::cust("TRUE"));
                account.expr(Expr::cust("beside.*"));
                let (account, row) = first_by_place(db, &account).await?.unzip();
                Ok((admission_to_session(*id, account, now), row.flatten()))
            }
            Self::Key { .. } => {
                let admission = self.admit(db, now).await?;
                let Admission::Live(caller) = &admission else { return Ok((admission, None)) };
                let row = first_by_place(db, &beside(caller.id())).await?;
                Ok((admission, row))
            }
        }
    }
}

/// The row beside a caller, in the statement that reads both.
const BESIDE: &str = "beside";

fn account_in_session(id: Uuid, user_id: Uuid) -> SelectStatement {
    let of_user = Entity::belongs_to(session::Entity).from(Column::Id).to(session::Column::UserId);
    let of_user = of_user.on_condition(move |_, right| Expr::col((right, session::Column::Id)).eq(id).into_condition());
    let account =
        Entity::find_by_id(user_id).join(JoinType::LeftJoin, of_user.into()).select_only().columns(PERSON).columns(ACCOUNT);
    account.columns([session::Column::RevokedAt, session::Column::ExpiresAt]).into_query()
}

/// What the account says about its session with this id.
fn admission_to_session(id: Uuid, account: Option<SignedIn>, now: DateTime<Utc>) -> Admission {
    let Some(SignedIn { account, revoked_at, expires_at }) = account else { return Admission::Ended(None) };
    // Without a session, as after a token was used for another user's, there is no end of it.
    let is_live = revoked_at.is_none() && expires_at.is_some_and(|expires_at| now < expires_at);
    if is_live && account.is_open {
        Admission::Live(account.into_caller(id, None))
    } else {
        Admission::Ended(Some(account.person))
    }
}

fn account_with_key(hash: &str) -> SelectStatement {
    let of_user = Entity::belongs_to(api_key::Entity).from(Column::Id).to(api_key::Column::UserId).into();
    let account = Entity::find().join(JoinType::InnerJoin, of_user).select_only().columns(PERSON).columns(ACCOUNT).columns(KEY);
    account.filter(api_key::Column::KeyHash.eq(hash)).into_query()
}

/// What rights depend on besides the person, in the order in which `Account` reads it, behind the columns of the person.
const ACCOUNT: [Column; 3] = [Column::Scopes, Column::IsActive, Column::DeletedAt];

/// The same for a key, behind those of its account.
const KEY: [api_key::Column; 5] =
    [api_key::Column::Id, api_key::Column::Name, api_key::Column::Hint, api_key::Column::RevokedAt, api_key::Column::ExpiresAt];

struct Account {
    person: Person,
    scopes: Vec<Scope>,
    /// Whether the account is active and was not deleted.
    is_open: bool,
}

impl Account {
    fn into_caller(self, session_id: Uuid, api_key: Option<UsedKey>) -> Caller {
        let Self { person, scopes, is_open: _ } = self;
        Caller { user_level: person.user_level, person, scopes, session_id, api_key }
    }
}

impl Placed for Account {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let person = Person::read(columns)?;
        let scopes: Option<String> = columns.take()?;
        let (is_active, deleted_at): (bool, Option<DateTime<Utc>>) = (columns.take()?, columns.take()?);
        let scopes = scopes.as_deref().map(Scope::split).unwrap_or_default();
        Ok(Self { person, scopes, is_open: is_active && deleted_at.is_none() })
    }
}

/// An account with the session that its token names, if that is one of its own.
struct SignedIn {
    account: Account,
    revoked_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl Placed for SignedIn {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self { account: Account::read(columns)?, revoked_at: columns.take()?, expires_at: columns.take()? })
    }
}

/// An account with one of its keys.
struct KeyHolder {
    account: Account,
    key: UsedKey,
    revoked_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl KeyHolder {
    fn admission(self, now: DateTime<Utc>) -> Admission {
        let Self { account, key, revoked_at, expires_at } = self;
        match revoked_at {
            None if account.is_open && account.person.role == Role::Service => match api_key::is_expired(expires_at, now) {
                true => Admission::Expired { owner: account.person, key },
                false => Admission::Live(account.into_caller(key.id, Some(key))),
            },
            None | Some(_) => Admission::Ended(Some(account.person)),
        }
    }
}

impl Placed for KeyHolder {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let (account, id) = (Account::read(columns)?, columns.take()?);
        let (name, hint): (Option<String>, String) = (columns.take()?, columns.take()?);
        let key = UsedKey { id, name: name.unwrap_or(hint) };
        Ok(Self { account, key, revoked_at: columns.take()?, expires_at: columns.take()? })
    }
}
