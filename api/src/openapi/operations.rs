//! The operations of the contract as requests are matched with them.

use super::refuses_a_body;
use crate::http::request::operations::Operation;
use entity::audit::Action;
use serde::Deserialize;
use utoipa::openapi::path::{Operation as Declared, Parameter, ParameterIn, PathItem};
use utoipa::openapi::{Components, OpenApi as Contract, RefOr, Schema};

/// What is read of `x-audit-actions` while the service runs.
#[derive(Deserialize)]
struct AuditActions {
    denied: Action,
}

/// All of them.
///
/// # Errors
///
/// If one does not declare which action its denied attempts are recorded as.
pub fn operations(contract: &Contract) -> Result<Vec<Operation>, String> {
    let none = Components::default();
    let (paths, components) = (&contract.paths.paths, contract.components.as_ref().unwrap_or(&none));
    let operations = paths.iter().map(|(path, item)| of_path(path, item, components)).collect::<Result<Vec<_>, _>>()?;
    Ok(operations.into_iter().flatten().collect())
}

fn of_path(path: &str, item: &PathItem, components: &Components) -> Result<Vec<Operation>, String> {
    let known = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete), ("PATCH", &item.patch)];
    let operation = |(method, declared): (&'static str, &Option<Declared>)| {
        let declared = declared.as_ref()?;
        Some(denied(declared).map(|denied| Operation {
            method,
            path: path.to_owned(),
            id: declared.operation_id.clone().unwrap_or_default(),
            denied,
            is_idempotent: parameters(declared).any(|parameter| parameter.name == "Idempotency-Key"),
            takes_a_query: parameters(declared).any(|parameter| parameter.parameter_in == ParameterIn::Query),
            refuses_a_body: refuses_a_body(method, declared),
            fields: fields(declared, components),
        }))
    };
    known.into_iter().filter_map(operation).collect()
}

fn parameters(declared: &Declared) -> impl Iterator<Item = &Parameter> {
    declared.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

/// The names of the fields of the request body.
fn fields(declared: &Declared, components: &Components) -> Vec<String> {
    let Some(RefOr::T(body)) = &declared.request_body else { return Vec::new() };
    let schema = body.content.values().find_map(|content| match content {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    });
    let schema = match schema {
        Some(RefOr::Ref(reference)) => reference.ref_location.rsplit('/').next().and_then(|name| components.schemas.get(name)),
        own => own,
    };
    match schema {
        Some(RefOr::T(Schema::Object(object))) => object.properties.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// The action that a denied attempt is recorded as.
fn denied(declared: &Declared) -> Result<Action, String> {
    let actions = declared.extensions.as_ref().and_then(|extensions| extensions.get("x-audit-actions"));
    let actions = actions
        .ok_or_else(|| "no x-audit-actions".to_owned())
        .and_then(|actions| AuditActions::deserialize(actions).map_err(|error| format!("x-audit-actions: {error}")));
    let of_operation = |error| format!("operation {}: {error}", declared.operation_id.as_deref().unwrap_or_default());
    actions.map(|actions| actions.denied).map_err(of_operation)
}
