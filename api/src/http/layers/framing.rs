//! How the client recognizes the end of a response whose length is not known (RFC 9112, 6.3).

use crate::http::answer::trailers::Trailers;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderValue, TE, TRAILER, TRANSFER_ENCODING};
use actix_web::http::{ConnectionType, Version};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Frames the body of a response: HTTP/1.0 has no chunks, and the chunked bodies of actix-http have no trailers.
pub fn frame(mut response: ServiceResponse) -> ServiceResponse {
    let is_stream = response.response().body().size() == BodySize::Stream;
    let is_old = response.request().version() < Version::HTTP_11;
    let trailers = response.response().extensions().get::<Trailers>().cloned();
    match trailers {
        Some(trailers) if !is_old && (is_stream || accepts_trailers(response.request())) => with_trailers(response, trailers),
        _ => {
            if is_old && is_stream {
                end_with_connection(response.response_mut());
            }
            response
        }
    }
}

/// HTTP/1.0 knows no chunks (RFC 9112, 6.1 and 7.1): a body whose length is not known ends with its connection.
fn end_with_connection(response: &mut HttpResponse) {
    let head = response.head_mut();
    head.no_chunking(true);
    head.set_connection_type(ConnectionType::Close);
}

/// `TE: trailers` (RFC 9110, 10.1.4). Chunked responses have their trailers without it too, since a client may ignore them.
fn accepts_trailers(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(TE).filter_map(|value| value.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(',')).map(|coding| coding.split(';').next().unwrap_or_default());
    codings.any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

fn with_trailers(response: ServiceResponse, trailers: Trailers) -> ServiceResponse {
    let mut response = response.map_body(|head, body| {
        head.no_chunking(true);
        BoxBody::new(Chunked { body, trailers, parts: VecDeque::new(), is_over: false })
    });
    let headers = response.headers_mut();
    headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    if let Ok(names) = HeaderValue::from_str(&Trailers::names()) {
        headers.insert(TRAILER, names);
    }
    response
}

/// A chunked body with a trailer section (RFC 9112, 7.1).
struct Chunked {
    body: BoxBody,
    trailers: Trailers,
    /// What is framed and not yet sent.
    parts: VecDeque<Bytes>,
    is_over: bool,
}

impl MessageBody for Chunked {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { body, trailers, parts, is_over } = &mut *self;
        loop {
            if let Some(part) = parts.pop_front() {
                return Poll::Ready(Some(Ok(part)));
            }
            if *is_over {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut *body).poll_next(context)) {
                // A chunk without content would be the last one.
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => {
                    let size = format!("{:X}\r\n", chunk.len());
                    parts.extend([size.into(), chunk, Bytes::from_static(b"\r\n")]);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    *is_over = true;
                    parts.push_back(format!("0\r\n{}\r\n", trailers.section()).into());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::answer::trailers::Totals;
    use actix_web::body::BodyStream;
    use actix_web::test::TestRequest;
    use entity::text::sha256_hex;
    use futures_util::stream;
    use std::future::poll_fn;
    use std::io;

    type Part = io::Result<Bytes>;

    /// What is sent of these parts, and whether the body ended without an error.
    async fn sent(parts: Vec<Part>, trailers: &Trailers) -> (String, bool) {
        let body = BodyStream::new(stream::iter(parts)).boxed();
        let mut body = Chunked { body, trailers: trailers.clone(), parts: VecDeque::new(), is_over: false };
        let mut sent = Vec::new();
        while let Some(part) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            let Ok(part) = part else { return (String::from_utf8(sent).unwrap(), false) };
            sent.extend(part);
        }
        (String::from_utf8(sent).unwrap(), true)
    }

    #[tokio::test]
    async fn a_chunked_body_ends_with_its_trailers() {
        let trailers = Trailers::default();
        trailers.set(Totals::new(2, &sha256_hex(b"a line\nanother line\n")));
        let parts = ["a line\n", "", "another line\n"].map(|part| Ok(Bytes::from_static(part.as_bytes())));
        let (text, is_complete) = sent(parts.into(), &trailers).await;
        assert_eq!(text.split_once("0\r\nrecord-count: ").unwrap().0, "7\r\na line\n\r\nD\r\nanother line\n\r\n");
        assert!(
            text.contains("\r\n0\r\nrecord-count: 2\r\nunencoded-digest: sha-256=:") && text.ends_with("=:\r\n\r\n"),
            "{text}"
        );
        assert!(is_complete);
    }

    #[tokio::test]
    async fn a_body_that_fails_has_no_last_chunk() {
        let (text, is_complete) =
            sent(vec![Ok(Bytes::from_static(b"a line\n")), Err(io::Error::other("too slow"))], &Trailers::default()).await;
        assert_eq!((text.as_str(), is_complete), ("7\r\na line\n\r\n", false));
        assert_eq!(
            sent(Vec::new(), &Trailers::default()).await,
            ("0\r\n\r\n".to_owned(), true),
            "nothing is known, and nothing said"
        );
    }

    #[test]
    fn a_client_accepts_trailers_by_its_te_header() {
        let accepts = |values: &[&str]| {
            let request = values.iter().fold(TestRequest::default(), |request, value| request.append_header((TE, *value)));
            accepts_trailers(&request.to_http_request())
        };
        for values in [&["trailers"][..], &["Trailers"], &["gzip;q=0.5, trailers"], &["deflate", " trailers;q=1 "]] {
            assert!(accepts(values), "{values:?}");
        }
        for values in [&[][..], &[""], &["gzip"], &["no-trailers"], &["trailers-later, gzip"]] {
            assert!(!accepts(values), "{values:?}");
        }
    }
}
