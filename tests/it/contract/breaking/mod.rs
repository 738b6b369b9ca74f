//! Finds changes that would break clients of the last released contract.
//!
//! A contract is released by `cargo openapi --release`, which stores it beside the previous ones. From then on everything that is
//! removed or narrowed fails here, unless `ACCEPTED` contains the corresponding line of the changelog.

mod documents;
mod rules;
mod schemas;

use serde_json::Value as Json;
use std::path::PathBuf;

/// Intentional breaking changes: the finding, and the line of the changelog that describes it. Removed with the next release. A
/// finding that begins with `*` is accepted in every operation, since a code is listed in the problems of all of them. One that
/// also ends with `*` is accepted regardless of the rest of its text.
const ACCEPTED: &[(&str, &str)] = &[
    (
        "*: any value is given now",
        "Values in responses (action types, error codes, categories, sources, roles and all others) are texts with known values",
    ),
    (
        "POST /api/v1/cases/{case_id}/documents body: takes no further properties any more",
        "The contract says that an upload takes no parts but those it lists; the service never took others.",
    ),
    (
        r#"*/code: "database_unavailable" is not given any more"#,
        "The error code `database_unavailable` is now `unavailable`: it also says that there is no space or too much work.",
    ),
    (
        r#"*: pattern was "^[^\\u0000-\\u001F\\u007F-\\u009F\\u061C\\u200B*"#,
        "Names, phone numbers, workshop codes and file names refuse every invisible or format character of Unicode",
    ),
    (r#"*: pattern was "^[^\\u0000]*[^\\u0000\\t-\\r*"#, "In a body an empty text is the same as null where null is possible"),
    (r#"*: pattern was none and is "^([A-Za-z0-9.!#*"#, "In a body an empty text is the same as null where null is possible"),
    (
        r#"*query ip_address: pattern was "^[0-9A-Fa-f.:]{2,45}$"*"#,
        "`ip_address` of the log takes a network in CIDR notation (`192.0.2.0/24`)",
    ),
    (
        "*query changed_field: only some values are taken any more",
        "`changed_field` is one of the fields that entries show as changed, and `changed_from` and `changed_to` are values of it",
    ),
    ("*GET /api/v1/cases query assigned_to: *", "`assigned_to` and `member_id` of `GET /cases` may be repeated"),
    ("*GET /api/v1/cases query member_id: *", "`assigned_to` and `member_id` of `GET /cases` may be repeated"),
    (
        "GET /api/v1/audit-action-types 200/data/*/count: type null is given now",
        "`count` and `last_seen_at` of `GET /audit-action-types` are null for callers who may not read the audit log.",
    ),
];

/// Whether a finding matches an accepted one.
fn is_accepted(accepted: &str, found: &str) -> bool {
    match (accepted.strip_prefix('*'), accepted.strip_suffix('*')) {
        (Some(part), Some(_)) => found.contains(part.trim_end_matches('*')),
        (Some(end), None) => found.ends_with(end),
        (None, _) => found == accepted,
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The most recently released contract, with its version.
fn last_released() -> Option<(Vec<u64>, Json)> {
    let files = std::fs::read_dir(root().join("tests/contract/released")).into_iter().flatten().flatten();
    let versions = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        Some((version(name.strip_prefix("openapi-")?.strip_suffix(".yaml")?), file.path()))
    });
    let (version, path) = versions.max()?;
    let text = std::fs::read_to_string(path).expect("a contract");
    Some((version, yaml_serde::from_str(&text).expect("YAML")))
}

fn version(text: &str) -> Vec<u64> {
    let numbers = text.strip_suffix("-dev").unwrap_or(text);
    numbers.split('.').map(|number| number.parse().expect("a version")).collect()
}

#[test]
fn nothing_that_was_released_is_removed_or_narrowed() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).expect("the changelog");
    let current = serde_json::to_value(api::openapi::contract()).expect("the contract");
    let Some((released, last)) = last_released() else {
        let sections: Vec<&str> = changelog.lines().filter(|line| line.starts_with("## ")).collect();
        return assert_eq!(sections, ["## Unreleased"], "a version was released without its contract: `cargo openapi --release`");
    };
    let is_later = version(current["info"]["version"].as_str().expect("a version")) > released;
    assert!(is_later || current == last, "what differs from {released:?} has a later version");
    let found = rules::breaks(&last, &current);
    let new: Vec<&String> =
        found.iter().filter(|found| !ACCEPTED.iter().any(|(accepted, _)| is_accepted(accepted, found))).collect();
    assert!(new.is_empty(), "this breaks those who built on {released:?}; undo it, or accept it in {}: {new:#?}", file!());
    for (accepted, line) in ACCEPTED {
        assert!(found.iter().any(|found| is_accepted(accepted, found)), "it doesn't break any more: {accepted}");
        assert!(changelog.contains(line), "the changelog doesn't say: {line}");
    }
}
