//! Why a handler ended without an answer of its own: because of a problem, or because the request was answered before.

use super::{Code, Error};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use entity::idempotency::StoredResponse;
use std::fmt;

/// What a handler that writes returns instead of an answer. Only `edge` sends either.
#[derive(Clone, Debug)]
pub enum Interruption {
    /// The request failed.
    Problem(Error),
    /// The request is a retry: this is the response to the original request.
    Replay(Box<StoredResponse>),
}

impl Interruption {
    /// The code of the problem, if it is one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(error) => Some(error.code),
            Self::Replay(_) => None,
        }
    }
}

/// Everything that can become a problem interrupts a handler with it.
impl<E> From<E> for Interruption
where
    Error: From<E>,
{
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Problem(Error::from(error))
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(error) => error.fmt(f),
            Self::Replay(_) => f.write_str("the request was already answered"),
        }
    }
}

/// The middleware `edge` renders both: only there are path and request id known.
impl ResponseError for Interruption {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Problem(error) => error.status_code(),
            Self::Replay(_) => StatusCode::OK,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Problem(error) => error.error_response(),
            Self::Replay(_) => HttpResponse::new(self.status_code()),
        }
    }
}
