//! The origin of a request: its id, the client's address, its user agent.

use crate::state::App;
use crate::wire::{Error, Result, forwarded};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{HeaderName, USER_AGENT};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use entity::audit::{Actor, Context};
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
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let given = header(REQUEST_ID.as_str()).filter(|id| is_plain(id)).map(str::to_owned);
        // A dual-stack socket shows IPv4 as ::ffff:a.b.c.d.
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        // A proxy may add a header line of its own instead of extending the client's.
        // Invalid bytes make only the hop that contains them unreadable, not those that proxies added to the line.
        let lines = request.headers().get_all("x-forwarded-for").map(|value| String::from_utf8_lossy(value.as_bytes()));
        let forwarded = lines.collect::<Vec<_>>().join(",");
        Self {
            request_id: given.unwrap_or_else(|| Uuid::now_v7().to_string()),
            ip_address: peer.map(|peer| forwarded::client(peer, &forwarded, app.trusted_proxies()).to_string()),
            user_agent: header(USER_AGENT.as_str()).map(|agent| agent.chars().take(256).collect()),
        }
    }

    /// The context of what `actor` writes in this request.
    pub fn context(&self, actor: Actor) -> Context {
        Context {
            actor,
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

fn is_plain(id: &str) -> bool {
    (8..=64).contains(&id.len()) && id.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
}
