//! The ids in a path: UUIDs in their hyphenated form, in either case. Any other spelling matches nothing.

use crate::wire::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use entity::clock::parse_id;
use std::future::{Ready, ready};
use utoipa::IntoParams;
use uuid::Uuid;

/// The id in a path that has no other parameter.
#[derive(Clone, Copy, Debug)]
pub struct PathId(Option<Uuid>);

impl PathId {
    /// The id; 404 if it is invalid.
    pub fn get(self) -> Result<Uuid> {
        self.0.ok_or_else(Error::not_found)
    }
}

impl FromRequest for PathId {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().iter().next().and_then(|(_, id)| parse_id(id)))))
    }
}

/// The case in a path, as listed in the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed by the features")]
pub struct CasePath {
    /// The case
    case_id: Uuid,
}

/// The id of a named path parameter.
pub fn named(request: &HttpRequest, name: &str) -> Option<Uuid> {
    request.match_info().get(name).and_then(parse_id)
}
