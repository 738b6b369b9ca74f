//! The dependencies of the service; `.ci/supply-chain` examines them in detail.

use std::fs;
use std::path::Path;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).expect(name)
}

/// The text between two given texts, each time they occur on one line.
fn quoted<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let found = text.lines().filter_map(|line| line.split_once(before)?.1.split_once(after));
    found.map(|(name, _)| name).collect()
}

#[test]
fn the_lock_file_has_no_banned_dependency() {
    let rules = file("deny.toml");
    let banned = quoted(&rules, "{ crate = \"", "\"");
    assert!(banned.contains(&"rsa") && banned.contains(&"openssl-sys"), "{banned:?}");
    let lock = file("Cargo.lock");
    let locked = quoted(&lock, "name = \"", "\"");
    assert!(locked.contains(&"jsonwebtoken") && locked.len() > 300, "{}", locked.len());
    let found: Vec<_> = banned.iter().filter(|name| locked.contains(name)).collect();
    assert!(found.is_empty(), "{found:?} came back with a dependency: `cargo tree -i NAME` says with which");
}

#[test]
fn an_accepted_advisory_has_a_date() {
    let rules = file("deny.toml");
    for line in rules.lines().filter(|line| !line.trim_start().starts_with('#') && line.contains("RUSTSEC-")) {
        let reason = quoted(line, "reason = \"", ":");
        assert!(reason.iter().all(|day| day.parse::<chrono::NaiveDate>().is_ok()) && reason.len() == 1, "{line}");
    }
}
