//! The response headers, described once: responses refer to them.

use super::{bounds, each, retries};
use crate::http::request::operations;
use crate::wire::fields::EXACT_MAX;
use std::collections::BTreeSet;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi as Contract, Ref, RefOr, Response, Schema};

/// Header, name of its component, description, example.
const TEXTS: &[(&str, &str, &str, &str)] = &[
    (
        "X-Request-Id",
        "RequestId",
        "The request id: the caller's own if it was valid, otherwise a new one",
        "01a20725-be30-7584-bca5-f00e655c90d7",
    ),
    (
        "Cache-Control",
        "CacheControl",
        "Whether and how long the response may be cached: no-store for everything below /api, most of which is about people. A \
         client that keeps its own copy can check with If-None-Match whether it is current",
        "no-store",
    ),
    (
        "ETag",
        "EntityTag",
        "The resource's version and a digest of the response body, for If-Match and If-None-Match; of a document's content its \
         digest, for If-Range",
        "\"7-1f0c9a2e\"",
    ),
    (
        "Location",
        "Location",
        "URL of the new resource, below the path at which the service is served",
        "/api/v1/cases/01a20725-be30-7584-bca5-f00e655c90d6",
    ),
    (
        "Link",
        "Link",
        "URL of the next page (RFC 8288), if there is one",
        "</api/v1/cases?limit=50&cursor=eyJib3VuZF90byI6IjZkIn0.x3Yk>; rel=\"next\"",
    ),
    (
        "Content-Disposition",
        "ContentDisposition",
        "The file name, made from the content and the time of creation",
        "attachment; filename=\"audit-log-20261122-080000.csv\"",
    ),
    (
        "Accept-Patch",
        "AcceptPatch",
        "Only with PATCH: the media types that the request body may have (RFC 5789)",
        "application/json, application/merge-patch+json",
    ),
    ("Accept-Ranges", "AcceptRanges", "Indicates that byte ranges are supported", "bytes"),
    ("Content-Range", "ContentRange", "The returned byte range and the total length", "bytes 0-1023/48213"),
    (
        "Repr-Digest",
        "ReprDigest",
        "SHA-256 digest of the complete content (RFC 9530)",
        "sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:",
    ),
    (
        "Unencoded-Digest",
        "UnencodedDigest",
        "SHA-256 digest of the content before compression. A file of more than 256 KiB has it as a trailer field, at the end of \
         its chunked body",
        "sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:",
    ),
    (
        "Trailer",
        "Trailer",
        "Only with a chunked body: the fields that follow it. A request with TE: trailers has them after each complete file, \
         whatever its size; HTTP/1.0 has none",
        "record-count, unencoded-digest",
    ),
    (
        "RateLimit-Policy",
        "RateLimitPolicy",
        "The quotas: how many requests (q) in how many seconds (w)",
        "\"default\";q=1200;w=60",
    ),
    (
        "RateLimit",
        "RateLimit",
        "The remaining quota (r), and the number of seconds until it is full again (t)",
        "\"default\";r=1199;t=1",
    ),
    (
        "Idempotency-Replayed",
        "IdempotencyReplayed",
        "true if this is the stored response to an earlier request with the same Idempotency-Key",
        "true",
    ),
    ("WWW-Authenticate", "WwwAuthenticate", "How to authenticate", "Bearer"),
];
/// Headers with a number: name, component, description, bounds, example.
const NUMBERS: [(&str, &str, &str, [i64; 2], i64); 2] = [
    (
        "Record-Count",
        "RecordCount",
        "Number of records in the file, without the line that names the columns. A file of more than 256 KiB has it as a trailer \
         field, at the end of its chunked body",
        [0, EXACT_MAX],
        1_048,
    ),
    (RETRY_AFTER, "RetryAfter", "Number of seconds to wait before retrying", [1, 86_400], 1),
];
const BYTES: &str = "application/octet-stream";
const RETRY_AFTER: &str = "Retry-After";

/// Declares the headers of each response.
pub fn apply(contract: &mut Contract) {
    let kinds = Kinds::new(contract);
    for declared in each(contract) {
        let is_counted = !operations::is_probe(declared.path);
        let is_repeatable = retries::takes_a_key(&declared);
        for (status, response) in declared.operation.responses.responses.iter_mut() {
            let RefOr::T(response) = response else { continue };
            let mut names = vec!["X-Request-Id", "Cache-Control"];
            if is_counted {
                names.extend(["RateLimit-Policy", "RateLimit"]);
            }
            if is_repeatable {
                names.push("Idempotency-Replayed");
            }
            names.extend(kinds.headers_of(status, response));
            refer(response, &names);
        }
    }
    let components = contract.components.get_or_insert_default();
    for (name, response) in components.responses.iter_mut() {
        let RefOr::T(response) = response else { continue };
        refer(response, &["X-Request-Id", "Cache-Control", "RateLimit-Policy", "RateLimit"]);
        match name.as_str() {
            "Unauthorized" | "InvalidCredentials" | "InvalidRefreshToken" => refer(response, &["WWW-Authenticate"]),
            "RangeNotSatisfiable" => refer(response, &["Content-Range"]),
            "UnsupportedMediaType" => refer(response, &["Accept-Patch"]),
            "TooManyRequests" | "TooManyAttempts" | "Unavailable" | "StorageUnavailable" => refer(response, &[RETRY_AFTER]),
            _ => {}
        }
    }
    components.headers.extend(TEXTS.iter().map(|(_, name, says, example)| ((*name).to_owned(), text(says, example).into())));
    components.headers.extend(
        NUMBERS.iter().map(|(_, name, says, bounds, example)| ((*name).to_owned(), number(says, *bounds, *example).into())),
    );
}

/// Schemas by the headers of responses with them.
struct Kinds {
    /// Single resources with a version.
    versioned: BTreeSet<String>,
    /// A page of a list, or a report with one.
    paged: BTreeSet<String>,
}

/// The version of the service is a text, that of a resource a number.
fn is_text(property: &RefOr<Schema>) -> bool {
    matches!(property, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::String))
}

impl Kinds {
    fn new(contract: &Contract) -> Self {
        let schemas = contract.components.iter().flat_map(|components| &components.schemas);
        let named = |name: &str| schemas.clone().find(|(known, _)| *known == name).map(|(_, schema)| schema);
        let with = |wanted: &[&str]| {
            let own = |schema: &RefOr<Schema>| match schema {
                RefOr::T(Schema::Object(object)) => {
                    wanted.iter().any(|name| object.properties.get(*name).is_some_and(|property| !is_text(property)))
                }
                _ => false,
            };
            let has = |schema: &RefOr<Schema>| match schema {
                RefOr::T(Schema::AllOf(all)) => all.items.iter().any(|part| match part {
                    RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().and_then(named).is_some_and(own),
                    RefOr::T(_) => own(part),
                }),
                _ => own(schema),
            };
            schemas.clone().filter(|(_, schema)| has(schema)).map(|(name, _)| name.clone()).collect()
        };
        Self { versioned: with(&["version"]), paged: with(&["page", "entries"]) }
    }

    fn headers_of(&self, status: &str, response: &Response) -> Vec<&'static str> {
        let mut names = Vec::new();
        let body = response.content.values().find_map(|content| match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        });
        let schema = match body {
            Some(RefOr::Ref(reference)) => reference.ref_location.rsplit('/').next().unwrap_or_default(),
            Some(RefOr::T(_)) | None => "",
        };
        if status == "304" || self.versioned.contains(schema) {
            names.push("ETag");
        }
        if status == "201" {
            names.push("Location");
        }
        if self.paged.contains(schema) {
            names.push("Link");
        }
        // What is also available as one JSON document is a page, not a file.
        let is_file = !response.content.contains_key("application/json");
        if is_file && response.content.keys().any(|kind| ["text/csv", "application/x-ndjson", BYTES].contains(&kind.as_str())) {
            names.push("Content-Disposition");
        }
        if is_file && response.content.keys().any(|kind| ["text/csv", "application/x-ndjson"].contains(&kind.as_str())) {
            names.extend(["Record-Count", "Unencoded-Digest", "Trailer"]);
        }
        if response.content.contains_key(BYTES) {
            names.extend(["Accept-Ranges", "ETag", "Repr-Digest"]);
        }
        if status == "206" {
            names.push("Content-Range");
        }
        names
    }
}

fn refer(response: &mut Response, names: &[&str]) {
    let reference = |name: &&str| ((*name).to_owned(), RefOr::Ref(Ref::new(format!("#/components/headers/{}", component(name)))));
    response.headers.extend(names.iter().map(reference));
}

fn component(header: &str) -> &str {
    let texts = TEXTS.iter().map(|(known, name, ..)| (*known, *name));
    let mut named = texts.chain(NUMBERS.iter().map(|(known, name, ..)| (*known, *name)));
    named.find(|(known, _)| *known == header).map_or(header, |(_, name)| name)
}

fn text(says: &str, example: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).max_length(Some(4096));
    HeaderBuilder::new().description(Some(says)).schema(Some(schema)).example(Some(example.into())).build()
}

fn number(says: &str, [minimum, maximum]: [i64; 2], example: i64) -> Header {
    let kind = if i32::try_from(maximum).is_ok() { KnownFormat::Int32 } else { KnownFormat::Int64 };
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Integer))
        .format(Some(SchemaFormat::KnownFormat(kind)))
        .minimum(Some(bounds::number(minimum)))
        .maximum(Some(bounds::number(maximum)));
    HeaderBuilder::new().description(Some(says)).schema(Some(schema)).example(Some(example.into())).build()
}
