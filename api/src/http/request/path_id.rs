//! The ids in a path: UUIDs in their hyphenated form, in either case. Any other spelling matches nothing.

use crate::wire::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

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
        ready(Ok(Self(request.match_info().iter().next().and_then(|(_, id)| parse(id)))))
    }
}

/// The id of a named path parameter.
pub fn named(request: &HttpRequest, name: &str) -> Option<Uuid> {
    request.match_info().get(name).and_then(parse)
}

/// The only form that the contract describes; braces, `urn:uuid:` and missing hyphens are invalid.
pub fn parse(text: &str) -> Option<Uuid> {
    text.parse::<Hyphenated>().ok().map(Hyphenated::into_uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_accepted_only_in_hyphenated_form_in_either_case() {
        let id = "01a20725-be30-7584-bca5-f00e655c90d6";
        assert_eq!(parse(id), Uuid::parse_str(id).ok());
        assert_eq!(parse(&id.to_uppercase()), parse(id));
        let others = [format!("{{{id}}}"), format!("urn:uuid:{id}"), id.replace('-', ""), format!("{id}\0"), format!(" {id}")];
        for other in others.iter().map(String::as_str).chain(["", "\0", "01a20725-be30-7584-bca5-f00e655c90d"]) {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
