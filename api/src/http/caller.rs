//! Who is asking. A handler's signature is its access rule: it names the weakest caller it takes.

use super::body::NoBody;
use super::idempotency::Retry;
use super::origin::Origin;
use super::token::Claimed;
use super::{Code, Error, Result, api_key, query};
use crate::state::App;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use entity::audit::{Actor, Context};
use entity::session;
use entity::user::{self, Caller, Role, Scope};
use sea_orm::EntityTrait;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Poll, Waker};
use uuid::Uuid;

/// Somebody who signed in, and where his request came from.
#[derive(Clone, Debug)]
pub struct Anyone {
    caller: Caller,
    origin: Origin,
    retry: Option<Retry>,
}

impl Anyone {
    /// What the trail will say about the origin of this request's writes.
    pub fn context(&self) -> Context {
        self.origin.context(Actor::Person(self.caller.person.clone()))
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The request's `Idempotency-Key`, where the operation takes one.
    pub fn retry(&self) -> Option<&Retry> {
        self.retry.as_ref()
    }

    /// Nothing in the token is trusted for rights: user and session, or key, are read anew, so that a demotion or a logout works on
    /// the next request.
    async fn of(request: HttpRequest) -> Result<Self> {
        let app = App::of(&request)?;
        let origin = Origin::of(&request)?;
        let refused = || Error::plain(Code::Unauthorized);
        let presented = request.extensions().get::<Presented>().cloned().ok_or_else(refused)?;
        let caller = presented.caller(&app).await?.ok_or_else(refused)?;
        let anyone = Self { caller, origin, retry: None };
        // For the denied entry, should a role or an object refuse him.
        request.extensions_mut().insert(anyone.clone());
        Ok(anyone)
    }

    /// Lets him in: what else is wrong with the request may be said now.
    async fn admitted(self, request: &HttpRequest, body: NoBody) -> Result<Self> {
        query::refuse_unlisted(request)?;
        body.demand().await?;
        let retry = Retry::of(request, &self)?;
        Asking::end(request);
        Ok(Self { retry, ..self })
    }
}

/// By what a request says who asks: worked out once a request, at the edge, without asking the database.
#[derive(Clone, Debug)]
pub enum Presented {
    /// An access token that is one of ours and whose time is now.
    Token(Claimed),
    /// An API key, by its hash.
    Key { hash: String, last_known_of: Option<Uuid> },
}

impl Presented {
    pub fn of(request: &HttpRequest, app: &App) -> Option<Self> {
        let mut lines = request.headers().get_all(AUTHORIZATION);
        let (Some(header), None) = (lines.next(), lines.next()) else { return None };
        let header = header.to_str().ok()?;
        let (scheme, token) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        match api_key::hash_of(token.trim()) {
            Some(hash) => Some(Self::Key { last_known_of: app.known_keys().user_of(&hash), hash }),
            None => app.tokens().verify(token.trim(), app.now()).map(Self::Token),
        }
    }

    /// Whom it names, as far as counting requests goes.
    pub fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::Token(claimed) => Some(claimed.user_id),
            Self::Key { last_known_of, .. } => *last_known_of,
        }
    }

    /// Whom it lets in: a session that goes on, or a key that wasn't revoked; of somebody who is active.
    async fn caller(&self, app: &App) -> Result<Option<Caller>> {
        match self {
            Self::Token(claimed) => {
                let session = session::Entity::find_by_id(claimed.session_id).one(app.readers()).await?;
                let is_live = |session: &session::Model| {
                    session.revoked_at.is_none() && session.expires_at > app.now() && session.user_id == claimed.user_id
                };
                let Some(session) = session.filter(is_live) else { return Ok(None) };
                let user = active(app, claimed.user_id).await?;
                Ok(user.map(|user| Caller::of(&user, session.id)))
            }
            Self::Key { hash, .. } => {
                let key = entity::api_key::live(app.readers(), hash).await?;
                let user = match &key {
                    Some(key) => active(app, key.user_id).await?.filter(|user| user.role == Role::Service),
                    None => None,
                };
                app.known_keys().note(hash, user.as_ref().map(|user| user.id));
                Ok(user.zip(key).map(|(user, key)| Caller::of(&user, key.id)))
            }
        }
    }
}

async fn active(app: &App, user_id: Uuid) -> Result<Option<user::Model>> {
    let user = user::Entity::find_by_id(user_id).one(app.readers()).await?;
    Ok(user.filter(|user| user.is_active && user.deleted_at.is_none()))
}

impl FromRequest for Anyone {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Asking::begin(request);
        let (request, body) = (request.clone(), NoBody::of(request, payload));
        Box::pin(async move { Self::of(request.clone()).await?.admitted(&request, body).await })
    }
}

impl Deref for Anyone {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Stands in a request while it is being found out who asks, with the waker of those who wait for that.
#[derive(Default)]
struct Asking(Option<Waker>);

impl Asking {
    fn begin(request: &HttpRequest) {
        request.extensions_mut().insert(Self::default());
    }

    fn end(request: &HttpRequest) {
        let waiting = request.extensions_mut().remove::<Self>().and_then(|asking| asking.0);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

/// Something read off a request, once its caller was let in.
pub type Admitted<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// Holds back what is wrong with a request until it is known who asks: 401 and 403 come first. actix runs a handler's extractors
/// side by side, and the caller's is the slow one.
pub fn admitted<T: 'static>(request: &HttpRequest, read: Result<T>) -> Admitted<T> {
    let request = request.clone();
    Box::pin(async move {
        if read.is_err() {
            poll_fn(|context| match request.extensions_mut().get_mut::<Asking>() {
                Some(asking) => {
                    asking.0 = Some(context.waker().clone());
                    Poll::Pending
                }
                None => Poll::Ready(()),
            })
            .await;
        }
        read
    })
}

/// Declares callers and whom they let in; every other is 403.
macro_rules! callers {
    ($($(#[doc = $doc:literal])+ $name:ident: $admits:expr;)*) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name(Anyone);

        impl FromRequest for $name {
            type Error = Error;
            type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

            fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
                Asking::begin(request);
                let (request, body) = (request.clone(), NoBody::of(request, payload));
                Box::pin(async move {
                    let anyone = Anyone::of(request.clone()).await?;
                    let admits: fn(&Caller) -> bool = $admits;
                    if !admits(&anyone) {
                        return Err(Error::forbidden());
                    }
                    anyone.admitted(&request, body).await.map(Self)
                })
            }
        }

        impl Deref for $name {
            type Target = Anyone;

            fn deref(&self) -> &Anyone {
                &self.0
            }
        }
    )* };
}

callers! {
    /// A member.
    Member: |by| by.role() == Role::Member;
    /// A member or an administrator: those who hand in cases.
    MemberOrAdministrator: |by| matches!(by.role(), Role::Member | Role::Administrator);
    /// A person, not a service account.
    Human: |by| by.role() != Role::Service;
    /// A technician, a manager or an administrator.
    Staff: |by| by.role().is_staff();
    /// A technician or an administrator: those who look after the members' accounts.
    AccountKeeper: |by| matches!(by.role(), Role::Technician | Role::Administrator);
    /// Those who review others' work: technicians from level 2 on, managers, administrators.
    Reviewer: |by| by.is_reviewer();
    /// A manager or an administrator: those who run the desk.
    Desk: |by| matches!(by.role(), Role::Manager | Role::Administrator);
    /// An administrator.
    Administrator: |by| by.role() == Role::Administrator;
    /// An administrator, or a service account that was granted `ingest`.
    Ingester: |by| by.role() == Role::Administrator || by.scopes.contains(&Scope::Ingest);
    /// A manager, an administrator, or a service account that was granted `audit:read`.
    AuditReader: |by| matches!(by.role(), Role::Manager | Role::Administrator) || by.scopes.contains(&Scope::AuditRead);
    /// A manager, an administrator, or a service account that was granted `reports:read`.
    ReportReader: |by| matches!(by.role(), Role::Manager | Role::Administrator) || by.scopes.contains(&Scope::ReportsRead);
}
