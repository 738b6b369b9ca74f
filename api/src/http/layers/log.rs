//! The tracing span of a request: method, path, status and id, never the query string or a body.

use crate::http::request::operations;
use crate::http::request::origin::Origin;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let extensions = request.extensions();
        let request_id = extensions.get::<Origin>().map(|origin| origin.request_id.as_str()).unwrap_or_default();
        tracing::info_span!(
            "request",
            method = %request.method(),
            path = request.path(),
            status = tracing::field::Empty,
            request_id,
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status().as_u16(),
            Err(error) => error.as_response_error().status_code().as_u16(),
        };
        span.record("status", status);
        let is_probe =
            matches!(outcome, Ok(response) if operations::is_probe(response.request().path()) && response.status().is_success());
        if is_probe {
            span.in_scope(|| tracing::debug!("request completed"));
        } else {
            span.in_scope(|| tracing::info!("request completed"));
        }
    }
}
