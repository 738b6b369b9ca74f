//! The outermost layer: the duration of a request, until the last byte of its response.

use super::connections::{Busy, Handle};
use super::slices::Sliced;
use super::{docs, page};
use crate::http::request::operations;
use crate::metrics::{Metrics, RequestLabels};
use crate::state::App;
use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

const UNMATCHED: &str = "unmatched";

pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Measured>, Error> {
    let metrics = App::extract(request.request())?.metrics().clone();
    let mut measured = MeasuredRequest::begin(metrics, &request);
    match next.call(request).await {
        Ok(response) => {
            measured.status = Some(response.status().as_u16());
            Ok(response.map_body(|_, body| Measured { body: Sliced::new(body.boxed()), _request: measured }))
        }
        Err(error) => {
            measured.status = Some(error.as_response_error().status_code().as_u16());
            Err(error)
        }
    }
}

/// A request in progress; it ends when this is dropped, whatever its outcome.
struct MeasuredRequest {
    metrics: Metrics,
    method: &'static str,
    route: &'static str,
    /// `None` for a request that was aborted before it was answered.
    status: Option<u16>,
    began: Instant,
    /// Keeps the connection from being treated as idle.
    _busy: Option<Busy>,
}

impl MeasuredRequest {
    fn begin(metrics: Metrics, request: &ServiceRequest) -> Self {
        metrics.begin_request();
        let busy = request.request().conn_data::<Handle>().map(Handle::begin);
        let (method, route) = (method(request.method()), route(request.path()));
        Self { metrics, method, route, status: None, began: Instant::now(), _busy: busy }
    }
}

impl Drop for MeasuredRequest {
    fn drop(&mut self) {
        self.metrics.end_request();
        if let Some(status) = self.status {
            let labels = RequestLabels { method: self.method, route: self.route, status };
            self.metrics.answered(&labels, self.began.elapsed().as_secs_f64());
        }
    }
}

fn route(path: &str) -> &'static str {
    let of_a_file = || page::route(path).or(docs::is_part(path).then_some(docs::PATH));
    operations::template_of(path).or_else(of_a_file).unwrap_or(UNMATCHED)
}

/// Clients may invent methods, and an invented one must not get a series of its own.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A body whose end ends the request.
pub struct Measured {
    body: Sliced,
    _request: MeasuredRequest,
}

impl MessageBody for Measured {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
