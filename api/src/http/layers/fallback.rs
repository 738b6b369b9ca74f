//! The answer where no route matched: the allowed methods for a known path, 405 for any other method, else 404.
//!
//! actix's route macros answer 404 for a known path with another method.

use super::{docs, page};
use crate::http::request::body::{ACCEPT_PATCH, accept_patch};
use crate::http::request::operations;
use crate::wire::{Code, Error};
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse};

/// The answer where there is nothing.
pub async fn absent() -> HttpResponse {
    HttpResponse::from_error(Error::not_found())
}

pub async fn fallback(request: HttpRequest) -> HttpResponse {
    let mut allowed = operations::methods_of(request.path());
    if docs::is_part(request.path()) || page::is_part(request.path()) {
        allowed.push("GET");
    }
    if allowed.is_empty() {
        return absent().await;
    }
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.push("OPTIONS");
    let takes_patches = allowed.contains(&"PATCH");
    let allowed = allowed.join(", ");
    let mut response = match *request.method() {
        Method::OPTIONS => HttpResponse::NoContent().finish(),
        _ => HttpResponse::from_error(Error::with_detail(Code::MethodNotAllowed, format!("Allowed methods: {allowed}."))),
    };
    if let Ok(value) = allowed.parse() {
        response.headers_mut().insert(ALLOW, value);
    }
    if let (true, Ok(value)) = (takes_patches, accept_patch().parse()) {
        response.headers_mut().insert(ACCEPT_PATCH, value);
    }
    response
}
