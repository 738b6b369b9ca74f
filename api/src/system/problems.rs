//! A page for each error code, to which `type` in a problem refers.

use crate::wire::{Code, Error, NotFound, Result};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};

/// The example in the contract.
const EXAMPLE: &str = "\
    <!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not found</title><h1>Not found</h1>\
    <p><code>not_found</code>, HTTP 404</p><p>The resource does not exist or is not visible to you.</p></html>";

/// Get the page of an error code
///
/// The page to which `type` in a problem refers.
#[utoipa::path(
    tag = "system",
    security(()),
    params(("code" = String, Path, description = "The code of a problem", max_length = 64, example = "invalid_case_state")),
    responses(
        (
            status = OK, description = "The meaning of the code", content_type = "text/html", body = String,
            example = json!(EXAMPLE),
        ),
        NotFound,
    ),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("the meaning of error codes is public"))),
)]
#[get("/problems/{code}")]
pub async fn get_problem(code: Path<String>) -> Result<HttpResponse> {
    let known = Code::all().find(|known| known.name() == code.as_str()).ok_or_else(Error::not_found)?;
    let (name, title, status, meaning) = (known.name(), known.title(), known.status(), known.meaning());
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1><p><code>{name}</code>, HTTP {status}</p><p>{meaning}</p></html>"
    );
    let policy = ("Content-Security-Policy", "default-src 'none'");
    Ok(HttpResponse::Ok()
        .insert_header(policy)
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .content_type("text/html; charset=utf-8")
        .body(page))
}
