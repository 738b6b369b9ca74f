//! Rate limits per caller: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), 429 beyond them.

use crate::http::request::caller::PresentedCredential;
use crate::http::request::operations;
use crate::http::request::origin::Origin;
use crate::state::App;
use crate::state::rates::{RateLimits, Subject, Verdict};
use crate::wire::{Code, Error};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse};

pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Counts every request except those of probes and scrapers, and refuses excess requests before anything is read or written for
/// them.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let verdict = match App::extract(request.request())?.rate_limits() {
        Some(limits) if !operations::is_probe(request.path()) => count(limits, &request),
        Some(_) | None => return Ok(next.call(request).await?.map_into_boxed_body()),
    };
    let mut response = match verdict.retry_after {
        None => next.call(request).await?.map_into_boxed_body(),
        // Not `into_response`, which drops the error that the edge renders.
        Some(_) => ServiceResponse::new(request.into_parts().0, HttpResponse::from_error(Error::plain(Code::RateLimited))),
    };
    let headers = response.headers_mut();
    set(headers, RATE_LIMIT_POLICY, verdict.policy);
    set(headers, RATE_LIMIT, verdict.left);
    if let Some(seconds) = verdict.retry_after {
        set(headers, RETRY_AFTER, seconds.to_string());
    }
    Ok(response)
}

fn count(limits: &RateLimits, request: &ServiceRequest) -> Verdict {
    let is_login = *request.method() == Method::POST && request.path() == "/api/v1/auth/login";
    if is_login { limits.count_login(address(request)) } else { limits.count(caller(request)) }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// The user, or the address if no user is known.
pub fn caller(request: &ServiceRequest) -> Subject {
    let user_id = request.extensions().get::<PresentedCredential>().and_then(PresentedCredential::user_id);
    user_id.map_or_else(|| address(request), Subject::Caller)
}

fn address(request: &ServiceRequest) -> Subject {
    Subject::Address(request.extensions().get::<Origin>().and_then(Origin::network))
}
