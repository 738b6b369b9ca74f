//! Swagger UI at `/docs/`, from files inside the binary: it works offline.

use actix_web::web::{ServiceConfig, redirect};
use utoipa_swagger_ui::{Config, SwaggerUi};

pub fn configure(config: &mut ServiceConfig) {
    let ui = Config::new(["/openapi.json"]).persist_authorization(true).display_operation_id(true);
    config.service(redirect("/docs", "/docs/"));
    config.service(SwaggerUi::new("/docs/{_:.*}").config(ui));
}
