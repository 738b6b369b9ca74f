//! A JSON body that is well-formed, of the right shape and within its limits, or a problem that names the field.

use super::caller::admitted;
use super::idempotency::Sent;
use super::{Code, Error, Result, json};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use validator::Validate;

const LENGTH_MAX: usize = 64 * 1024;
/// Of what other systems send: a batch is done whole or not at all, so it comes whole.
const LARGE_LENGTH_MAX: usize = 1024 * 1024;

/// A request's body, read and checked.
pub struct Body<T>(pub T);

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (is_json, request) = (is_json(request), request.clone());
        let mut payload = payload.take();
        Box::pin(async move {
            let read = collect(&request, &mut payload, LENGTH_MAX).await.and_then(|bytes| shaped(is_json, &bytes)).map(Self);
            admitted(&request, read).await
        })
    }
}

/// A body of up to a mebibyte.
pub struct LargeBody<T>(pub T);

impl<T> Deref for LargeBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for LargeBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (is_json, request) = (is_json(request), request.clone());
        let mut payload = payload.take();
        Box::pin(async move {
            let read = collect(&request, &mut payload, LARGE_LENGTH_MAX).await;
            let read = read.and_then(|bytes| shaped(is_json, &bytes)).map(Self);
            admitted(&request, read).await
        })
    }
}

/// A body that may be missing: then everything in it has its default.
pub struct OptionalBody<T>(pub T);

impl<T> Deref for OptionalBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Validate + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (is_json, request) = (is_json(request), request.clone());
        let mut payload = payload.take();
        Box::pin(async move {
            let read = collect(&request, &mut payload, LENGTH_MAX).await.and_then(|bytes| match (bytes.is_empty(), is_json) {
                (true, _) => Ok(Self(T::default())),
                (false, true) => json::read(&bytes).map(Self),
                (false, false) => Err(Error::plain(Code::UnsupportedMediaType)),
            });
            admitted(&request, read).await
        })
    }
}

fn shaped<T: DeserializeOwned + Validate>(is_json: bool, bytes: &[u8]) -> Result<T> {
    if is_json { json::read(bytes) } else { Err(Error::plain(Code::UnsupportedMediaType)) }
}

async fn collect(request: &HttpRequest, payload: &mut Payload, length_max: usize) -> Result<BytesMut> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|error| Error::because(Code::MalformedJson, format!("The body could not be read: {error}.")))?;
        if bytes.len().saturating_add(chunk.len()) > length_max {
            return Err(Error::because(Code::PayloadTooLarge, format!("A body has at most {length_max} bytes.")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Sent::note(request, &bytes);
    Ok(bytes)
}

fn is_json(request: &HttpRequest) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    is_json && parts.all(|parameter| parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8"))
}
