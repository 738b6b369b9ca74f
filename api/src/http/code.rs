//! The closed table of error codes: permanent name, status, title, and what it means.

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

    /// The wire name.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    pub const fn status(self) -> StatusCode {
        self.facts().1
    }

    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    /// What it means and what a caller can do: the text of its page.
    pub const fn meaning(self) -> &'static str {
        self.facts().3
    }

    #[expect(clippy::too_many_lines, reason = "a table, a row an entry")]
    const fn facts(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedJson => (
                "malformed_json",
                S::BAD_REQUEST,
                "Malformed JSON",
                "The body is not JSON that can be read: a syntax error, bytes that are not UTF-8, a key given twice, a number beyond the doubles, or too deep a nesting.",
            ),
            Self::MalformedMultipart => (
                "malformed_multipart",
                S::BAD_REQUEST,
                "Malformed multipart",
                "The form can't be read: it has no boundary, a part without a name or one given twice, or it was cut short.",
            ),
            Self::InvalidParameter => (
                "invalid_parameter",
                S::BAD_REQUEST,
                "Invalid parameter",
                "A query parameter is unknown, given twice, is not UTF-8, or has a value it can't have. Nothing was read: a bad filter never returns unfiltered data.",
            ),
            Self::InvalidHeader => {
                ("invalid_header", S::BAD_REQUEST, "Invalid header", "A request header has a value it can't have.")
            }
            Self::InvalidCursor => (
                "invalid_cursor",
                S::BAD_REQUEST,
                "Invalid cursor",
                "The cursor was not given out by this service to this caller for these filters. Start again without it.",
            ),
            Self::InvalidPeriod => (
                "invalid_period",
                S::BAD_REQUEST,
                "Invalid period",
                "The period ends before it begins, lies outside of the years 2000 to 2100, or would need more than 1,000 intervals.",
            ),
            Self::Unauthorized => (
                "unauthorized",
                S::UNAUTHORIZED,
                "Unauthorized",
                "A valid access token or API key is needed: sign in, or refresh the token.",
            ),
            Self::InvalidCredentials => (
                "invalid_credentials",
                S::UNAUTHORIZED,
                "Invalid credentials",
                "Username and password do not belong together, or the account is not active. Which of these is not told.",
            ),
            Self::InvalidRefreshToken => (
                "invalid_refresh_token",
                S::UNAUTHORIZED,
                "Invalid refresh token",
                "The refresh token is unknown, expired, revoked or was used before. Sign in again.",
            ),
            Self::Forbidden => (
                "forbidden",
                S::FORBIDDEN,
                "Forbidden",
                "The caller's role, or his part in this object, does not allow this. The attempt is on record.",
            ),
            Self::WrongPassword => (
                "wrong_password",
                S::FORBIDDEN,
                "Wrong password",
                "The current password is not the one that was given. The attempt is on record.",
            ),
            Self::NotFound => (
                "not_found",
                S::NOT_FOUND,
                "Not found",
                "There is no such thing, or the caller may not know of it: the two look alike.",
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                S::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "The header Allow lists what is allowed here.",
            ),
            Self::InvalidCaseState => (
                "invalid_case_state",
                S::CONFLICT,
                "Invalid case state",
                "The case is not in a status from which this is possible: see current_status and allowed_from.",
            ),
            Self::LevelTooLow => (
                "level_too_low",
                S::CONFLICT,
                "Level too low",
                "A technician's level must be at least the case's tier. Only an administrator may go below it, with override_reason.",
            ),
            Self::NotAssignable => (
                "not_assignable",
                S::CONFLICT,
                "Not assignable",
                "A case can be given to an active technician, manager or administrator only.",
            ),
            Self::NoAssignee => {
                ("no_assignee", S::CONFLICT, "No assignee", "A case can be completed only when somebody is assigned to it.")
            }
            Self::MissingReports => (
                "missing_reports",
                S::CONFLICT,
                "Missing reports",
                "Reports that were asked for are not there: see missing_reports. Add them, or repeat with override_incomplete: true.",
            ),
            Self::AlreadyAssigned => (
                "already_assigned",
                S::CONFLICT,
                "Already assigned",
                "Somebody is assigned to this case: use the operation assign to change that.",
            ),
            Self::RushConfirmationRequired => (
                "rush_confirmation_required",
                S::CONFLICT,
                "Rush confirmation required",
                "The due date is so near that the case becomes a rush case, which costs rush_fee. Repeat with confirm_rush: true.",
            ),
            Self::RushRequired => (
                "rush_required",
                S::CONFLICT,
                "Rush required",
                "The due date is so near that the case is a rush case; its urgency cannot be lowered.",
            ),
            Self::NoChanges => (
                "no_changes",
                S::CONFLICT,
                "No changes",
                "A case can be resubmitted only if its member added or edited something since it was completed or handed back.",
            ),
            Self::AlreadyReleased => {
                ("already_released", S::CONFLICT, "Already released", "The member sees this case's result already.")
            }
            Self::QuotaExceeded => (
                "quota_exceeded",
                S::CONFLICT,
                "Quota exceeded",
                "The documents of this case, or those that this member uploaded, take up all the space they may: see quota, used_bytes and limit_bytes. The attempt is recorded.",
            ),
            Self::JobRunning => (
                "job_running",
                S::CONFLICT,
                "Job running",
                "A run of this job goes on just now, here or in another replica; see GET /job-runs for how it went.",
            ),
            Self::IdempotencyInProgress => (
                "idempotency_in_progress",
                S::CONFLICT,
                "Idempotency in progress",
                "The first request with this Idempotency-Key has not ended yet. Repeat this one a moment later.",
            ),
            Self::DuplicateUsername => (
                "duplicate_username",
                S::CONFLICT,
                "Duplicate username",
                "The username is taken, perhaps by a user who was deleted.",
            ),
            Self::DuplicateEmail => ("duplicate_email", S::CONFLICT, "Duplicate email", "The e-mail address is taken."),
            Self::OwnAccount => (
                "own_account",
                S::CONFLICT,
                "Own account",
                "Nobody changes the role, the activity or the existence of his own account, or resets his own password.",
            ),
            Self::LastAdministrator => {
                ("last_administrator", S::CONFLICT, "Last administrator", "The last active administrator stays.")
            }
            Self::OpenCases => (
                "open_cases",
                S::CONFLICT,
                "Open cases",
                "The user is still assigned to open_cases cases. Assign them to somebody else first.",
            ),
            Self::NoPassword => {
                ("no_password", S::CONFLICT, "No password", "A service account signs in with a key; it has no password to reset.")
            }
            Self::NotAMember => {
                ("not_a_member", S::CONFLICT, "Not a member", "Only a member has credits: the user has another role.")
            }
            Self::NotAServiceAccount => (
                "not_a_service_account",
                S::CONFLICT,
                "Not a service account",
                "Only a service account has API keys; people sign in with their passwords.",
            ),
            Self::RequestTimeout => (
                "request_timeout",
                S::REQUEST_TIMEOUT,
                "Request timeout",
                "The request came too slowly: its head takes at most 5 seconds, its body at most 10, and a document at least 64 KiB a second. Nothing was changed, and the connection is closed.",
            ),
            Self::VersionMismatch => (
                "version_mismatch",
                S::PRECONDITION_FAILED,
                "Version mismatch",
                "The resource changed since the version named by If-Match: see current_version, read it again and decide anew.",
            ),
            Self::PayloadTooLarge => ("payload_too_large", S::PAYLOAD_TOO_LARGE, "Payload too large", "The body is too large."),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
                "The body must be of the media type that the operation takes: application/json in UTF-8, or multipart/form-data for a document.",
            ),
            Self::RangeNotSatisfiable => (
                "range_not_satisfiable",
                S::RANGE_NOT_SATISFIABLE,
                "Range not satisfiable",
                "The range begins beyond the end: Content-Range tells how many bytes there are.",
            ),
            Self::ValidationFailed => (
                "validation_failed",
                S::UNPROCESSABLE_ENTITY,
                "Validation failed",
                "One or more fields of the body are missing, unknown or have values they can't have: see errors.",
            ),
            Self::IdempotencyKeyReused => (
                "idempotency_key_reused",
                S::UNPROCESSABLE_ENTITY,
                "Idempotency key reused",
                "The Idempotency-Key belongs to another request of the last 24 hours. A new request needs a new key.",
            ),
            Self::RateLimited => (
                "rate_limited",
                S::TOO_MANY_REQUESTS,
                "Rate limited",
                "There were too many requests: see RateLimit for what is left of the quota, and repeat this one after Retry-After seconds.",
            ),
            Self::TooManyAttempts => (
                "too_many_attempts",
                S::TOO_MANY_REQUESTS,
                "Too many attempts",
                "There were too many failed attempts for this account or from this address, so this one was not examined. Repeat it after Retry-After seconds.",
            ),
            Self::InternalError => (
                "internal_error",
                S::INTERNAL_SERVER_ERROR,
                "Internal error",
                "Something went wrong on our side; nothing was changed. The request_id leads to the cause in the service's log.",
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
                "The service cannot do this at the moment, since the database did not answer in time or cannot write, or since there is too much work. Nothing was changed. Try again after Retry-After seconds.",
            ),
            Self::StorageUnavailable => (
                "storage_unavailable",
                S::SERVICE_UNAVAILABLE,
                "Storage unavailable",
                "The place where documents are kept did not take or give the bytes; nothing was changed. Try again.",
            ),
            Self::CommitUnknown => (
                "commit_unknown",
                S::GATEWAY_TIMEOUT,
                "Commit unknown",
                "The connection was lost while the change was being committed. Send the request again under its Idempotency-Key, or read the resource to see whether it was changed.",
            ),
            Self::InsufficientStorage => (
                "insufficient_storage",
                S::INSUFFICIENT_STORAGE,
                "Insufficient storage",
                "There is too little free space to take documents; all other requests are served. Try again once the operator has made room.",
            ),
        }
    }
}
