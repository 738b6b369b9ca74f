//! The ids in a path. What isn't a UUID names nothing.

use super::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use uuid::Uuid;

/// The one id of a path that has no other parameter.
#[derive(Clone, Copy, Debug)]
pub struct PathId(Option<Uuid>);

impl PathId {
    /// The id; 404 where there is none.
    pub fn get(self) -> Result<Uuid> {
        self.0.ok_or_else(Error::not_found)
    }
}

impl FromRequest for PathId {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().iter().next().and_then(|(_, id)| id.parse().ok()))))
    }
}

/// The id of a name among others.
pub fn named(request: &HttpRequest, name: &str) -> Option<Uuid> {
    request.match_info().get(name).and_then(|id| id.parse().ok())
}
