//! How many requests a caller may send per minute, counted by each process separately.

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use uuid::Uuid;

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
    limiter: RateLimiter<Subject, DashMapStateStore<Subject>, DefaultClock, StateInformationMiddleware>,
}

/// The subject of a counter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Caller(Uuid),
    Address(Option<IpAddr>),
}

/// A policy's decision on one request.
pub struct Verdict {
    /// The policy, for `RateLimit-Policy`.
    pub policy: String,
    /// What is left of it, for `RateLimit`.
    pub left: String,
    /// Seconds until the next request is allowed, if this one isn't.
    pub retry_after: Option<u64>,
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

    /// Counts a request of this subject.
    pub fn count(&self, subject: Subject) -> Verdict {
        self.default.judge(subject)
    }

    /// Counts a login.
    pub fn count_login(&self, subject: Subject) -> Verdict {
        self.login.judge(subject)
    }
}

impl Policy {
    fn new(name: &'static str, quota: NonZeroU32) -> Self {
        let limiter = RateLimiter::dashmap(Quota::per_minute(quota)).with_middleware::<StateInformationMiddleware>();
        Self { name, quota, limiter }
    }

    fn judge(&self, subject: Subject) -> Verdict {
        let Self { name, quota, .. } = self;
        let policy = format!("\"{name}\";q={quota};w={WINDOW_SECONDS}");
        let (left, retry_after) = match self.limiter.check_key(&subject) {
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
