//! `openapi.yaml` matches the routes, and every operation follows the project's rules.

use super::operations;
use entity::audit::Action;
use reqwest::Method;
use std::collections::BTreeSet;
use utoipa::openapi::RefOr;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");

#[test]
fn the_committed_contract_is_current() {
    let current = api::openapi::texts(&api::openapi::contract()).unwrap().yaml;
    let committed = std::fs::read(FILE).unwrap_or_default();
    assert!(committed == current, "openapi.yaml is stale: run `cargo openapi`");
}

#[test]
fn an_operation_has_one_name_one_tag_a_summary_and_a_description() {
    let mut names = BTreeSet::new();
    for operation in operations() {
        let declared = &operation.declared;
        assert!(names.insert(operation.id().to_owned()), "{} is there twice", operation.id());
        assert_eq!(declared.tags.as_ref().map_or(0, Vec::len), 1, "{}", operation.id());
        let summary = declared.summary.as_deref().unwrap_or_default();
        assert!(!summary.is_empty() && summary.chars().count() <= 60, "{}: summary '{summary}'", operation.id());
        assert!(declared.description.as_ref().is_some_and(|text| !text.is_empty()), "{}: no description", operation.id());
    }
}

#[test]
fn every_response_has_a_description() {
    for operation in operations() {
        for status in operation.statuses() {
            let response = operation.response(status);
            assert!(!response.description.is_empty(), "{} {status}", operation.id());
            if status >= 400 {
                let kinds: Vec<&String> = response.content.keys().collect();
                assert_eq!(kinds, ["application/problem+json"], "{} {status}", operation.id());
                let declared = &operation.declared.responses.responses[&status.to_string()];
                assert!(matches!(declared, RefOr::Ref(_)), "{} {status} is not described once for all", operation.id());
            }
        }
    }
}

#[test]
fn an_operation_that_reads_a_body_declares_its_type_and_schema() {
    for operation in operations() {
        let declares = |status: &str| operation.declared.responses.responses.contains_key(status);
        let (body, reads) = (operation.declared.request_body.as_ref(), declares("413"));
        assert_eq!(body.is_some(), reads, "{}: its body and its 413", operation.id());
        let could_mean_something = ![Method::GET, Method::DELETE].contains(&operation.method);
        assert_eq!(declares("415"), could_mean_something, "{}: where one is not taken, that is said", operation.id());
        let content = serde_json::json!(body)["content"].clone();
        let kind = content.as_object().and_then(|kinds| kinds.keys().next()).cloned().unwrap_or_default();
        assert!(["", "application/json", "multipart/form-data"].contains(&kind.as_str()), "{}: {kind}", operation.id());
        let schema = &content[kind]["schema"];
        assert_eq!(schema["$ref"].is_string(), reads, "{}: {schema}", operation.id());
    }
}

#[test]
fn operations_that_need_a_token_declare_401() {
    for operation in operations() {
        let is_probe = ["/livez", "/readyz", "/metrics"].contains(&operation.path.as_str());
        assert_eq!(operation.statuses().contains(&429), !is_probe, "{}: 429", operation.id());
        // A failed sign-in or session refresh results in a 401 of its own kind.
        let refused = operation.declared.responses.responses.get("401").map(|refused| serde_json::json!(refused));
        let needs_a_token = refused.is_some_and(|refused| refused["$ref"] == "#/components/responses/Unauthorized");
        assert_eq!(needs_a_token, !operation.is_public(), "{}", operation.id());
    }
}

#[test]
fn every_post_without_secrets_accepts_an_idempotency_key() {
    let (all, mut walked) = (api::openapi::operations(&api::openapi::contract()).unwrap(), 0);
    for operation in operations() {
        let known = all.iter().find(|known| known.method == operation.method.as_str() && known.path == operation.path).unwrap();
        let is_about_secrets = operation.path.starts_with("/api/v1/auth/")
            || ["/password-reset", "/api-keys"].iter().any(|ending| operation.path.ends_with(ending));
        assert_eq!(known.is_idempotent, operation.method == "POST" && !is_about_secrets, "{}", operation.id());
        if known.is_idempotent {
            assert!([400, 409].iter().all(|status| operation.statuses().contains(status)), "{}", operation.id());
            // A key is used for another request only where requests can differ.
            let differ = operation.path.contains('{') || operation.declared.request_body.is_some();
            assert_eq!(operation.statuses().contains(&422), differ, "{}", operation.id());
            walked += 1;
        }
    }
    assert!(walked > 15);
}

#[test]
fn every_operation_declares_actions_that_exist_or_a_reason_for_none() {
    for operation in operations() {
        let (always, may) = (operation.actions("always"), operation.actions("may"));
        for action in always.iter().chain(&may) {
            assert!(Action::from_code(action).is_some(), "{}: {action}", operation.id());
        }
        let reason = operation.declared.extensions.as_ref().and_then(|extensions| extensions.get("x-audit-reason"));
        assert_eq!(reason.is_some(), always.is_empty() && may.is_empty(), "{}: x-audit-reason", operation.id());
    }
}

#[test]
fn every_operation_declares_what_a_denied_attempt_is_recorded_as() {
    let known = api::openapi::operations(&api::openapi::contract()).unwrap();
    for operation in operations() {
        let known = known.iter().find(|known| known.id == operation.id()).unwrap();
        let denied = operation.denied();
        assert_eq!(Action::from_code(&denied), Some(known.denied), "{}: {denied}", operation.id());
        let left: Vec<String> = ["always", "may"].iter().flat_map(|list| operation.actions(list)).collect();
        let fits = if left.is_empty() { denied == "other" } else { left.contains(&denied) };
        assert!(fits, "{}: denied as {denied}, but a success leaves {left:?}", operation.id());
    }
}

#[test]
fn every_reference_resolves() {
    let contract = serde_json::json!(api::openapi::contract());
    let text = contract.to_string();
    let referred: BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    assert!(referred.len() > 50, "only {} references", referred.len());
    for pointer in referred {
        assert!(contract.pointer(pointer).is_some(), "#{pointer}");
    }
}

#[test]
fn response_fields_are_required_and_request_fields_may_be_optional() {
    let schemas = serde_json::json!(api::openapi::contract().components.unwrap().schemas);
    let left_out = |name: &str| {
        let required: Vec<&str> =
            schemas[name]["required"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        let properties = schemas[name]["properties"].as_object().unwrap_or_else(|| panic!("{name} has no properties"));
        properties.keys().filter(|name| !required.contains(&name.as_str())).cloned().collect::<Vec<_>>()
    };
    for name in ["CaseDetail", "AuditEntry", "PageInfo", "UserDetail", "SystemHealth"] {
        assert_eq!(left_out(name), [""; 0], "{name}");
    }
    // Fields that only problems with certain codes have are absent from the others.
    let of_some_codes = [
        "allowed_from",
        "current_status",
        "current_version",
        "errors",
        "limit_bytes",
        "missing_reports",
        "open_cases",
        "quota",
        "rush_fee",
        "tier",
        "used_bytes",
    ];
    assert_eq!(left_out("Problem"), of_some_codes);
    assert_eq!(left_out("HoldCase"), ["hold_duration_days"]);
    assert_eq!(left_out("ChangeCaseHold"), ["hold_duration_days", "reason"]);
}

#[test]
fn an_operation_requires_a_token_or_nothing() {
    for operation in operations() {
        let security = serde_json::json!(operation.declared.security);
        assert!(
            [serde_json::json!([]), serde_json::json!([{"bearer": []}])].contains(&security),
            "{}: {security}",
            operation.id()
        );
    }
}

#[test]
fn no_schema_has_a_name_that_generators_change() {
    let components = api::openapi::contract().components.unwrap();
    for name in components.schemas.keys() {
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{name}");
        assert!(!["Case", "Error", "Option", "Result"].contains(&name.as_str()), "{name}");
    }
}

#[test]
fn path_parameters_are_named_after_their_resource() {
    for operation in operations() {
        for part in operation.path.split('/').filter(|part| part.starts_with('{')) {
            assert_ne!(part, "{id}", "{}", operation.path);
        }
        let literal = |part: &&str| !part.starts_with('{');
        let kebab = |part: &str| {
            part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter))
        };
        assert!(operation.path.split('/').filter(literal).all(kebab), "{}", operation.path);
    }
}
