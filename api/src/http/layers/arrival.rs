//! An incoming request: its origin, and its path in the single spelling that routing, counting and logging share.

use super::docs;
use crate::http::request::origin::Origin;
use crate::state::App;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::uri::{PathAndQuery, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

pub async fn arrive<B: MessageBody + 'static>(mut request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let app = App::extract(request.request())?;
    let origin = Origin::read(&request, &app);
    request.extensions_mut().insert(origin);
    respell(&mut request);
    next.call(request).await
}

/// The router treats `/%63ases` as `/cases`, and so must the counters: RFC 3986, 6.2.2. A trailing slash is ignored.
fn respell(request: &mut ServiceRequest) {
    let path = canonical(request.path());
    if path == request.path() {
        return;
    }
    let query = request.query_string();
    let text = if query.is_empty() { path } else { format!("{path}?{query}") };
    let mut parts = request.head().uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(text).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

/// A path in its canonical spelling.
pub fn canonical(path: &str) -> String {
    let path = decoded(path);
    let trimmed = path.trim_end_matches('/');
    if path == docs::PATH || trimmed.is_empty() { path } else { trimmed.to_owned() }
}

/// Unreserved characters are decoded; all others stay as sent.
fn decoded(path: &str) -> String {
    let mut parts = path.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let letter = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        match (letter, part.get(2..)) {
            (Some(letter), Some(rest)) if letter.is_ascii_alphanumeric() || "-._~".contains(letter) => {
                plain.push(letter);
                plain.push_str(rest);
            }
            _ => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_to_one_spelling() {
        for (sent, spelled) in [
            ("/api/v1/auth/%6Cogin", "/api/v1/auth/login"),
            ("/%61pi/v1/cases/", "/api/v1/cases"),
            ("/livez//", "/livez"),
            ("/docs/", "/docs/"),
            ("/", "/"),
            ("/api/v1/cases/%2F%2e%c3%A9%", "/api/v1/cases/%2F.%c3%A9%"),
            ("/a%+1b%4", "/a%+1b%4"),
        ] {
            assert_eq!(canonical(sent), spelled, "{sent}");
        }
    }
}
