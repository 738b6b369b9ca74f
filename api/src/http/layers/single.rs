//! Headers that a request may send only once. With two values, a proxy in front of the service may have evaluated the other one.

use crate::wire::{Code, Error, FieldProblem};
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;

const SINGLE: [&str; 5] = ["Authorization", "Content-Type", "Idempotency-Key", "Range", "If-Range"];

/// Refuses a request to the API that repeats one of them, before the caller is determined.
pub async fn refuse_repeated(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let problems = if request.path().starts_with("/api/") { repeated(request.headers()) } else { Vec::new() };
    if problems.is_empty() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    // Not `into_response`, which drops the error that the edge renders.
    let refused = HttpResponse::from_error(Error::fields(Code::InvalidHeader, problems));
    Ok(ServiceResponse::new(request.into_parts().0, refused))
}

fn repeated(headers: &HeaderMap) -> Vec<FieldProblem> {
    let repeated = SINGLE.iter().filter(|name| headers.get_all(**name).nth(1).is_some());
    repeated.map(|name| FieldProblem::header(name, "repeated_header", "must be sent only once")).collect()
}
