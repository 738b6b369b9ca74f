//! The caller. A handler's signature is its access rule: it names the least privileged caller that it admits.

use super::body::NoBody;
use super::idempotency::IdempotencyKey;
use super::origin::Origin;
use super::query;
use crate::credentials::api_key;
use crate::credentials::token::TokenSubject;
use crate::state::App;
use crate::state::callers::Moment;
use crate::wire::{Code, Error, Result};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use entity::audit::{Actor, Context, Event};
use entity::db::Placed;
use entity::user::{Admission, Caller, Credential, Person, Role};
use sea_orm::sea_query::SelectStatement;
use std::cell::Cell;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use uuid::Uuid;

/// An authenticated caller, where the request came from, and which callers the operation admits.
#[derive(Clone, Debug)]
pub struct Anyone {
    caller: Caller,
    credential: Credential,
    admits: fn(&Caller) -> bool,
    origin: Origin,
    retry: Option<IdempotencyKey>,
}

impl Anyone {
    /// What the audit log records about the origin of this request's writes.
    pub fn context(&self) -> Context {
        self.context_as(self.caller.person.clone())
    }

    /// The same with the caller's current data.
    pub fn context_of(&self, admission: &Admission) -> Context {
        let person = match admission {
            Admission::Live(caller) => Some(&caller.person),
            Admission::Expired { owner, key: _ } => Some(owner),
            Admission::Ended(person) => person.as_ref(),
        };
        self.context_as(person.unwrap_or(&self.caller.person).clone())
    }

    fn context_as(&self, person: Person) -> Context {
        self.origin.context(Actor::Person(person)).with_key(self.caller.api_key.clone())
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The request's `Idempotency-Key`, where the operation accepts one.
    pub fn retry(&self) -> Option<&IdempotencyKey> {
        self.retry.as_ref()
    }

    /// On whose authority a change is made, and the credential that authenticated them.
    pub fn acting(&self) -> (Uuid, &Credential) {
        (self.caller.id(), &self.credential)
    }

    /// The same caller in their current state: 401 if their credential is no longer valid, 403 if the operation no longer admits
    /// them.
    pub fn judged(&self, admission: Admission) -> Result<Self> {
        let caller = match admission {
            Admission::Live(caller) => caller,
            Admission::Expired { .. } | Admission::Ended(_) => return Err(Error::plain(Code::Unauthorized)),
        };
        if !(self.admits)(&caller) {
            return Err(Error::forbidden());
        }
        let retry = self.retry.as_ref().map(|retry| retry.by(&caller));
        Ok(Self { caller, retry, ..self.clone() })
    }

    /// The same for a caller whose response is still being sent, without the unit of work.
    pub async fn judged_again(&self, app: &App) -> Result<Self> {
        self.judged(self.credential.admit(app.readers(), app.now()).await?)
    }

    /// Rights are never taken from the token: the account and the session, or key, are read again, so that a demotion or a logout
    /// takes effect on the next request.
    async fn authenticate(
        request: HttpRequest,
        admits: fn(&Caller) -> bool,
        read: impl AsyncFnOnce(&App, &Credential, &Origin) -> Result<Option<Caller>>,
    ) -> Result<Self> {
        let app = App::extract(&request)?;
        let origin = Origin::extract(&request)?;
        let refused = || Error::plain(Code::Unauthorized);
        let credential =
            request.extensions().get::<PresentedCredential>().map(PresentedCredential::credential).ok_or_else(refused)?;
        let live = read(&app, &credential, &origin).await?;
        if let (Credential::Key { hash }, Some(caller)) = (&credential, &live) {
            app.known_keys().note(hash, caller.id(), caller.session_id, app.now());
        }
        let anyone = Self { caller: live.ok_or_else(refused)?, credential, admits, origin, retry: None };
        // For the denied entry, in case a role or an object check refuses them.
        request.extensions_mut().insert(anyone.clone());
        if !admits(&anyone) {
            return Err(Error::forbidden());
        }
        Ok(anyone)
    }

    /// Admits the caller: other faults of the request may be reported from now on.
    async fn admitted(self, request: &HttpRequest, body: NoBody) -> Result<Self> {
        query::refuse_unlisted(request)?;
        body.ensure_empty().await?;
        let retry = IdempotencyKey::extract(request, &self)?;
        ReadingCaller::end(request);
        Ok(Self { retry, ..self })
    }
}

/// Whether a caller with this credential is kept for a moment. One with a key is not: it may end at any instant, and its first
/// use after that is recorded.
fn is_kept(credential: &Credential) -> bool {
    matches!(credential, Credential::Session { .. })
}

/// The caller, if their credential is valid. If a transaction `reads_again` before the answer, one who was read less than a
/// second ago is not read here.
async fn find(
    app: &App,
    credential: &Credential,
    origin: &Origin,
    admits: fn(&Caller) -> bool,
    reads_again: bool,
) -> Result<Option<Caller>> {
    if reads_again && is_kept(credential) {
        let recent = app.recent_callers().find(credential, app.moment());
        if let Some(caller) = recent.filter(admits) {
            return Ok(Some(caller));
        }
    }
    read(app, credential, origin).await
}

/// Reads the caller, if their credential is valid.
async fn read(app: &App, credential: &Credential, origin: &Origin) -> Result<Option<Caller>> {
    let moment = app.moment();
    let admission = credential.admit(app.readers(), moment.now).await?;
    live(app, credential, origin, moment, admission).await
}

/// The same, with what is read together with the caller.
async fn read_with<T: ReadWithCaller>(
    app: &App,
    credential: &Credential,
    origin: &Origin,
) -> Result<(Option<Caller>, Option<T>)> {
    let moment = app.moment();
    let select = |user_id| T::statement(user_id, moment.now);
    let (admission, row) = credential.admit_beside(app.readers(), moment.now, select).await?;
    Ok((live(app, credential, origin, moment, admission).await?, row))
}

/// The caller whom a credential that was checked at this moment admits. The use of a key that has expired is recorded.
async fn live(
    app: &App,
    credential: &Credential,
    origin: &Origin,
    moment: Moment,
    admission: Admission,
) -> Result<Option<Caller>> {
    match admission {
        Admission::Live(caller) => {
            if is_kept(credential) {
                app.recent_callers().keep(credential.clone(), caller.clone(), moment);
            }
            return Ok(Some(caller));
        }
        Admission::Expired { owner, key } => {
            let event = Event::api_key_expired(&owner, &key, origin.user_agent.as_deref());
            app.record_refusal(origin.context(Actor::Person(owner)).with_key(Some(key)), event).await?;
        }
        Admission::Ended(_) => {}
    }
    app.recent_callers().forget(credential);
    if let Credential::Key { hash } = credential {
        app.known_keys().forget(hash);
    }
    Ok(None)
}

/// The credential that a request presents: determined once per request, at the edge, without querying the database.
#[derive(Clone, Debug)]
pub enum PresentedCredential {
    /// An access token that the service issued and that is currently valid.
    Token(TokenSubject),
    /// An API key, by its hash.
    Key { hash: String, last_known_of: Option<Uuid> },
}

impl PresentedCredential {
    pub fn find(request: &HttpRequest, app: &App) -> Option<Self> {
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

    /// The user it names, as far as counting requests is concerned.
    pub fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::Token(subject) => Some(subject.user_id),
            Self::Key { last_known_of, .. } => *last_known_of,
        }
    }

    fn credential(&self) -> Credential {
        match self {
            Self::Token(TokenSubject { user_id, session_id }) => Credential::Session { id: *session_id, user_id: *user_id },
            Self::Key { hash, .. } => Credential::Key { hash: hash.clone() },
        }
    }
}

/// Extracts a caller. A change reads them again in its transaction, since its body may arrive long after its head.
fn extract(
    request: &HttpRequest,
    payload: &mut Payload,
    admits: fn(&Caller) -> bool,
    reads_again: bool,
) -> impl Future<Output = Result<Anyone>> + use<> {
    let reads_again = reads_again || !request.method().is_safe();
    extract_by(request, payload, admits, async move |app: &App, credential: &Credential, origin: &Origin| {
        find(app, credential, origin, admits, reads_again).await
    })
}

/// The same with another way to read them.
fn extract_by<F>(
    request: &HttpRequest,
    payload: &mut Payload,
    admits: fn(&Caller) -> bool,
    read: F,
) -> impl Future<Output = Result<Anyone>> + use<F>
where
    F: AsyncFnOnce(&App, &Credential, &Origin) -> Result<Option<Caller>>,
{
    ReadingCaller::begin(request);
    let (request, body) = (request.clone(), NoBody::take(request, payload));
    async move { Anyone::authenticate(request.clone(), admits, read).await?.admitted(&request, body).await }
}

impl FromRequest for Anyone {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(extract(request, payload, |_| true, false))
    }
}

impl Deref for Anyone {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Marks a request whose caller is still being determined, with the waker of those that wait for it.
#[derive(Default)]
struct ReadingCaller(Option<Waker>);

impl ReadingCaller {
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

/// A value extracted from a request, available once its caller was admitted.
pub type Admitted<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// Holds back the faults of a request until its caller is known: 401 and 403 come first. actix runs a handler's extractors
/// concurrently, and the caller's is the slow one.
pub fn admitted<T: 'static>(request: &HttpRequest, read: Result<T>) -> Admitted<T> {
    let request = request.clone();
    Box::pin(async move {
        if read.is_err() {
            poll_fn(|context| match request.extensions_mut().get_mut::<ReadingCaller>() {
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

/// Callers whom an operation admits.
pub trait KindOfCaller: 'static {
    const ADMITS: fn(&Caller) -> bool;
}

/// The caller of a reading whose first page is recorded before it is sent, in a transaction that reads them again
/// (`App::record_reading`). Later pages aren't recorded.
#[derive(Clone, Debug)]
pub struct Recorded<C> {
    caller: Anyone,
    kind: PhantomData<C>,
}

impl<C: KindOfCaller> FromRequest for Recorded<C> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = extract(request, payload, C::ADMITS, query::is_first_page(request.query_string()));
        Box::pin(async { Ok(Self { caller: caller.await?, kind: PhantomData }) })
    }
}

impl<C> Deref for Recorded<C> {
    type Target = Anyone;

    fn deref(&self) -> &Anyone {
        &self.caller
    }
}

/// What an operation depends on besides its caller: a row that is read with them, in one statement.
pub trait ReadWithCaller: Placed + 'static {
    /// Selects the one row for a user; its first column is not null.
    fn statement(user_id: Uuid, now: DateTime<Utc>) -> SelectStatement;
}

/// A caller, and what is read with them.
pub struct CallerWith<C, T> {
    caller: Anyone,
    pub row: T,
    kind: PhantomData<C>,
}

impl<C: KindOfCaller, T: ReadWithCaller> FromRequest for CallerWith<C, T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let row = Rc::new(Cell::new(None));
        let found = Rc::clone(&row);
        let caller = extract_by(request, payload, C::ADMITS, async move |app: &App, credential: &Credential, origin: &Origin| {
            let (caller, row) = read_with(app, credential, origin).await?;
            found.set(row);
            Ok(caller)
        });
        Box::pin(async move {
            let caller = caller.await?;
            let row = row.take().ok_or_else(|| Error::internal("a caller without what is read with them"))?;
            Ok(Self { caller, row, kind: PhantomData })
        })
    }
}

impl<C, T> Deref for CallerWith<C, T> {
    type Target = Anyone;

    fn deref(&self) -> &Anyone {
        &self.caller
    }
}

/// Declares kinds of callers and whom they admit; everyone else gets 403.
macro_rules! callers {
    ($($(#[doc = $doc:literal])+ $name:ident: $admits:expr;)*) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name(Anyone);

        impl FromRequest for $name {
            type Error = Error;
            type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

            fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
                let caller = extract(request, payload, $admits, false);
                Box::pin(async { caller.await.map(Self) })
            }
        }

        impl KindOfCaller for $name {
            const ADMITS: fn(&Caller) -> bool = $admits;
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
    /// A member or an administrator: those who submit cases.
    MemberOrAdministrator: Caller::hands_in_cases;
    /// A person, not a service account.
    PersonCaller: |by| by.role() != Role::Service;
    /// A technician, a manager or an administrator.
    Staff: |by| by.role().is_staff();
    /// A technician or an administrator: those who maintain the members' accounts.
    UserManager: Caller::manages_members;
    /// Reviewers of others' work: technicians from level 2 on, managers, administrators.
    Reviewer: Caller::is_reviewer;
    /// A manager or an administrator: those who manage the cases.
    ManagerOrAdministrator: Caller::manages_cases;
    /// An administrator.
    Administrator: Caller::administers;
    /// An administrator, or a service account with the scope `ingest`.
    Ingester: Caller::may_ingest;
    /// A manager, an administrator, or a service account with the scope `audit:read`.
    AuditReader: Caller::reads_audit_log;
    /// A manager, an administrator, or a service account with the scope `reports:read`.
    ReportReader: Caller::reads_reports;
}
