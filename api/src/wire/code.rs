//! The closed table of error codes: permanent name, status, title and meaning.

use actix_web::http::StatusCode;
use sea_orm::{EnumIter, Iterable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Permanent name of an error; each has a page at `/problems/{code}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProblemCode)]
pub enum Code {
    MalformedJson,
    MalformedMultipart,
    InvalidParameter,
    InvalidHeader,
    InvalidCursor,
    InvalidPeriod,
    Unauthorized,
    InvalidCredentials,
    InvalidRefreshToken,
    Forbidden,
    WrongPassword,
    NotFound,
    MethodNotAllowed,
    InvalidCaseState,
    LevelTooLow,
    NotAssignable,
    NoAssignee,
    MissingReports,
    AlreadyAssigned,
    RushConfirmationRequired,
    RushRequired,
    NoChanges,
    AlreadyReleased,
    QuotaExceeded,
    JobRunning,
    IdempotencyInProgress,
    DuplicateUsername,
    DuplicateEmail,
    OwnAccount,
    LastAdministrator,
    OpenCases,
    NoPassword,
    NotAMember,
    NotAServiceAccount,
    RequestTimeout,
    VersionMismatch,
    PayloadTooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    ValidationFailed,
    PeriodRequired,
    SequenceUnknown,
    IdempotencyKeyReused,
    RateLimited,
    TooManyAttempts,
    InternalError,
    AuditUnavailable,
    Unavailable,
    StorageUnavailable,
    CommitUnknown,
    InsufficientStorage,
}

impl Code {
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    pub const fn status(self) -> StatusCode {
        self.facts().1
    }

    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    /// What it means and what the caller can do: the text of its page.
    pub const fn meaning(self) -> &'static str {
        self.facts().3
    }

    #[expect(clippy::too_many_lines, reason = "a table with one row per code")]
    const fn facts(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedJson => (
                "malformed_json",
                S::BAD_REQUEST,
                "Malformed JSON",
                "The request body is not readable JSON: it has a syntax error, invalid UTF-8, a duplicate key, a number outside \
                 the range of a double, or is nested too deeply.",
            ),
            Self::MalformedMultipart => (
                "malformed_multipart",
                S::BAD_REQUEST,
                "Malformed multipart",
                "The form cannot be read: it has no boundary, has a part without a name, has a duplicate part, or is incomplete.",
            ),
            Self::InvalidParameter => (
                "invalid_parameter",
                S::BAD_REQUEST,
                "Invalid parameter",
                "A query parameter is unknown, duplicated, not valid UTF-8, or has an invalid value. Nothing was read: an \
                 invalid filter never returns unfiltered data.",
            ),
            Self::InvalidHeader => ("invalid_header", S::BAD_REQUEST, "Invalid header", "A request header has an invalid value."),
            Self::InvalidCursor => (
                "invalid_cursor",
                S::BAD_REQUEST,
                "Invalid cursor",
                "The cursor was not issued by this service to this caller for these filters. Start again without a cursor.",
            ),
            Self::InvalidPeriod => (
                "invalid_period",
                S::BAD_REQUEST,
                "Invalid period",
                "The period ends before it begins, is outside the years 2000 to 2100, or would need more than 1,000 intervals.",
            ),
            Self::Unauthorized => (
                "unauthorized",
                S::UNAUTHORIZED,
                "Unauthorized",
                "A valid access token or API key is required. Log in or refresh the token.",
            ),
            Self::InvalidCredentials => (
                "invalid_credentials",
                S::UNAUTHORIZED,
                "Invalid credentials",
                "Invalid username or password, or the account is not active. The response does not reveal which.",
            ),
            Self::InvalidRefreshToken => (
                "invalid_refresh_token",
                S::UNAUTHORIZED,
                "Invalid refresh token",
                "The refresh token is unknown, expired, revoked or already used. Log in again.",
            ),
            Self::Forbidden => (
                "forbidden",
                S::FORBIDDEN,
                "Forbidden",
                "You do not have permission to perform this action. The attempt has been logged.",
            ),
            Self::WrongPassword => (
                "wrong_password",
                S::FORBIDDEN,
                "Wrong password",
                "The current password is incorrect. The attempt has been logged.",
            ),
            Self::NotFound => ("not_found", S::NOT_FOUND, "Not found", "The resource does not exist or is not visible to you."),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                S::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "The resource does not support this method. The Allow header lists the supported methods.",
            ),
            Self::InvalidCaseState => (
                "invalid_case_state",
                S::CONFLICT,
                "Invalid case state",
                "The case's status does not allow this action: see current_status and allowed_from.",
            ),
            Self::LevelTooLow => (
                "level_too_low",
                S::CONFLICT,
                "Level too low",
                "A technician's level must be at least the case's tier. Only an administrator may assign below it, with \
                 override_reason.",
            ),
            Self::NotAssignable => (
                "not_assignable",
                S::CONFLICT,
                "Not assignable",
                "A case can only be assigned to an active technician, manager or administrator, but not to its own member.",
            ),
            Self::NoAssignee => {
                ("no_assignee", S::CONFLICT, "No assignee", "A case without an assignee cannot be completed. Assign it first.")
            }
            Self::MissingReports => (
                "missing_reports",
                S::CONFLICT,
                "Missing reports",
                "Requested reports are missing: see missing_reports. Add them, or retry with override_incomplete: true.",
            ),
            Self::AlreadyAssigned => (
                "already_assigned",
                S::CONFLICT,
                "Already assigned",
                "The case already has an assignee. Use the assign action to change it.",
            ),
            Self::RushConfirmationRequired => (
                "rush_confirmation_required",
                S::CONFLICT,
                "Rush confirmation required",
                "The due date is so close that the case becomes a rush case, which costs rush_fee. Retry with confirm_rush: \
                 true.",
            ),
            Self::RushRequired => (
                "rush_required",
                S::CONFLICT,
                "Rush required",
                "The due date is so close that the case is a rush case; its urgency cannot be lowered.",
            ),
            Self::NoChanges => (
                "no_changes",
                S::CONFLICT,
                "No changes",
                "A case can be resubmitted only if its member has added or edited something since it was completed or rejected.",
            ),
            Self::AlreadyReleased => (
                "already_released",
                S::CONFLICT,
                "Already released",
                "The case's result has already been released to the member.",
            ),
            Self::QuotaExceeded => (
                "quota_exceeded",
                S::CONFLICT,
                "Quota exceeded",
                "The documents of this case, or those that this member uploaded, have reached their storage quota: see quota, \
                 used_bytes and limit_bytes. The attempt has been logged.",
            ),
            Self::JobRunning => (
                "job_running",
                S::CONFLICT,
                "Job running",
                "This job is already running, in this replica or another one. See GET /job-runs for its result.",
            ),
            Self::IdempotencyInProgress => (
                "idempotency_in_progress",
                S::CONFLICT,
                "Idempotency in progress",
                "The first request with this Idempotency-Key is still in progress. Retry shortly.",
            ),
            Self::DuplicateUsername => (
                "duplicate_username",
                S::CONFLICT,
                "Duplicate username",
                "The username is already taken, possibly by a deleted user.",
            ),
            Self::DuplicateEmail => ("duplicate_email", S::CONFLICT, "Duplicate email", "The email address is already taken."),
            Self::OwnAccount => (
                "own_account",
                S::CONFLICT,
                "Own account",
                "Users cannot change the role of, deactivate, reactivate or delete their own account, or reset their own \
                 password.",
            ),
            Self::LastAdministrator => (
                "last_administrator",
                S::CONFLICT,
                "Last administrator",
                "The last active administrator cannot be deactivated, deleted or given another role.",
            ),
            Self::OpenCases => (
                "open_cases",
                S::CONFLICT,
                "Open cases",
                "The user still has open_cases open cases, assigned to them or of their own. Reassign them, or hand them over to \
                 another member, first.",
            ),
            Self::NoPassword => (
                "no_password",
                S::CONFLICT,
                "No password",
                "A service account authenticates with an API key; it has no password to reset.",
            ),
            Self::NotAMember => {
                ("not_a_member", S::CONFLICT, "Not a member", "Only members have credits. The user has a different role.")
            }
            Self::NotAServiceAccount => (
                "not_a_service_account",
                S::CONFLICT,
                "Not a service account",
                "Only service accounts have API keys. Other users log in with a password.",
            ),
            Self::RequestTimeout => (
                "request_timeout",
                S::REQUEST_TIMEOUT,
                "Request timeout",
                "The request was sent too slowly: its head must arrive within 5 seconds, its body within 10 seconds, and a \
                 document at 64 KiB per second or faster. Nothing was changed, and the connection is closed.",
            ),
            Self::VersionMismatch => (
                "version_mismatch",
                S::PRECONDITION_FAILED,
                "Version mismatch",
                "The resource has changed since the version in If-Match. Read it again and retry with its current version: see \
                 current_version.",
            ),
            Self::PayloadTooLarge => {
                ("payload_too_large", S::PAYLOAD_TOO_LARGE, "Payload too large", "The request body is too large.")
            }
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
                "The request body must have the media type that the operation accepts: application/json in UTF-8, for PATCH also \
                 application/merge-patch+json, or multipart/form-data for a document. With PATCH, Accept-Patch lists them.",
            ),
            Self::RangeNotSatisfiable => (
                "range_not_satisfiable",
                S::RANGE_NOT_SATISFIABLE,
                "Range not satisfiable",
                "The range starts beyond the end of the content. Content-Range contains the total length in bytes.",
            ),
            Self::ValidationFailed => (
                "validation_failed",
                S::UNPROCESSABLE_ENTITY,
                "Validation failed",
                "One or more fields of the request body are missing, unknown or invalid: see errors.",
            ),
            Self::PeriodRequired => (
                "period_required",
                S::UNPROCESSABLE_ENTITY,
                "Period required",
                "This filter would have to read the whole log. Add a period of at most 31 days (since, and until unless the \
                 period ends now), a case or a request: see errors. Exports do not require this.",
            ),
            Self::SequenceUnknown => (
                "sequence_unknown",
                S::CONFLICT,
                "Sequence unknown",
                "The log ends before the sequence in after: it is another log, or an earlier state of it was restored. Compare \
                 the leaf hashes from the start to find the last entry that both have.",
            ),
            Self::IdempotencyKeyReused => (
                "idempotency_key_reused",
                S::UNPROCESSABLE_ENTITY,
                "Idempotency key reused",
                "The Idempotency-Key was used for a different request in the last 24 hours. Use a new key for a new request.",
            ),
            Self::RateLimited => (
                "rate_limited",
                S::TOO_MANY_REQUESTS,
                "Rate limited",
                "Too many requests. RateLimit contains the remaining quota. Retry after the number of seconds in \
                 Retry-After.",
            ),
            Self::TooManyAttempts => (
                "too_many_attempts",
                S::TOO_MANY_REQUESTS,
                "Too many attempts",
                "Too many failed attempts for this account or from this address, so this attempt was not checked. Retry after \
                 the number of seconds in Retry-After.",
            ),
            Self::InternalError => (
                "internal_error",
                S::INTERNAL_SERVER_ERROR,
                "Internal error",
                "An internal error occurred; nothing was changed. Use the request_id to find the cause in the service's log.",
            ),
            Self::AuditUnavailable => (
                "audit_unavailable",
                S::SERVICE_UNAVAILABLE,
                "Audit unavailable",
                "The audit entry could not be written, so nothing was changed or shown. Try again.",
            ),
            Self::Unavailable => (
                "unavailable",
                S::SERVICE_UNAVAILABLE,
                "Unavailable",
                "The service cannot process the request at the moment: the database did not respond in time or cannot write, or \
                 the service is overloaded. Nothing was changed. Retry after the number of seconds in \
                 Retry-After.",
            ),
            Self::StorageUnavailable => (
                "storage_unavailable",
                S::SERVICE_UNAVAILABLE,
                "Storage unavailable",
                "The document storage could not be read or written; nothing was changed. Try again.",
            ),
            Self::CommitUnknown => (
                "commit_unknown",
                S::GATEWAY_TIMEOUT,
                "Commit unknown",
                "The connection was lost, or the disk failed, while the change was being committed. Retry with the same \
                 Idempotency-Key, or read the resource to see whether it was changed.",
            ),
            Self::InsufficientStorage => (
                "insufficient_storage",
                S::INSUFFICIENT_STORAGE,
                "Insufficient storage",
                "There is not enough free space to store documents; all other requests are served. Try again once the operator \
                 has freed space.",
            ),
        }
    }
}
