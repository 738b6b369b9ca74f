//! The OpenAPI contract.

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};

/// The contract's text in both formats, equal to the committed file.
pub struct ContractTexts {
    pub yaml: Bytes,
    pub json: Bytes,
}

/// The contract doesn't change until the next release.
const CACHE: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=300");

/// Get the contract as JSON
///
/// OpenAPI 3.1, identical to the file `openapi.yaml`; `servers` has the path of the public address, if that has one.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((
        status = OK, description = "The contract", content_type = "application/json",
        body = std::collections::HashMap<String, serde_json::Value>,
        example = json!({"openapi": "3.1.0", "info": {"title": "Casetrail", "version": "0.1.0"}, "paths": {}}),
    )),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("the contract is public"))),
)]
#[get("/openapi.json")]
pub async fn get_openapi_json(contract: Data<ContractTexts>) -> HttpResponse {
    HttpResponse::Ok().insert_header(CACHE).content_type("application/json").body(contract.json.clone())
}

/// Get the contract as YAML
///
/// OpenAPI 3.1, identical to the file `openapi.yaml`; `servers` has the path of the public address, if that has one.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((
        status = OK, description = "The contract", content_type = "application/yaml",
        body = std::collections::HashMap<String, serde_json::Value>,
        example = json!({"openapi": "3.1.0", "info": {"title": "Casetrail", "version": "0.1.0"}, "paths": {}}),
    )),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("the contract is public"))),
)]
#[get("/openapi.yaml")]
pub async fn get_openapi_yaml(contract: Data<ContractTexts>) -> HttpResponse {
    HttpResponse::Ok().insert_header(CACHE).content_type("application/yaml").body(contract.yaml.clone())
}
