//! Every error of the service: its permanent code, the text for the caller, and the text for the log only.

use super::problem::{DETAIL_MAX, ERRORS_MAX, INSTANCE_MAX, Problem};
use super::{Code, FieldProblem};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use entity::audit::Refusal;
use entity::db;
use entity::load::LoadError;
use entity::text::capitalised;
use entity::{case, document, user};
use sea_orm::DbErr;
use serde_json::{Map, Value as Json, json};
use std::fmt;

/// Why a request failed.
#[derive(Clone, Debug)]
pub struct Error {
    pub code: Code,
    detail: String,
    errors: Vec<FieldProblem>,
    members: Map<String, Json>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<i64>,
}

impl Error {
    /// An error without more detail than its code.
    pub fn plain(code: Code) -> Self {
        Self::with_detail(code, code.meaning())
    }

    pub fn with_detail(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), members: Map::new(), retry_after: None }
    }

    /// 422, or 400 for parameters and headers: the invalid fields.
    pub fn fields(code: Code, errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => format!("The request body {}.", only.detail),
            [only] => format!("1 {} is invalid: {} {}.", only.location.noun(), only.pointer.trim_start_matches('/'), only.detail),
            several => format!("{} {}s are invalid.", several.len(), several.first().map_or("field", |one| one.location.noun())),
        };
        Self { code, detail, errors, members: Map::new(), retry_after: None }
    }

    /// A request body that can't be read at all.
    pub fn unreadable(code: Code, why: impl fmt::Display) -> Self {
        Self::fields(code, vec![FieldProblem::body("", "unreadable", format!("could not be read: {why}"))])
    }

    /// A field of the request body that its type alone can't validate.
    pub fn field(pointer: &str, code: &str, detail: &str) -> Self {
        Self::fields(Code::ValidationFailed, vec![FieldProblem::body(pointer, code, detail)])
    }

    /// A query parameter that its type alone can't validate.
    pub fn parameter(name: &str, code: &str, detail: impl Into<String>) -> Self {
        Self::fields(Code::InvalidParameter, vec![FieldProblem::query(name, code, detail)])
    }

    /// An extension member of the problem.
    pub fn with(mut self, name: &str, value: impl serde::Serialize) -> Self {
        self.members.insert(name.to_owned(), json!(value));
        self
    }

    /// When to retry, sent as `Retry-After`.
    pub fn after(self, seconds: i64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    pub fn not_found() -> Self {
        Self::plain(Code::NotFound)
    }

    /// The service is overloaded; nothing was started, or everything was rolled back.
    pub fn overloaded() -> Self {
        Self::with_detail(Code::Unavailable, "The service is overloaded; nothing was changed. Try again.")
    }

    pub fn forbidden() -> Self {
        Self::plain(Code::Forbidden)
    }

    /// An unknown error never reveals its cause to the client; the log has it.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::plain(Code::InternalError)
    }

    /// The response body, once the requested path and the request id are known.
    pub fn problem(&self, instance: &str, request_id: &str) -> Problem {
        Problem {
            kind: format!("/problems/{}", self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: cut(&self.detail, DETAIL_MAX),
            instance: cut(instance, INSTANCE_MAX),
            request_id: request_id.to_owned(),
            errors: self.errors.iter().take(ERRORS_MAX).map(FieldProblem::bounded).collect(),
            members: self.members.clone(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl std::error::Error for Error {}

/// The middleware `edge` adds the body of the answer: only there are path and request id known.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::new(self.code.status());
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        answer
    }
}

impl From<case::CaseRefusal> for Error {
    fn from(refused: case::CaseRefusal) -> Self {
        use case::CaseRefusal as R;
        let error = |code| Self::with_detail(code, format!("{}.", capitalised(&refused.to_string())));
        match &refused {
            R::InvalidCaseState { action: _, current, allowed_from } => {
                error(Code::InvalidCaseState).with("current_status", current).with("allowed_from", allowed_from)
            }
            R::LevelTooLow { tier } => error(Code::LevelTooLow).with("tier", tier),
            R::NotAssignable => error(Code::NotAssignable),
            R::NoAssignee => error(Code::NoAssignee),
            R::MissingReports { missing } => error(Code::MissingReports).with("missing_reports", missing),
            R::AlreadyAssigned => error(Code::AlreadyAssigned),
            R::RushConfirmationRequired { rush_fee } => error(Code::RushConfirmationRequired).with("rush_fee", rush_fee),
            R::RushRequired => error(Code::RushRequired),
            R::NoChanges => error(Code::NoChanges),
            R::AlreadyReleased => error(Code::AlreadyReleased),
        }
    }
}

impl From<document::DocumentRefusal> for Error {
    fn from(refused: document::DocumentRefusal) -> Self {
        let error = Self::with_detail(Code::InvalidCaseState, format!("{}.", capitalised(&refused.to_string())));
        let document::DocumentRefusal::ReportsAreSettled { current, allowed_from } = refused;
        error.with("current_status", current).with("allowed_from", allowed_from)
    }
}

impl From<document::quota::Exceeded> for Error {
    fn from(exceeded: document::quota::Exceeded) -> Self {
        let error = Self::with_detail(Code::QuotaExceeded, format!("{}.", capitalised(&exceeded.to_string())));
        let document::quota::Exceeded { owner, used_bytes, limit_bytes } = exceeded;
        error.with("quota", owner.code()).with("used_bytes", used_bytes).with("limit_bytes", limit_bytes)
    }
}

impl From<document::quota::QuotaError> for Error {
    fn from(error: document::quota::QuotaError) -> Self {
        match error {
            document::quota::QuotaError::Exceeded(exceeded) => exceeded.into(),
            document::quota::QuotaError::Database(error) => error.into(),
        }
    }
}

impl From<user::UserRefusal> for Error {
    fn from(refused: user::UserRefusal) -> Self {
        use user::UserRefusal as R;
        let error = |code| Self::with_detail(code, format!("{}.", capitalised(&refused.to_string())));
        match &refused {
            R::Oneself => error(Code::OwnAccount),
            R::LastAdministrator => error(Code::LastAdministrator),
            R::OpenCases { count } => error(Code::OpenCases).with("open_cases", count),
            R::NoPassword => error(Code::NoPassword),
            R::NotAMember => error(Code::NotAMember),
            R::NotAService => error(Code::NotAServiceAccount),
            R::UsernameTaken => error(Code::DuplicateUsername),
            R::EmailTaken => error(Code::DuplicateEmail),
        }
    }
}

impl From<user::Misfit> for Error {
    fn from(misfit: user::Misfit) -> Self {
        let code = match misfit {
            user::Misfit::Required { .. } => "required",
            user::Misfit::Foreign { .. } => "not_allowed",
        };
        Self::field(&format!("/{}", misfit.field()), code, &misfit.to_string())
    }
}

impl From<user::SaveError> for Error {
    fn from(error: user::SaveError) -> Self {
        match error {
            user::SaveError::Refused(refused) => refused.into(),
            user::SaveError::Database(error) => error.into(),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if Refusal::is_unwritten(&error) {
            tracing::error!(cause = %error, "the audit log could not be written");
            return Self::plain(Code::AuditUnavailable);
        }
        if Refusal::is_commit_unknown(&error) {
            tracing::error!(cause = %error, "the connection was lost at COMMIT and the outcome could not be determined");
            return Self::plain(Code::CommitUnknown);
        }
        if db::is_unavailable(&error) {
            tracing::warn!(cause = %error, "the database is unavailable");
            return Self::plain(Code::Unavailable);
        }
        Self::internal(error)
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Absent(_) => Self::not_found(),
            LoadError::Database(error) => error.into(),
        }
    }
}

/// Text from the request is returned only in part.
pub fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}
