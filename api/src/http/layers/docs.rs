//! Swagger UI at `/docs/`, from files inside the binary: it works offline and sends the contract to no validator. A token that is
//! entered is not kept in the browser's storage, where the next person at the computer would find it.

use actix_web::web::{ServiceConfig, redirect};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Its path. The trailing slash is part of it.
pub const PATH: &str = "/docs/";

/// Whether a path is one of its files, or redirects there.
pub fn is_part(path: &str) -> bool {
    path.starts_with(PATH) || path == "/docs"
}

pub fn configure(config: &mut ServiceConfig) {
    // Relative, so that they are right at whatever path a reverse proxy serves the page.
    let ui = Config::new(["../openapi.json"]).persist_authorization(false).display_operation_id(true).validator_url("none");
    config.service(redirect("/docs", "docs/"));
    config.service(SwaggerUi::new("/docs/{_:.*}").config(ui));
}
