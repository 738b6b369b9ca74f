//! The operations that can be retried without being performed twice, and the error responses that this adds.

use super::{Declared, each};
use crate::http::IdempotencyKeyHeader;
use crate::wire::problem::{BadRequest, InProgress, ValidationFailed};
use utoipa::openapi::OpenApi as Contract;
use utoipa::openapi::path::ParameterIn;
use utoipa::{IntoParams, IntoResponses};

/// Every POST accepts an `Idempotency-Key`, unless it handles secrets: responses are stored for retries, and secrets never are.
pub fn apply(contract: &mut Contract) {
    for declared in each(contract).filter(takes_a_key) {
        let operation = declared.operation;
        operation
            .parameters
            .get_or_insert_default()
            .extend(IdempotencyKeyHeader::into_params(|| Some(ParameterIn::Header)).into_iter().map(Into::into));
        let known = &mut operation.responses.responses;
        // Without a body and without an id, all requests of an operation are the same: no key is used for another one.
        let differ = operation.request_body.is_some() || declared.path.contains('{');
        let reused = differ.then(ValidationFailed::responses);
        for (status, refusal) in [BadRequest::responses(), InProgress::responses()].into_iter().chain(reused).flatten() {
            known.entry(status).or_insert(refusal);
        }
    }
}

/// Whether an operation accepts an `Idempotency-Key`.
pub fn takes_a_key(declared: &Declared<'_>) -> bool {
    let secret = ["/password-reset", "/api-keys"].iter().any(|ending| declared.path.ends_with(ending));
    let is_about_secrets = declared.path.starts_with("/api/v1/auth/") || secret;
    declared.method == "POST" && declared.is_versioned() && !is_about_secrets
}
