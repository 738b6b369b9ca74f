//! Errors on the wire: RFC 9457 problem details, and the answers an operation may declare.

use super::code::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

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
    #[schema(max_length = 64)]
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
    #[schema(max_length = 2048)]
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
pub enum Location {
    Body,
    Query,
    Header,
}

impl FieldProblem {
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

macro_rules! problems {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal;)*) => { $(
        $(#[doc = $doc])+
        #[derive(IntoResponses)]
        #[response(status = $status, content_type = "application/problem+json")]
        #[expect(dead_code, reason = "the contract names it; answers are made from Error")]
        pub struct $name(Problem);
    )* };
}

problems! {
    /// The request can't be read
    Malformed = 400;
    /// No valid access token
    Unauthorized = 401;
    /// The caller may not do this; the attempt is on record
    Forbidden = 403;
    /// There is no such thing, or the caller may not know of it
    NotFound = 404;
    /// The resource is not in a state for this, or it would be a duplicate
    Conflict = 409;
    /// The resource changed since the version named by If-Match
    Stale = 412;
    /// The body is too large
    TooLarge = 413;
    /// The body is not application/json
    WrongType = 415;
    /// A field of the body is invalid
    Invalid = 422;
    /// Something went wrong on our side
    Internal = 500;
    /// The database or the trail can't be reached; try again
    Unavailable = 503;
    /// Whether it was done is unknown
    Unknown = 504;
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
    ServerProblems = [Internal, Unavailable];
    /// Reading one thing that may be hidden.
    ReadProblems = [Malformed, Unauthorized, Forbidden, NotFound, Internal, Unavailable];
    /// Reading a list, a report or an export that a role opens.
    ListProblems = [Malformed, Unauthorized, Forbidden, Internal, Unavailable];
    /// Reading one's own account.
    OwnReadProblems = [Unauthorized, Internal, Unavailable];
    /// Reading one thing that everybody may ask for and not everybody may know of.
    LookupProblems = [Malformed, Unauthorized, NotFound, Internal, Unavailable];
    /// Signing in, or going on with a session, where nobody has signed in yet.
    SignInProblems = [Malformed, Unauthorized, TooLarge, WrongType, Invalid, Internal, Unavailable, Unknown];
    /// Changing one's own account.
    OwnWriteProblems =
        [Malformed, Unauthorized, Forbidden, Conflict, Stale, TooLarge, WrongType, Invalid, Internal, Unavailable, Unknown];
    /// Changing one's own secrets.
    SecretProblems = [Malformed, Unauthorized, Forbidden, TooLarge, WrongType, Invalid, Internal, Unavailable, Unknown];
    /// Changing a resource by a request with a body.
    WriteProblems = [
        Malformed, Unauthorized, Forbidden, NotFound, Conflict, Stale, TooLarge, WrongType, Invalid, Internal, Unavailable, Unknown,
    ];
    /// Changing a resource by a request without a body.
    MoveProblems = [Malformed, Unauthorized, Forbidden, NotFound, Conflict, Stale, Internal, Unavailable, Unknown];
    /// Creating a resource.
    CreateProblems =
        [Malformed, Unauthorized, Forbidden, Conflict, TooLarge, WrongType, Invalid, Internal, Unavailable, Unknown];
}
