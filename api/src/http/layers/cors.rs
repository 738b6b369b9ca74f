//! CORS: closed, except for the origins listed in the configuration.

use super::limits::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::http::answer::trailers::{RECORD_COUNT, UNENCODED_DIGEST};
use crate::http::request::body::ACCEPT_PATCH;
use crate::http::request::idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED};
use crate::http::request::origin::REQUEST_ID;
use crate::http::request::range::REPR_DIGEST;
use crate::wire::cors_origin;
use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, IF_RANGE,
    LINK, LOCATION, RANGE, RETRY_AFTER, WWW_AUTHENTICATE,
};

/// How long a browser may cache a preflight response, in seconds.
const MAX_AGE_SECONDS: usize = 3_600;

/// Allows browsers of these origins, which must match exactly, to call the API and to read its useful headers.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, RANGE, IF_RANGE, IDEMPOTENCY_KEY, REQUEST_ID])
        .expose_headers([
            ACCEPT_PATCH,
            ACCEPT_RANGES,
            CONTENT_DISPOSITION,
            CONTENT_RANGE,
            ETAG,
            IDEMPOTENCY_REPLAYED,
            LINK,
            LOCATION,
            RATE_LIMIT,
            RATE_LIMIT_POLICY,
            RECORD_COUNT,
            REPR_DIGEST,
            RETRY_AFTER,
            UNENCODED_DIGEST,
            WWW_AUTHENTICATE,
            REQUEST_ID,
        ])
        .max_age(MAX_AGE_SECONDS);
    match origins {
        origins if origins.iter().any(|origin| origin == cors_origin::ANY) => cors.allow_any_origin(),
        origins => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}
