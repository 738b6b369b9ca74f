//! Rate limits per caller: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), 429 beyond them.

use super::caller::Presented;
use super::origin::Origin;
use super::{Code, Error, operations};
use crate::state::App;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use uuid::Uuid;

pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The window of both policies, in seconds.
const WINDOW_SECONDS: u32 = 60;

/// How many requests per minute each policy allows.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Per caller, or per address for requests without a known caller.
    pub default: NonZeroU32,
    /// Logins from one address.
    pub login: NonZeroU32,
}

impl Default for Rates {
    fn default() -> Self {
        Self { default: NonZeroU32::new(1_200).unwrap_or(NonZeroU32::MIN), login: NonZeroU32::new(30).unwrap_or(NonZeroU32::MIN) }
    }
}

/// The policies and their counters; each process counts separately.
pub struct RateLimits {
    default: Policy,
    login: Policy,
}

struct Policy {
    name: &'static str,
    quota: NonZeroU32,
    limiter: RateLimiter<Key, DashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>,
}

/// The subject of a counter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Caller(Uuid),
    Address(Option<IpAddr>),
}

/// A policy's decision on one request.
struct Verdict {
    policy: String,
    left: String,
    /// Seconds until the next request is allowed, if this one isn't.
    retry_after: Option<u64>,
}

impl RateLimits {
    pub fn new(rates: Rates) -> Self {
        Self { default: Policy::new("default", rates.default), login: Policy::new("login", rates.login) }
    }

    /// Forgets all callers that have their full quota again.
    pub fn forget_idle(&self) {
        for policy in [&self.default, &self.login] {
            policy.limiter.retain_recent();
            policy.limiter.shrink_to_fit();
        }
    }

    fn judge(&self, request: &ServiceRequest) -> Verdict {
        let is_login = *request.method() == Method::POST && request.path() == "/api/v1/auth/login";
        if is_login { self.login.judge(address(request)) } else { self.default.judge(caller(request)) }
    }
}

impl Policy {
    fn new(name: &'static str, quota: NonZeroU32) -> Self {
        let limiter = RateLimiter::dashmap(Quota::per_minute(quota)).with_middleware::<StateInformationMiddleware>();
        Self { name, quota, limiter }
    }

    fn judge(&self, key: Key) -> Verdict {
        let Self { name, quota, .. } = self;
        let policy = format!("\"{name}\";q={quota};w={WINDOW_SECONDS}");
        let (left, retry_after) = match self.limiter.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                (0, Some((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)))
            }
        };
        // The quota refills evenly: used requests are available again after their share of the window.
        let taken = u64::from(quota.get().saturating_sub(left));
        let until_full = (taken * u64::from(WINDOW_SECONDS)).div_ceil(quota.get().into());
        Verdict { policy, left: format!("\"{name}\";r={left};t={until_full}"), retry_after }
    }
}

/// Counts every request except those of probes and scrapers, and refuses excess requests before anything is read or written for
/// them.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let verdict = match App::extract(request.request())?.rate_limits() {
        Some(limits) if !operations::is_probe(request.path()) => limits.judge(&request),
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

fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn caller(request: &ServiceRequest) -> Key {
    let user_id = request.extensions().get::<Presented>().and_then(Presented::user_id);
    user_id.map_or_else(|| address(request), Key::Caller)
}

fn address(request: &ServiceRequest) -> Key {
    Key::Address(request.extensions().get::<Origin>().and_then(Origin::network))
}
