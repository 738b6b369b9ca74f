//! Every error of the service: its permanent code, the text for the caller, and the text for the log only.

use super::problem::{DETAIL_MAX, ERRORS_MAX, INSTANCE_MAX, Problem};
use super::{Code, FieldProblem, Shortage};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use entity::audit::Refusal;
use entity::cause::with_sources;
use entity::db;
use entity::load::LoadError;
use entity::text::capitalised;
use entity::{case, document, user};
use sea_orm::DbErr;
use serde_json::{Map, Value as Json, json};
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

/// Why a request failed.
#[derive(Clone, Debug)]
pub struct Error {
    pub code: Code,
    detail: String,
    errors: Vec<FieldProblem>,
    members: Map<String, Json>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<i64>,
    /// What was missing, if the code does not say it by itself.
    shortage: Option<Shortage>,
}

impl Error {
    /// An error without more detail than its code.
    pub fn plain(code: Code) -> Self {
        Self::with_detail(code, code.meaning())
    }

    pub fn with_detail(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), members: Map::new(), retry_after: None, shortage: None }
    }

    /// 422, or 400 for parameters and headers: the invalid fields.
    pub fn fields(code: Code, errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => format!("The request body {}.", only.detail),
            [only] => format!("1 {} is invalid: {} {}.", only.location.noun(), only.pointer.trim_start_matches('/'), only.detail),
            several => format!("{} {}s are invalid.", several.len(), several.first().map_or("field", |one| one.location.noun())),
        };
        Self { code, detail, errors, members: Map::new(), retry_after: None, shortage: None }
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

    /// The same error, with the part of the request that it belongs to.
    pub fn naming(mut self, part: FieldProblem) -> Self {
        self.errors.push(part);
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
        let error = Self::with_detail(Code::Unavailable, "The service is overloaded; nothing was changed. Try again.");
        Self { shortage: Some(Shortage::Capacity), ..error }
    }

    /// The service takes no requests now, or should get none.
    pub fn not_ready(detail: &str) -> Self {
        Self { shortage: Some(Shortage::Readiness), ..Self::with_detail(Code::Unavailable, detail) }
    }

    /// What was missing, if this is a 503.
    pub fn shortage(&self) -> Option<Shortage> {
        self.shortage.or_else(|| Shortage::from_code(self.code))
    }

    pub fn forbidden() -> Self {
        Self::plain(Code::Forbidden)
    }

    /// An unknown error never reveals its cause to the client; the log has it, with its sources and the place of this call.
    ///
    /// `map_err(Error::internal)` would log a place in the standard library: use a closure.
    #[track_caller]
    pub fn internal(cause: impl Into<Box<dyn StdError>>) -> Self {
        let (cause, place): (Box<dyn StdError>, _) = (cause.into(), Location::caller());
        tracing::error!(cause = with_sources(cause.as_ref()), %place, "internal error");
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

impl StdError for Error {}

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
            R::NotAssignable | R::OwnMember => error(Code::NotAssignable),
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

impl From<case::ActionRefusal> for Error {
    fn from(refused: case::ActionRefusal) -> Self {
        match refused {
            case::ActionRefusal::NotPermitted => Self::forbidden(),
            case::ActionRefusal::OwnCase => {
                Self::with_detail(Code::Forbidden, format!("{}. The attempt has been logged.", capitalised(&refused.to_string())))
            }
            case::ActionRefusal::Rule(refused) => refused.into(),
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

impl From<document::DocumentActionRefusal> for Error {
    fn from(refused: document::DocumentActionRefusal) -> Self {
        match refused {
            document::DocumentActionRefusal::NotPermitted => Self::forbidden(),
            document::DocumentActionRefusal::Rule(refused) => refused.into(),
        }
    }
}

impl From<document::quota::Exceeded> for Error {
    fn from(exceeded: document::quota::Exceeded) -> Self {
        let error = Self::with_detail(Code::QuotaExceeded, format!("{}.", capitalised(&exceeded.to_string())));
        let document::quota::Exceeded { owner, used_bytes, limit_bytes } = exceeded;
        let error = error.with("quota", owner.code()).with("limit_bytes", limit_bytes);
        match used_bytes {
            Some(used_bytes) => error.with("used_bytes", used_bytes),
            None => error,
        }
    }
}

impl From<document::quota::QuotaError> for Error {
    #[track_caller]
    fn from(error: document::quota::QuotaError) -> Self {
        match error {
            document::quota::QuotaError::Exceeded(exceeded) => Self::from(exceeded),
            document::quota::QuotaError::Database(error) => Self::from(error),
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
            R::OpenCases { assigned, own } => error(Code::OpenCases).with("open_cases", assigned.saturating_add(*own)),
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
    #[track_caller]
    fn from(error: user::SaveError) -> Self {
        match error {
            user::SaveError::Refused(refused) => Self::from(refused),
            user::SaveError::Database(error) => Self::from(error),
        }
    }
}

impl From<DbErr> for Error {
    #[track_caller]
    fn from(error: DbErr) -> Self {
        let (cause, place) = (with_sources(&error), Location::caller());
        if Refusal::is_unwritten(&error) {
            tracing::error!(cause, %place, "the audit log could not be written");
            return Self::plain(Code::AuditUnavailable);
        }
        if Refusal::is_commit_unknown(&error) {
            tracing::error!(cause, %place, "the connection was lost at COMMIT and the outcome could not be determined");
            return Self::plain(Code::CommitUnknown);
        }
        if db::is_unavailable(&error) {
            tracing::warn!(cause, %place, "the database is unavailable");
            return Self::plain(Code::Unavailable);
        }
        Self::internal(error)
    }
}

impl From<LoadError> for Error {
    #[track_caller]
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Absent(_) => Self::not_found(),
            LoadError::Database(error) => Self::from(error),
        }
    }
}

/// Text from the request is returned only in part.
pub fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Interruption;
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    /// What is logged, as text.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `failing` logs, and what the response says of it.
    fn logged(failing: impl FnOnce() -> Error) -> (String, String) {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let error = tracing::subscriber::with_default(subscriber, failing);
        let response = serde_json::to_string(&error.problem("/api/v1/cases", "1")).unwrap();
        (String::from_utf8(log.0.lock().unwrap().clone()).unwrap(), response)
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is on fire")]
    struct Root;

    #[derive(Debug, thiserror::Error)]
    #[error("the file could not be read")]
    struct Middle(#[source] Root);

    #[derive(Debug, thiserror::Error)]
    #[error("the key could not be loaded: {0}")]
    struct Outer(#[source] Middle);

    const CHAIN: &str = "the key could not be loaded: the file could not be read: the disk is on fire";

    fn place(line: u32) -> String {
        format!("{}:{line}:", file!())
    }

    #[test]
    fn the_log_has_the_source_chain_and_the_location_and_the_response_has_neither() {
        let (log, response) = logged(|| Error::internal(Outer(Middle(Root))));
        assert!(log.contains(CHAIN) && log.contains(&place(line!() - 1)), "{log}");
        assert!(!response.contains("key could not") && !response.contains("error.rs"), "{response}");
    }

    #[test]
    fn the_location_of_a_converted_error_is_its_question_mark() {
        fn converted(outcome: Result<(), DbErr>) -> Result<(), Interruption> {
            outcome?;
            Ok(())
        }
        let line = line!() - 3;
        let broken = || DbErr::TryIntoErr { from: "text", into: "key", source: Arc::new(Outer(Middle(Root))) };
        for (error, level, chain) in [
            (broken(), "ERROR", CHAIN),
            (DbErr::Conn(sea_orm::RuntimeErr::Internal("no route to host".to_owned())), "WARN", "no route to host"),
            (DbErr::Custom("audit: an entry could not be written: full".to_owned()), "ERROR", "could not be written: full"),
        ] {
            let (log, response) = logged(|| match converted(Err(error)) {
                Err(Interruption::Problem(error)) => error,
                other => panic!("{other:?}"),
            });
            assert!(log.contains(level) && log.contains(chain) && log.contains(&place(line)), "{log}");
            assert!(!response.contains(chain), "{response}");
        }
        let loaded = || -> Result<(), Error> { Err(LoadError::Database(broken()))? };
        let (log, _) = logged(|| loaded().unwrap_err());
        assert!(log.contains(CHAIN) && log.contains(&place(line!() - 2)), "{log}");
    }
}
