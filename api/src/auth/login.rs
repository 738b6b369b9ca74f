//! Log in.

use super::token_pair::TokenPair;
use crate::http::request::origin::Origin;
use crate::http::request::throttle::AttemptBudget;
use crate::http::{Answer, NoParameters, Query, SmallBody};
use crate::state::App;
use crate::wire::fields::{LoginName, LoginPassword};
use crate::wire::{Code, Error, Result, SignInProblems};
use actix_web::post;
use entity::audit::{Actor, AuditTx, Event};
use entity::session;
use entity::user::{self, Person, credential};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for logging in
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "member1", "password": "member1-demo-pass"}))]
pub struct Login {
    /// Case-insensitive
    #[validate(nested)]
    username: LoginName,
    #[validate(nested)]
    password: LoginPassword,
}

/// Log in
///
/// Starts a session of at most 30 days, which ends when it isn't refreshed for 24 hours. A wrong password, an unknown username
/// and an inactive account get the same response in the same time; each such attempt is recorded.
///
/// After a failed attempt the next one for the same username from the same address has to wait: 1 second, from the third failure
/// on 3, from the ninth 5, from the twenty-fifth 10. After 100 failures within 24 hours from any address, logins with this
/// username are refused until the 24 hours are over or its password is reset. Until then the response is 429 `too_many_attempts`
/// with `Retry-After`, whether the password is right or wrong and the username known or not. Existing sessions are not affected;
/// a successful login ends the waits of its address.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Login,
    responses((status = OK, description = "The first tokens of the session", body = TokenPair), SignInProblems),
    extensions(("x-audit-actions" = json!({"always": ["login"], "may": [], "denied": entity::audit::Action::Login}))),
)]
#[post("/auth/login")]
pub async fn login(app: App, origin: Origin, _: Query<NoParameters>, body: SmallBody<Login>) -> Result<Answer<TokenPair>> {
    let account = LoginAccount::find(&app, &body.username.to_ascii_lowercase()).await?;
    let budget = AttemptBudget::of_account(&app, &account.username, &origin)?;
    let _turn = budget.spend(&app, origin.context(Actor::Anonymous), Some(account.throttled(&origin))).await?;
    let stored = account.stored();
    let matches = app.passwords().verify(&body.password, stored.clone()).await?;
    let verified = match (account.refusal(matches), stored) {
        (None, Some(stored)) => stored,
        (refusal, _) => return Err(account.failed(&app, &origin, refusal.unwrap_or("wrong_password")).await?),
    };
    let outdated = app.passwords().is_outdated(&verified);
    let better = if outdated { Some(app.passwords().hash(&body.password).await?) } else { None };
    let Some(person) = account.person() else { return Err(refused()) };
    let tx = app.begin_as(origin.context(Actor::Person(person.clone()))).await?;
    // Any change since the password was verified counts: hashing takes time, and no lock is held for it.
    let Some(user) = still_active(&tx, &person).await? else {
        drop(tx);
        return Err(account.failed(&app, &origin, "inactive").await?);
    };
    if !credential::sign_in(&tx, user.id, &verified, better).await? {
        drop(tx);
        return Err(account.failed(&app, &origin, "wrong_password").await?);
    }
    budget.give_back(&tx).await?;
    let session = session::start(&tx, user.id).await?;
    tx.record(Event::login(&Person::new(&user), session.id, origin.user_agent.as_deref())).await?;
    TokenPair::committed(&app, tx, (user, &session), None).await
}

/// The account with a given username, if there is one.
struct LoginAccount {
    username: String,
    user: Option<user::Model>,
    credential: Option<credential::Model>,
}

impl LoginAccount {
    /// Two statements, whether the username exists or not.
    async fn find(app: &App, username: &str) -> Result<Self> {
        let user = user::Entity::find().filter(user::Column::Username.eq(username)).one(app.readers()).await?;
        let id = user.as_ref().map(|user| user.id).unwrap_or_default();
        let credential = credential::Entity::find_by_id(id).one(app.readers()).await?;
        Ok(Self { username: username.to_owned(), user, credential })
    }

    fn stored(&self) -> Option<String> {
        self.credential.as_ref().and_then(|credential| credential.password_hash.clone())
    }

    fn person(&self) -> Option<Person> {
        self.user.as_ref().map(Person::new)
    }

    /// The reason for refusing the login, for the audit log and not for the response.
    fn refusal(&self, matches: bool) -> Option<&'static str> {
        match &self.user {
            None => Some("unknown_username"),
            Some(user) if user.deleted_at.is_some() => Some("deleted"),
            Some(user) if !user.is_active => Some("inactive"),
            Some(_) => (!matches).then_some("wrong_password"),
        }
    }

    /// The entry of an attempt that comes too early.
    fn throttled(&self, origin: &Origin) -> Event {
        Event::login_throttled(&self.username, self.person().as_ref(), origin.user_agent.as_deref())
    }

    /// Records the failure, and returns the one error for all reasons.
    async fn failed(&self, app: &App, origin: &Origin, event: &'static str) -> Result<Error> {
        let event = Event::login_failed(&self.username, self.person().as_ref(), event, origin.user_agent.as_deref());
        app.record_refusal(origin.context(Actor::Anonymous), event).await?;
        Ok(refused())
    }
}

async fn still_active(tx: &AuditTx, person: &Person) -> Result<Option<user::Model>> {
    let user = tx.lock(user::present().filter(user::Column::Id.eq(person.id))).await?;
    Ok(user.filter(|user| user.is_active))
}

fn refused() -> Error {
    Error::plain(Code::InvalidCredentials)
}
