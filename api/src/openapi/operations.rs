//! The operations of the contract as requests are matched with them.

use super::refuses_a_body;
use crate::http::request::operations::Operation;
use entity::audit::Action;
use serde_json::Value as Json;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation as Declared, Parameter, ParameterIn, PathItem};

/// All of them.
pub fn operations() -> Vec<Operation> {
    super::contract().paths.paths.iter().flat_map(|(path, item)| of_path(path, item)).collect()
}

fn of_path(path: &str, item: &PathItem) -> Vec<Operation> {
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
            refuses_a_body: refuses_a_body(method, declared),
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
