//! The public keys that verify access tokens.

use crate::state::App;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

/// A public key (RFC 7517, RFC 8037)
#[derive(Serialize, ToSchema)]
pub struct SigningKey {
    /// Always `OKP`
    #[schema(max_length = 8)]
    kty: &'static str,
    /// Always `Ed25519`
    #[schema(max_length = 16)]
    crv: &'static str,
    /// Always `EdDSA`
    #[schema(max_length = 8)]
    alg: &'static str,
    /// Always `sig`
    #[serde(rename = "use")]
    #[schema(max_length = 8)]
    purpose: &'static str,
    /// The key id in the header of an access token
    #[schema(max_length = 32)]
    kid: String,
    /// The key, base64url
    #[schema(max_length = 64)]
    x: String,
}

/// The set of public keys
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"keys": [{
    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
}]}))]
pub struct SigningKeySet {
    #[schema(max_items = 16)]
    keys: Vec<SigningKey>,
}

/// Get the public keys for access tokens
///
/// Other services can verify with these keys who sent a token, but only this service knows whether the session is still active.
#[utoipa::path(
    tag = "auth",
    security(()),
    responses((status = OK, description = "The set of public keys", body = SigningKeySet)),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("the keys are public"))),
)]
#[get("/.well-known/jwks.json")]
pub async fn get_signing_keys(app: App) -> HttpResponse {
    let key = |key: &crate::credentials::token::Key| SigningKey {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        purpose: "sig",
        kid: key.kid().to_owned(),
        x: key.public.clone(),
    };
    let keys = app.tokens().ring().iter().map(key).collect();
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(SigningKeySet { keys })
}
