//! The contract, checked operation by operation: the service does what it declares. Stale exceptions fail.

mod access;
mod audit;
mod bounds;
mod breaking;
mod costs;
pub mod dashboards;
mod deep_page;
mod document;
mod domain_page;
mod examples;
mod headers;
mod layers;
mod links;
mod openapi;
mod paging;
mod patches;
mod periods;
mod probe;
mod problems;
pub mod recipes;
mod schemas;
mod statuses;
mod upload_limit;
mod words;

use reqwest::Method;
use std::sync::LazyLock;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, Ref, RefOr, Response};

/// One operation of the contract.
pub struct Listed {
    pub method: Method,
    pub path: String,
    pub declared: Operation,
}

impl Listed {
    pub fn id(&self) -> &str {
        self.declared.operation_id.as_deref().expect("an operation id")
    }

    /// The path with every parameter replaced by a value that does not exist.
    pub fn absent(&self) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{code}" => "no_such_code",
            part if part.starts_with('{') => "01a20725-be30-7584-bca5-f00e655c90d6",
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Whether it can be called without authentication.
    pub fn is_public(&self) -> bool {
        self.declared.security.as_ref().is_some_and(Vec::is_empty)
    }

    /// A length beyond the maximum of its body.
    pub fn too_long(&self) -> usize {
        if self.path.starts_with("/api/v1/ingest/") { 1_060_000 } else { 70_000 }
    }

    pub fn has_body(&self) -> bool {
        self.declared.request_body.is_some()
    }

    /// Whether its body is JSON; other bodies are forms.
    pub fn takes_json(&self) -> bool {
        let body = serde_json::json!(self.declared.request_body);
        body["content"].get("application/json").is_some()
    }

    /// Its parameters, as listed in the contract.
    pub fn parameters(&self) -> Vec<serde_json::Value> {
        self.declared.parameters.iter().flatten().map(|parameter| serde_json::json!(parameter)).collect()
    }

    /// The statuses it declares.
    pub fn statuses(&self) -> Vec<u16> {
        self.declared.responses.responses.keys().map(|status| status.parse().expect("a status")).collect()
    }

    /// The definition of a response, given inline or in the components.
    pub fn response(&self, status: u16) -> Response {
        match self.declared.responses.responses.get(&status.to_string()) {
            Some(RefOr::T(response)) => response.clone(),
            Some(RefOr::Ref(reference)) => component(reference),
            None => panic!("{} does not declare {status}", self.id()),
        }
    }

    /// The audit actions it declares: `always` or `may`.
    pub fn actions(&self, list: &str) -> Vec<String> {
        let actions = self.audit_actions()[list].as_array().unwrap_or_else(|| panic!("{}: {list}", self.id()));
        actions.iter().map(|action| action.as_str().expect("a name").to_owned()).collect()
    }

    /// The action that a denied attempt is recorded as.
    pub fn denied(&self) -> String {
        self.audit_actions()["denied"].as_str().unwrap_or_else(|| panic!("{}: denied", self.id())).to_owned()
    }

    fn audit_actions(&self) -> &serde_json::Value {
        let extensions = self.declared.extensions.as_ref();
        let actions = extensions.and_then(|extensions| extensions.get("x-audit-actions"));
        actions.unwrap_or_else(|| panic!("{} declares no x-audit-actions", self.id()))
    }
}

static CONTRACT: LazyLock<OpenApi> = LazyLock::new(api::openapi::contract);

fn component(reference: &Ref) -> Response {
    let name = reference.ref_location.strip_prefix("#/components/responses/").expect("a response");
    let components = CONTRACT.components.as_ref().expect("components");
    match components.responses.get(name) {
        Some(RefOr::T(response)) => response.clone(),
        _ => panic!("no response {name}"),
    }
}

/// Every operation of the contract.
pub fn operations() -> Vec<Listed> {
    let each = CONTRACT.paths.paths.clone().into_iter().flat_map(|(path, item)| {
        let known = [
            (Method::GET, item.get),
            (Method::POST, item.post),
            (Method::PUT, item.put),
            (Method::PATCH, item.patch),
            (Method::DELETE, item.delete),
        ];
        let listed = move |(method, declared): (Method, Option<Operation>)| {
            Some(Listed { method, path: path.clone(), declared: declared? })
        };
        known.into_iter().filter_map(listed)
    });
    each.collect()
}
