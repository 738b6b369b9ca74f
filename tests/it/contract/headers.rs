//! The headers an operation declares are exactly those of its responses.

use super::{operations, recipes};
use serde_json::json;
use std::collections::BTreeSet;

/// Not part of the contract: headers of message transfer, and security headers for browsers.
const OF_THE_CARRIER: [&str; 8] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "date",
    "x-content-type-options",
    "referrer-policy",
    "vary",
    "access-control-expose-headers",
];

on_each_database! {
    async fn a_success_has_the_headers_it_declares_and_no_other(app) {
        for operation in operations() {
            let tried = recipes::run(app, operation.id()).await.unwrap();
            let response = operation.response(tried.answer.status());
            let declared: BTreeSet<String> = response.headers.keys().map(|name| name.to_lowercase()).collect();
            let sent: BTreeSet<String> = tried.answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
            for name in &sent {
                let is_known = declared.contains(name) || OF_THE_CARRIER.contains(&name.as_str());
                assert!(is_known || name == "content-security-policy", "{} sends {name}", operation.id());
            }
            for name in ["x-request-id", "etag", "location", "content-disposition"] {
                assert_eq!(declared.contains(name), sent.contains(name), "{}: {name}", operation.id());
            }
        }
    }
}

/// Responses that anyone may cache, since they contain no personal data.
const CACHEABLE: [&str; 4] = ["get_signing_keys", "get_problem", "get_openapi_json", "get_openapi_yaml"];

on_each_database! {
    /// Clients that hold a copy of their own may still ask whether it is current.
    async fn only_responses_without_personal_data_are_cacheable(app) {
        for operation in operations() {
            let tried = recipes::run(app, operation.id()).await.unwrap();
            let is_public = tried.answer.header("cache-control").starts_with("public");
            assert_eq!(is_public, CACHEABLE.contains(&operation.id()), "{}", operation.id());
            if operation.path.starts_with("/api/") {
                assert_eq!(tried.answer.header("cache-control"), "no-store", "{}", operation.id());
            }
        }
    }
}

#[test]
fn a_header_is_described_once_with_an_example() {
    let components = json!(api::openapi::contract().components.unwrap());
    let headers = components["headers"].as_object().unwrap();
    for (name, header) in headers {
        assert!(header["description"].is_string() && !header["example"].is_null(), "{name}");
    }
    for operation in operations() {
        for status in operation.statuses() {
            for (name, header) in &operation.response(status).headers {
                let place = json!(header)["$ref"].as_str().unwrap_or_default().to_owned();
                let known = place.strip_prefix("#/components/headers/").is_some_and(|component| headers.contains_key(component));
                assert!(known, "{} {status}: {name} {place}", operation.id());
            }
        }
    }
}
