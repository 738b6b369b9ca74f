//! The public keys.

use super::{member, sign_in, text};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value as Json;

on_each_database! {
    async fn a_published_key_verifies_an_access_token(app) {
        let user = member(app).await;
        let pair = sign_in(app, "member1").await;

        let ring = app.as_anonymous().get("/.well-known/jwks.json").await.expect(200);

        let key = &ring["keys"][0];
        let verifying = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["casetrail-api"]);
        validation.set_issuer(&["casetrail"]);
        validation.validate_exp = false;
        let token = decode::<Json>(text(&pair, "access_token"), &verifying, &validation).unwrap();
        assert_eq!(token.claims["sub"], serde_json::json!(user.id));
        assert_eq!(token.header.kid.as_deref(), key["kid"].as_str());
        assert!(key.get("d").is_none(), "the private half stays here");
    }
}
