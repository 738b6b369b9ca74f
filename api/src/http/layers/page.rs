//! The page of the service at `/`: a front end that is built on nothing but the API. Its files are inside the binary, or in a
//! folder of the settings, where a change is visible after a reload.

mod files;

use crate::http::answer;
use crate::state::App;
use crate::wire::{Error, Result};
use actix_web::guard;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, CROSS_ORIGIN_OPENER_POLICY, ETAG, HeaderName,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use files::{Files, content_type};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The path of the index.
const PATH: &str = "/";
/// Below it are all other files, each behind the digest of all: what is at such a path never changes.
const ASSETS: &str = "/page/";

/// What the page may do: nothing but load its own files and call the API. It has no inline script and no inline style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For the index: kept by browsers, and used again only after the service was asked whether it is current.
const ASKED_FOR: &str = "no-cache";
/// For a path that has the digest of its content.
const KEPT: &str = "public, max-age=31536000, immutable";

/// The route of a path of the page, for metrics; `None` for all other paths.
pub fn route(path: &str) -> Option<&'static str> {
    match path {
        PATH => Some(PATH),
        _ if path.starts_with(ASSETS) => Some(ASSETS),
        _ => None,
    }
}

/// Whether a path is one of the page.
pub fn is_part(path: &str) -> bool {
    route(path).is_some()
}

/// Whether a path is one of the page whose content does not change while the process runs.
pub fn is_fixed(app: &App, path: &str) -> bool {
    is_part(path) && app.page_dir().is_none()
}

pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(PATH).guard(guard::Get()).to(index));
    config.service(web::resource("/page/{_:.*}").guard(guard::Get()).to(asset));
}

async fn index(app: App, request: HttpRequest) -> Result<HttpResponse> {
    let files = files(&app).await?;
    let index = files.index().ok_or_else(Error::not_found)?;
    let is_known = answer::is_known(&request, &index.tag);
    let mut response = guarded(if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() });
    response.insert_header((CACHE_CONTROL, ASKED_FOR)).insert_header((ETAG, index.tag.as_str()));
    if is_known {
        return Ok(response.finish());
    }
    Ok(response.insert_header((CONTENT_TYPE, content_type("index.html"))).body(index.content.clone()))
}

/// A file behind the digest of all. In a folder of the settings the files change, so there any digest is right.
async fn asset(app: App, request: HttpRequest) -> Result<HttpResponse> {
    let files = files(&app).await?;
    let place = request.path().strip_prefix(ASSETS).and_then(|place| place.split_once('/'));
    let is_fixed = app.page_dir().is_none();
    let (_, path) = place.filter(|(digest, _)| !is_fixed || *digest == files.digest).ok_or_else(Error::not_found)?;
    let content = files.asset(path).ok_or_else(Error::not_found)?;
    let mut response = guarded(HttpResponse::Ok());
    response.insert_header((CACHE_CONTROL, if is_fixed { KEPT } else { ASKED_FOR }));
    Ok(response.insert_header((CONTENT_TYPE, content_type(path))).body(content))
}

/// The headers of each file, besides those of every response.
fn guarded(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    const OPENER: (HeaderName, &str) = (CROSS_ORIGIN_OPENER_POLICY, "same-origin");
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY)).insert_header(OPENER);
    response
}

async fn files(app: &App) -> Result<Arc<Files>> {
    let Some(folder) = app.page_dir() else { return Ok(Files::embedded()) };
    let folder = folder.to_owned();
    let read = spawn_blocking(move || {
        Files::read(&folder).map_err(|error| format!("the page cannot be read from {}: {error}", folder.display()))
    });
    let read = read.await.map_err(|error| Error::internal(error))?;
    read.map(Arc::new).map_err(|error| Error::internal(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_two_routes() {
        for (path, expected) in [
            ("/", Some("/")),
            ("/page/0123456789abcdef/views/log.js", Some("/page/")),
            ("/page/x", Some("/page/")),
            ("/page", None),
            ("/docs/", None),
            ("/api/v1/service", None),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
