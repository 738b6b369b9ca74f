//! Errors on the wire: RFC 9457 problem details, and the refusals an operation may declare.

use super::code::Code;
use super::error::cut;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

/// What a problem holds at most: some of it is what the caller sent.
pub const DETAIL_MAX: usize = 1000;
pub const INSTANCE_MAX: usize = 2048;
pub const ERRORS_MAX: usize = 100;
const POINTER_MAX: usize = 256;

/// Why a request was not done (RFC 9457)
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/validation_failed", "title": "Validation failed", "status": 422, "code": "validation_failed",
    "detail": "1 field is invalid.", "instance": "/api/v1/cases/01a20725-be30-7584-bca5-f00e655c90d6/hold",
    "request_id": "01a20725-be30-7584-bca5-f00e655c90d7",
    "errors": [{"location": "body", "pointer": "/reason", "code": "length", "detail": "must have 1 to 2000 characters"}]
}))]
pub struct Problem {
    /// `/problems/{code}`: a page that explains it
    #[serde(rename = "type")]
    #[schema(max_length = 64, format = "uri-reference")]
    pub kind: String,
    /// What went wrong in general
    #[schema(max_length = 64)]
    pub title: String,
    /// The HTTP status
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    pub code: Code,
    /// What went wrong this time
    #[schema(max_length = 1000)]
    pub detail: String,
    /// The path that was asked for
    #[schema(max_length = 2048, format = "uri-reference")]
    pub instance: String,
    /// The request's id, also in the log and in the trail
    #[schema(max_length = 64)]
    pub request_id: String,
    /// The fields, parameters or headers at fault
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[schema(max_items = 100)]
    pub errors: Vec<FieldProblem>,
    /// Further members by code, such as `current_status` and `allowed_from`
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Json>,
}

/// A field, parameter or header at fault
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    pub location: Location,
    /// The place within the location: a JSON pointer (RFC 6901) in the body, else `/` and the parameter's name
    #[schema(max_length = 256)]
    pub pointer: String,
    /// Which rule it breaks
    #[schema(max_length = 64)]
    pub code: String,
    /// What it must be
    #[schema(max_length = 1000)]
    pub detail: String,
}

/// Where in a request something is
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProblemLocation)]
pub enum Location {
    Body,
    Query,
    Header,
}

impl Location {
    /// What something there is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Body => "field",
            Self::Query => "parameter",
            Self::Header => "header",
        }
    }
}

impl FieldProblem {
    /// The same with what the caller sent cut to what a problem holds.
    pub fn bounded(&self) -> Self {
        Self { pointer: cut(&self.pointer, POINTER_MAX), detail: cut(&self.detail, DETAIL_MAX), ..self.clone() }
    }

    pub fn body(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { location: Location::Body, pointer: pointer.into(), code: code.to_owned(), detail: detail.into() }
    }

    pub fn query(name: &str, code: &str, detail: impl Into<String>) -> Self {
        Self { location: Location::Query, pointer: format!("/{name}"), code: code.to_owned(), detail: detail.into() }
    }

    pub fn header(name: &str, code: &str, detail: impl Into<String>) -> Self {
        Self { location: Location::Header, pointer: format!("/{name}"), code: code.to_owned(), detail: detail.into() }
    }
}

/// A kind of refusal, as the contract's components describe it once for all operations that refer to it.
pub struct Refusal {
    pub name: &'static str,
    pub status: u16,
    pub meaning: &'static str,
    /// The codes its problems have.
    pub codes: &'static [Code],
}

macro_rules! refusals {
    ($(#[doc = $doc:literal] $name:ident = $status:literal [$($code:ident),+ $(,)?];)*) => {
        $(
            #[doc = $doc]
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    BTreeMap::from([($status.to_string(), Ref::from_response_name(stringify!($name)).into())])
                }
            }
        )*

        /// Every kind of refusal there is.
        pub const REFUSALS: &[Refusal] =
            &[$(Refusal { name: stringify!($name), status: $status, meaning: $doc, codes: &[$(Code::$code),+] }),*];
    };
}

refusals! {
    /// The request can't be read
    BadRequest = 400 [MalformedJson, InvalidParameter, InvalidHeader, InvalidCursor, InvalidPeriod];
    /// No valid access token or API key
    Unauthorized = 401 [Unauthorized];
    /// No such username with this password
    InvalidCredentials = 401 [InvalidCredentials];
    /// No refresh token that is still good
    InvalidRefreshToken = 401 [InvalidRefreshToken];
    /// The request, or its form, can't be read
    BadForm = 400 [MalformedMultipart, InvalidParameter, InvalidHeader];
    /// The caller may not do this; the attempt is on record
    Forbidden = 403 [Forbidden];
    /// The caller may not do this, or not with this password; the attempt is on record
    WrongPassword = 403 [WrongPassword, Forbidden];
    /// There is no such thing, or the caller may not know of it
    NotFound = 404 [NotFound];
    /// The case is not in a state for this
    CaseConflict = 409 [
        InvalidCaseState, LevelTooLow, NotAssignable, NoAssignee, MissingReports, AlreadyAssigned, RushConfirmationRequired, RushRequired,
        NoChanges, AlreadyReleased, IdempotencyInProgress,
    ];
    /// The case is not in a state for this, or its documents take up too much
    DocumentConflict = 409 [InvalidCaseState, QuotaExceeded, IdempotencyInProgress];
    /// The account is not in a state for this, or it would be a duplicate
    AccountConflict = 409 [
        DuplicateUsername, DuplicateEmail, OwnAccount, LastAdministrator, OpenCases, NoPassword, NotAMember, NotAServiceAccount,
        IdempotencyInProgress,
    ];
    /// The first request with this Idempotency-Key has not ended yet
    InProgress = 409 [IdempotencyInProgress];
    /// The job runs just now
    JobConflict = 409 [JobRunning, IdempotencyInProgress];
    /// The request came too slowly
    RequestTimeout = 408 [RequestTimeout];
    /// The resource changed since the version named by If-Match
    VersionMismatch = 412 [VersionMismatch];
    /// The body is too large
    PayloadTooLarge = 413 [PayloadTooLarge];
    /// The body is not of the media type that is taken here
    UnsupportedMediaType = 415 [UnsupportedMediaType];
    /// A field of the body is invalid, or its Idempotency-Key was used for another request
    ValidationFailed = 422 [ValidationFailed, IdempotencyKeyReused];
    /// The range lies beyond the end
    RangeNotSatisfiable = 416 [RangeNotSatisfiable];
    /// Too many requests; try again after Retry-After
    TooManyRequests = 429 [RateLimited];
    /// Too many failed attempts, or too many requests; try again after Retry-After
    TooManyAttempts = 429 [TooManyAttempts, RateLimited];
    /// Something went wrong on our side
    InternalError = 500 [InternalError];
    /// The database or the trail can't be reached; try again
    Unavailable = 503 [Unavailable, AuditUnavailable];
    /// The database, the trail or the storage can't be reached; try again
    StorageUnavailable = 503 [StorageUnavailable, Unavailable, AuditUnavailable];
    /// There is too little free space for documents
    InsufficientStorage = 507 [InsufficientStorage];
    /// Whether it was done is unknown
    CommitUnknown = 504 [CommitUnknown];
}

/// Declares what a kind of operation can answer beside its success, once.
macro_rules! problem_sets {
    ($($(#[doc = $doc:literal])+ $name:ident = [$($problem:ident),* $(,)?];)*) => { $(
        $(#[doc = $doc])+
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let mut responses = BTreeMap::new();
                $(responses.extend($problem::responses());)*
                responses
            }
        }
    )* };
}

problem_sets! {
    /// Whatever asks the database.
    ServerProblems = [InternalError, Unavailable];
    /// A body that is read and checked.
    BodyProblems = [BadRequest, RequestTimeout, PayloadTooLarge, UnsupportedMediaType, ValidationFailed];
    /// Whatever is written, be it the entry of a reading or of a refusal: a lost connection may leave it open whether it was.
    CommitProblems = [ServerProblems, CommitUnknown];
    /// Reading one thing that may be hidden.
    ReadProblems = [BadRequest, Unauthorized, Forbidden, NotFound, CommitProblems];
    /// Reading one thing that everybody may ask for and not everybody may know of.
    LookupProblems = [BadRequest, Unauthorized, NotFound, CommitProblems];
    /// Reading what anybody who signed in may read.
    CommonProblems = [BadRequest, Unauthorized, ServerProblems];
    /// Reading a list, a report or an export that a role opens.
    ListProblems = [BadRequest, Unauthorized, Forbidden, CommitProblems];
    /// Signing in, where nobody has signed in yet.
    SignInProblems = [BodyProblems, InvalidCredentials, TooManyAttempts, CommitProblems];
    /// Going on with a session, or ending it.
    SessionProblems = [BodyProblems, InvalidRefreshToken, TooManyAttempts, CommitProblems];
    /// Changing one's own account.
    OwnWriteProblems = [BodyProblems, Unauthorized, Forbidden, AccountConflict, VersionMismatch, TooManyAttempts, CommitProblems];
    /// Changing the settings.
    SettingsProblems = [BodyProblems, Unauthorized, Forbidden, VersionMismatch, CommitProblems];
    /// Running a job.
    JobProblems = [BodyProblems, Unauthorized, Forbidden, NotFound, JobConflict, CommitProblems];
    /// Changing one's own secrets.
    SecretProblems = [BodyProblems, Unauthorized, WrongPassword, TooManyAttempts, CommitProblems];
    /// Changing a case by a request with a body.
    WriteProblems = [BodyProblems, MoveProblems];
    /// Changing a case by a request without a body.
    MoveProblems = [BadRequest, Unauthorized, Forbidden, NotFound, CaseConflict, VersionMismatch, CommitProblems];
    /// Deleting what never changes, and so has no version.
    DeleteProblems = [BadRequest, Unauthorized, Forbidden, NotFound, CaseConflict, CommitProblems];
    /// Handing in a file with a form. What is said of the form and of the storage comes last, and counts.
    UploadProblems = [
        BodyProblems, Unauthorized, Forbidden, NotFound, DocumentConflict, CommitProblems, BadForm, StorageUnavailable, InsufficientStorage,
    ];
    /// Reading a file, or a range of it.
    DownloadProblems = [ReadProblems, RangeNotSatisfiable, StorageUnavailable];
    /// Creating a case.
    CreateProblems = [BodyProblems, Unauthorized, Forbidden, CaseConflict, CommitProblems];
    /// Adding something to what may be hidden.
    AdditionProblems = [BodyProblems, Unauthorized, Forbidden, NotFound, CommitProblems];
    /// Taking something away that may be hidden.
    RemovalProblems = [BadRequest, Unauthorized, Forbidden, NotFound, VersionMismatch, CommitProblems];
    /// Doing something that no state of anything stands against.
    ActionProblems = [BodyProblems, Unauthorized, Forbidden, InProgress, CommitProblems];
    /// Changing an account by a request with a body.
    AccountProblems = [BodyProblems, DeleteAccountProblems];
    /// Changing an account, its e-mail address included.
    AddressProblems = [AccountProblems, TooManyAttempts];
    /// Changing an account by a request without a body.
    DeleteAccountProblems = [BadRequest, Unauthorized, Forbidden, NotFound, AccountConflict, VersionMismatch, CommitProblems];
    /// Creating an account.
    CreateAccountProblems = [BodyProblems, Unauthorized, Forbidden, AccountConflict, TooManyAttempts, CommitProblems];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_belongs_to_a_refusal_of_its_status() {
        for refusal in REFUSALS {
            for code in refusal.codes {
                assert_eq!(code.status().as_u16(), refusal.status, "{}: {}", refusal.name, code.name());
            }
        }
        // No operation declares 405: it is the answer to a method that is none.
        for code in Code::all().filter(|code| *code != Code::MethodNotAllowed) {
            assert!(REFUSALS.iter().any(|refusal| refusal.codes.contains(&code)), "{}", code.name());
        }
    }
}
