//! Request bodies as utoipa can't declare them: optional ones, and the second media type of a PATCH.

use crate::http::request::body::MERGE_PATCH;
use utoipa::openapi::schema::{OneOf, SchemaType, Type};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required, Schema};

/// Declares optional bodies as X, not required: utoipa declares them as "X or null", but what is sent is X or nothing.
pub fn without_null(contract: &mut OpenApi) {
    for item in contract.paths.paths.values_mut() {
        let PathItem { post, patch, put, .. } = item;
        for operation in [post, patch, put].into_iter().flatten() {
            let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
            for content in body.content.values_mut() {
                let RefOr::T(content) = content else { continue };
                if let Some(schema) = content.schema.as_ref().and_then(but_null) {
                    content.schema = Some(schema);
                    body.required = Some(Required::False);
                }
            }
        }
    }
}

/// Declares that a PATCH takes its body as a merge patch, too.
pub fn as_merge_patch(contract: &mut OpenApi) {
    for item in contract.paths.paths.values_mut() {
        let Some(RefOr::T(body)) = item.patch.as_mut().and_then(|operation| operation.request_body.as_mut()) else { continue };
        if let Some(content) = body.content.get("application/json").cloned() {
            body.content.insert(MERGE_PATCH.to_owned(), content);
        }
    }
}

/// The X of "X or null".
fn but_null(schema: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    let RefOr::T(Schema::OneOf(OneOf { items, .. })) = schema else { return None };
    let null = SchemaType::Type(Type::Null);
    let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(object)) if object.schema_type == null);
    match items.as_slice() {
        [one, other] if is_null(other) => Some(one.clone()),
        [one, other] if is_null(one) => Some(other.clone()),
        _ => None,
    }
}
