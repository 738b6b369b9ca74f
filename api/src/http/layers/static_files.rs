//! Files that don't change while the process runs: each is compressed once per coding, not once per request.

use super::{docs, page};
use crate::state::App;
use crate::wire::Error;
use actix_http::encoding::Encoder;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{AcceptEncoding, CONTENT_ENCODING, ContentEncoding, Encoding, Header, HeaderValue, VARY};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The contract in both formats. All other files are those of the page and of Swagger UI.
const CONTRACT: [&str; 2] = ["/openapi.json", "/openapi.yaml"];

type FileVariant = (String, ContentEncoding);

/// The compressed files of a process, by path and coding.
#[derive(Debug, Default)]
pub struct CompressedFiles(Mutex<HashMap<FileVariant, Bytes>>);

impl CompressedFiles {
    fn files(&self) -> MutexGuard<'_, HashMap<FileVariant, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The layer next to the handlers. The one that compresses all other responses leaves encoded responses as they are.
pub async fn compress_once(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let path = request.path().to_owned();
    let coding = accepted(&request);
    let is_of_the_page = page::is_fixed(&App::extract(request.request())?, &path);
    let response = next.call(request).await?.map_into_boxed_body();
    let is_file = CONTRACT.contains(&path.as_str()) || docs::is_part(&path) || is_of_the_page;
    let is_plain = response.status() == StatusCode::OK && !response.headers().contains_key(CONTENT_ENCODING);
    if !is_file || !is_plain {
        return Ok(response);
    }
    // The arrival layer has left one spelling of each path, so there are no more keys than files.
    coded(response, (path, coding)).await
}

/// The coding that the client accepts and prefers; the edge has removed what cannot be parsed.
fn accepted(request: &ServiceRequest) -> ContentEncoding {
    let known = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::zstd()];
    let negotiated = AcceptEncoding::parse(request).ok().and_then(|accepted| accepted.negotiate(known.iter()));
    match negotiated {
        Some(Encoding::Known(coding)) => coding,
        Some(Encoding::Unknown(_)) | None => ContentEncoding::Identity,
    }
}

async fn coded(response: ServiceResponse<BoxBody>, key: FileVariant) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (request, response) = response.into_parts();
    let files =
        request.app_data::<Data<CompressedFiles>>().ok_or_else(|| Error::internal("no place for compressed files"))?.clone();
    let (mut response, body) = response.into_parts();
    let known = files.files().get(&key).cloned();
    let bytes = match known {
        Some(bytes) => bytes,
        None => {
            let body = Encoder::response(key.1, response.head_mut(), body);
            let bytes = to_bytes(body).await.map_err(|error| Error::internal(error))?;
            files.files().insert(key.clone(), bytes.clone());
            bytes
        }
    };
    // The edge adds `Vary` to all responses.
    response.headers_mut().remove(VARY);
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(key.1.as_str()));
    Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(bytes))))
}
