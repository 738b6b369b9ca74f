//! What the contract declares about the requested operation: its name, its audit actions, the methods of its path.

use crate::openapi;
use entity::audit::Action;
use serde_json::Value as Json;
use std::sync::LazyLock;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation as Declared, Parameter, ParameterIn, PathItem};

/// One operation of the contract.
pub struct Operation {
    pub method: &'static str,
    pub path: String,
    pub id: String,
    /// The action that a denied attempt is recorded as: the first of `always`, else the first of `may`.
    pub attempted: Action,
    is_idempotent: bool,
    takes_a_query: bool,
    refuses_a_body: bool,
    segments: Vec<String>,
}

impl Operation {
    /// Whether it accepts an `Idempotency-Key`.
    pub fn is_idempotent(&self) -> bool {
        self.is_idempotent
    }

    /// Whether it has no request body and refuses one.
    pub fn refuses_a_body(&self) -> bool {
        self.refuses_a_body
    }

    /// Whether it accepts query parameters.
    pub fn takes_a_query(&self) -> bool {
        self.takes_a_query
    }
}

/// Whether a path is one that monitors poll every few seconds: never counted, never refused under load.
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| openapi::contract().paths.paths.iter().flat_map(|(path, item)| operations(path, item)).collect());

/// The operation behind a route's pattern.
pub fn find(method: &str, pattern: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.method == method && operation.path == pattern)
}

/// The contract's template of a requested path.
pub fn template_of(path: &str) -> Option<&'static str> {
    let asked: Vec<&str> = path.split('/').collect();
    let matches = |template: &[String]| {
        let fits = |known: &str, part: &str| if known.starts_with('{') { !part.is_empty() } else { known == part };
        template.len() == asked.len() && template.iter().zip(&asked).all(|(known, part)| fits(known, part))
    };
    // A literal path has precedence over a template: /cases/export is not a case.
    let best = OPERATIONS
        .iter()
        .filter(|operation| matches(&operation.segments))
        .min_by_key(|operation| operation.segments.iter().filter(|segment| segment.starts_with('{')).count());
    best.map(|best| best.path.as_str())
}

/// The methods that a requested path has in the contract.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let template = template_of(path);
    OPERATIONS.iter().filter(|operation| Some(operation.path.as_str()) == template).map(|operation| operation.method).collect()
}

fn operations(path: &str, item: &PathItem) -> Vec<Operation> {
    let known = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete), ("PATCH", &item.patch)];
    let operation = |(method, declared): (&'static str, &Option<Declared>)| {
        let declared = declared.as_ref()?;
        Some(Operation {
            method,
            path: path.to_owned(),
            id: declared.operation_id.clone().unwrap_or_default(),
            attempted: attempted(declared),
            is_idempotent: parameters(declared).any(|parameter| parameter.name == "Idempotency-Key"),
            takes_a_query: parameters(declared).any(|parameter| parameter.parameter_in == ParameterIn::Query),
            refuses_a_body: openapi::refuses_a_body(method, declared),
            segments: path.split('/').map(str::to_owned).collect(),
        })
    };
    known.into_iter().filter_map(operation).collect()
}

fn parameters(declared: &Declared) -> impl Iterator<Item = &Parameter> {
    declared.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

fn attempted(declared: &Declared) -> Action {
    let actions = declared.extensions.as_ref().and_then(|extensions| extensions.get("x-audit-actions"));
    let first = |list: &str| actions.and_then(|actions| actions.get(list)?.as_array()?.first().and_then(Json::as_str));
    first("always").or_else(|| first("may")).and_then(Action::from_code).unwrap_or(Action::Other)
}
