//! Errors in the API: RFC 9457 problem details, and the refusals that an operation may declare.

use super::Code;
use super::error::cut;
use super::fields::shown::ShownRequestId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

/// The maximum size of a problem's members: some of it is copied from the request.
pub const DETAIL_MAX: usize = 1000;
pub const INSTANCE_MAX: usize = 2048;
pub const ERRORS_MAX: usize = 100;
const POINTER_MAX: usize = 256;

/// Problem details of a failed request (RFC 9457)
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/validation_failed", "title": "Validation failed", "status": 422, "code": "validation_failed",
    "detail": "1 field is invalid.", "instance": "/api/v1/cases/01a20725-be30-7584-bca5-f00e655c90d6/hold",
    "request_id": "01a20725-be30-7584-bca5-f00e655c90d7",
    "errors": [{"location": "body", "pointer": "/reason", "code": "length", "detail": "must have 1 to 2000 characters"}]
}))]
pub struct Problem {
    /// `/problems/{code}`: the page that explains the error, below the path at which the service is served
    #[serde(rename = "type")]
    #[schema(max_length = 256, format = "uri-reference")]
    pub kind: String,
    /// Short summary of the kind of error
    #[schema(max_length = 64)]
    pub title: String,
    /// The HTTP status
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    pub code: Code,
    /// Explanation of this occurrence
    #[schema(max_length = 1000)]
    pub detail: String,
    /// The requested path
    #[schema(max_length = 2048, format = "uri-reference")]
    pub instance: String,
    /// The request id, also in the service's log and in the audit log
    #[schema(value_type = ShownRequestId)]
    pub request_id: String,
    /// The invalid fields, parameters or headers; with 409 the field of the request body that the conflict belongs to, if it
    /// belongs to one, with the code of the problem as its code
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[schema(max_items = 100)]
    pub errors: Vec<FieldProblem>,
    /// Additional members by code, such as `current_status` and `allowed_from`
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Json>,
}

/// An invalid field, parameter or header
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    pub location: Location,
    /// Position within the location: a JSON pointer (RFC 6901) in the body, otherwise `/` and the parameter's name
    #[schema(max_length = 256)]
    pub pointer: String,
    /// The rule that was violated
    #[schema(max_length = 64)]
    pub code: String,
    /// What the value must be
    #[schema(max_length = 1000)]
    pub detail: String,
}

/// Part of a request
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProblemLocation)]
pub enum Location {
    Body,
    Query,
    Header,
}

impl Location {
    /// The name of an element there.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Body => "field",
            Self::Query => "parameter",
            Self::Header => "header",
        }
    }
}

impl FieldProblem {
    /// The same with text from the request cut to the maximum size.
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

/// A kind of refusal, described once in the contract's components for all operations that refer to it.
pub struct Refusal {
    pub name: &'static str,
    pub status: u16,
    pub meaning: &'static str,
    /// The codes of its problems.
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

        /// Every kind of refusal.
        pub const REFUSALS: &[Refusal] =
            &[$(Refusal { name: stringify!($name), status: $status, meaning: $doc, codes: &[$(Code::$code),+] }),*];
    };
}

refusals! {
    /// The request is malformed
    BadRequest = 400 [MalformedJson, InvalidParameter, InvalidHeader, InvalidCursor, InvalidPeriod];
    /// No valid access token or API key
    Unauthorized = 401 [Unauthorized];
    /// Invalid username or password
    InvalidCredentials = 401 [InvalidCredentials];
    /// No valid refresh token
    InvalidRefreshToken = 401 [InvalidRefreshToken];
    /// The request or its form is malformed
    BadForm = 400 [MalformedMultipart, InvalidParameter, InvalidHeader];
    /// You do not have permission to perform this action. The attempt has been logged
    Forbidden = 403 [Forbidden];
    /// The current password is incorrect, or you do not have permission to perform this action. The attempt has been logged
    WrongPassword = 403 [WrongPassword, Forbidden];
    /// The resource does not exist or is not visible to you
    NotFound = 404 [NotFound];
    /// The state of the case does not allow this action
    CaseConflict = 409 [
        InvalidCaseState, LevelTooLow, NotAssignable, NoAssignee, MissingReports, AlreadyAssigned, RushConfirmationRequired,
        RushRequired, NoChanges, AlreadyReleased, IdempotencyInProgress,
    ];
    /// The state of the case does not allow this action, or its documents exceed a quota
    DocumentConflict = 409 [InvalidCaseState, QuotaExceeded, IdempotencyInProgress];
    /// The state of the account does not allow this action, or the account would be a duplicate
    AccountConflict = 409 [
        DuplicateUsername, DuplicateEmail, OwnAccount, LastAdministrator, OpenCases, NoPassword, NotAMember, NotAServiceAccount,
        IdempotencyInProgress,
    ];
    /// The first request with this Idempotency-Key is still in progress
    InProgress = 409 [IdempotencyInProgress];
    /// The job is already running
    JobConflict = 409 [JobRunning, IdempotencyInProgress];
    /// The request was sent too slowly
    RequestTimeout = 408 [RequestTimeout];
    /// The resource has changed since the version in If-Match
    VersionMismatch = 412 [VersionMismatch];
    /// The request body is too large
    PayloadTooLarge = 413 [PayloadTooLarge];
    /// The media type of the request body is not supported
    UnsupportedMediaType = 415 [UnsupportedMediaType];
    /// A field of the request body is invalid, or the Idempotency-Key was used for a different request
    ValidationFailed = 422 [ValidationFailed, IdempotencyKeyReused];
    /// The filter requires a period, a case or a request
    PeriodRequired = 422 [PeriodRequired];
    /// The log ends before the sequence
    SequenceUnknown = 409 [SequenceUnknown];
    /// The range starts beyond the end of the content
    RangeNotSatisfiable = 416 [RangeNotSatisfiable];
    /// Too many requests; retry after the number of seconds in `Retry-After`
    TooManyRequests = 429 [RateLimited];
    /// Too many failed attempts or too many requests; retry after the number of seconds in `Retry-After`
    TooManyAttempts = 429 [TooManyAttempts, RateLimited];
    /// Internal error
    InternalError = 500 [InternalError];
    /// The database or the audit log is unavailable; try again
    Unavailable = 503 [Unavailable, AuditUnavailable];
    /// The database, the audit log or the storage is unavailable; try again
    StorageUnavailable = 503 [StorageUnavailable, Unavailable, AuditUnavailable];
    /// Not enough free space for documents
    InsufficientStorage = 507 [InsufficientStorage];
    /// It is unknown whether the change was committed
    CommitUnknown = 504 [CommitUnknown];
}

/// Declares, in one place, the responses of a kind of operation apart from its success.
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
    /// Any access to the database.
    ServerProblems = [InternalError, Unavailable];
    /// A request body that is read and validated.
    BodyProblems = [BadRequest, RequestTimeout, PayloadTooLarge, UnsupportedMediaType, ValidationFailed];
    /// Any write, including the entry of a read or of a refusal: after a lost connection its outcome may be unknown.
    CommitProblems = [ServerProblems, CommitUnknown];
    /// Reading a resource that may be hidden.
    ReadProblems = [BadRequest, Unauthorized, Forbidden, NotFound, CommitProblems];
    /// Reading a resource that everyone may request but not everyone may see.
    LookupProblems = [BadRequest, Unauthorized, NotFound, CommitProblems];
    /// Reading what anyone may read.
    PublicProblems = [BadRequest, ServerProblems];
    /// Reading what any authenticated caller may read.
    CommonProblems = [BadRequest, Unauthorized, ServerProblems];
    /// Reading a list, a report or an export that requires a role.
    ListProblems = [BadRequest, Unauthorized, Forbidden, CommitProblems];
    /// Reading the audit log with filters, some of which need a period.
    SearchProblems = [ListProblems, PeriodRequired];
    /// Following the sealed log.
    FeedProblems = [ListProblems, SequenceUnknown];
    /// Logging in, without an authenticated caller.
    SignInProblems = [BodyProblems, InvalidCredentials, TooManyAttempts, CommitProblems];
    /// Refreshing or ending a session.
    SessionProblems = [BodyProblems, InvalidRefreshToken, TooManyAttempts, CommitProblems];
    /// Changing one's own account.
    OwnWriteProblems = [BodyProblems, Unauthorized, Forbidden, AccountConflict, VersionMismatch, TooManyAttempts, CommitProblems];
    /// Changing the settings.
    SettingsProblems = [BodyProblems, Unauthorized, Forbidden, VersionMismatch, CommitProblems];
    /// Running a job.
    JobProblems = [BodyProblems, Unauthorized, Forbidden, NotFound, JobConflict, CommitProblems];
    /// Changing one's own secrets.
    SecretProblems = [BodyProblems, Unauthorized, WrongPassword, TooManyAttempts, CommitProblems];
    /// Changing a case with a request body.
    WriteProblems = [BodyProblems, MoveProblems];
    /// Changing a case without a request body.
    MoveProblems = [BadRequest, Unauthorized, Forbidden, NotFound, CaseConflict, VersionMismatch, CommitProblems];
    /// Deleting a resource that never changes, and so has no version.
    DeleteProblems = [BadRequest, Unauthorized, Forbidden, NotFound, CaseConflict, CommitProblems];
    /// Uploading a file with a form. The descriptions for the form and the storage come last, and so take precedence.
    UploadProblems = [
        BodyProblems, Unauthorized, Forbidden, NotFound, DocumentConflict, CommitProblems, BadForm, StorageUnavailable,
        InsufficientStorage,
    ];
    /// Reading a file, or a range of it.
    DownloadProblems = [ReadProblems, RangeNotSatisfiable, StorageUnavailable];
    /// Creating a case.
    CreateProblems = [BodyProblems, Unauthorized, Forbidden, CaseConflict, CommitProblems];
    /// Adding something to a resource that may be hidden.
    AdditionProblems = [BodyProblems, Unauthorized, Forbidden, NotFound, CommitProblems];
    /// Removing something that may be hidden.
    RemovalProblems = [BadRequest, Unauthorized, Forbidden, NotFound, VersionMismatch, CommitProblems];
    /// An action that no resource's state can prevent.
    ActionProblems = [BodyProblems, Unauthorized, Forbidden, InProgress, CommitProblems];
    /// Changing an account with a request body.
    AccountProblems = [BodyProblems, DeleteAccountProblems];
    /// Changing an account including its email address.
    AddressProblems = [AccountProblems, TooManyAttempts];
    /// Changing an account without a request body.
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
        // No operation declares 405: it is the response to a method that has no operation.
        for code in Code::all().filter(|code| *code != Code::MethodNotAllowed) {
            assert!(REFUSALS.iter().any(|refusal| refusal.codes.contains(&code)), "{}", code.name());
        }
    }
}
