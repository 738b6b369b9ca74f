//! The origin of a request: its id, the client's address, its user agent.

use crate::state::App;
use crate::wire::fields::UserAgent;
use crate::wire::{Error, Result, forwarded};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{HeaderName, USER_AGENT};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use entity::audit::{Actor, Context};
use entity::text;
use std::future::{Ready, ready};
use std::net::IpAddr;
use uuid::Uuid;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The origin of a request as recorded in an entry, independent of the caller.
#[derive(Clone, Debug)]
pub struct Origin {
    pub request_id: String,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
}

impl Origin {
    /// Reads the origin of a request; the id is the client's if it is valid, else a new one.
    pub fn read(request: &ServiceRequest, app: &App) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let given = given.filter(|id| is_plain(id)).map(str::to_owned);
        // A dual-stack socket shows IPv4 as ::ffff:a.b.c.d.
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        // A proxy may add a header line of its own instead of extending the client's.
        // Invalid bytes make only the hop that contains them unreadable, not those that proxies added to the line.
        let lines = request.headers().get_all("x-forwarded-for").map(|value| String::from_utf8_lossy(value.as_bytes()));
        let forwarded = lines.collect::<Vec<_>>().join(",");
        Self {
            request_id: given.unwrap_or_else(|| Uuid::now_v7().to_string()),
            ip_address: peer.map(|peer| forwarded::client(peer, &forwarded, app.trusted_proxies()).to_string()),
            user_agent: request.headers().get(USER_AGENT).map(|agent| legible(agent.as_bytes())),
        }
    }

    /// The context of what `actor` writes in this request.
    pub fn context(&self, actor: Actor) -> Context {
        Context {
            actor,
            api_key: None,
            in_job: false,
            request_id: self.request_id.clone(),
            ip_address: self.ip_address.clone(),
            user_agent: self.user_agent.clone(),
        }
    }

    /// The client's address or network, as limits count it.
    pub fn network(&self) -> Option<IpAddr> {
        forwarded::recorded_network(self.ip_address.as_deref())
    }

    pub fn extract(request: &HttpRequest) -> Result<Self> {
        request.extensions().get::<Self>().cloned().ok_or_else(|| Error::internal("a request without its origin"))
    }
}

impl FromRequest for Origin {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::extract(request))
    }
}

/// A user agent as the log keeps it. The standard leaves the meaning of bytes beyond ASCII open (RFC 9110, 5.5): they are read as
/// UTF-8, and what isn't is replaced.
fn legible(user_agent: &[u8]) -> String {
    text::normalised(&String::from_utf8_lossy(user_agent)).chars().take(UserAgent::LENGTH_MAX).collect()
}

fn is_plain(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_kept_as_far_as_it_is_legible() {
        for (sent, kept) in [
            (&b"curl/8.5.0"[..], "curl/8.5.0"),
            ("Zugriff Büro/1.0 ☕".as_bytes(), "Zugriff Büro/1.0 ☕"),
            ("Bu\u{308}ro".as_bytes(), "Büro"),
            (b"B\xfcro/1.0", "B\u{FFFD}ro/1.0"),
            (b"", ""),
        ] {
            assert_eq!(legible(sent), kept);
        }
        assert_eq!(legible("ü".repeat(300).as_bytes()), "ü".repeat(256));
    }
}
