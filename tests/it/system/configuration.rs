//! The settings: known by the same names everywhere, and an empty one counts as not set.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

/// A file of the project, by its path from the root.
pub fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn known() -> BTreeSet<String> {
    api::cli::variables().into_iter().collect()
}

/// Runs the service's command line with only these environment variables.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    command.args(arguments).env_clear().envs(variables.iter().copied()).output().expect("a process")
}

#[test]
fn the_example_and_the_documentation_list_exactly_the_settings() {
    let example = file(".env.example");
    let settings = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('=')).map(|(name, _)| name.to_owned());
    let offered: BTreeSet<String> = settings.filter(|name| name.starts_with("CASETRAIL_")).collect();
    assert_eq!(offered, known());
    let operations = file("docs/operations.md");
    let rows = operations.lines().filter_map(|line| line.strip_prefix("| `CASETRAIL_")?.split_once("` |"));
    let listed: BTreeSet<String> = rows.map(|(name, _)| format!("CASETRAIL_{name}")).collect();
    assert_eq!(listed, known(), "the table in docs/operations.md");
}

#[test]
fn every_setting_reaches_the_container() {
    let compose: yaml_serde::Value = yaml_serde::from_str(&file("docker-compose.yml")).expect("YAML");
    let environment = compose["services"]["casetrail"]["environment"].as_mapping().expect("variables");
    let handed_on: BTreeSet<String> = environment.keys().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    // The locations of the documents and the database are set by the file itself, and there is no demo in production.
    let own: BTreeSet<String> = ["CASETRAIL_DATA_DIR", "CASETRAIL_DEMO"].map(str::to_owned).into();
    let (ours, others): (BTreeSet<_>, BTreeSet<_>) = handed_on.into_iter().partition(|name| name.starts_with("CASETRAIL_"));
    assert_eq!(ours, known().difference(&own).cloned().collect());
    let bucket = ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(str::to_owned);
    assert_eq!(others, bucket.into());
    for (name, value) in environment {
        assert!(!value.as_str().is_some_and(|value| value.contains(":-}")), "{name:?} would be handed on empty");
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let names = known();
    for blank in ["", "  "] {
        let empty: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), blank)).collect();
        let output = run(&["openapi", "--help"], &empty);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // A command that reads settings, and fails because of its own task.
        let output = run(&["--bind", "127.0.0.1:1", "healthcheck"], &empty);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("refused"), "{said}");
    }
    let output = run(&["healthcheck"], &[("CASETRAIL_LOG_FORMAT", "xml"), ("CASETRAIL_BIND", "127.0.0.1:1")]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("CASETRAIL_LOG_FORMAT"));
}

#[test]
fn an_unknown_variable_prevents_the_start_and_is_named() {
    let output = run(&["healthcheck"], &[("CASETRAIL_DATABSE_URL", "")]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("CASETRAIL_DATABSE_URL"));
}

/// The build context contains what the build reads: no secret next to the compose file is included, and a changed document causes
/// no rebuild.
#[test]
fn the_build_context_is_an_allow_list() {
    let ignored = file(".dockerignore");
    let mut rules = ignored.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(rules.next(), Some("*"));
    let allowed: Vec<&str> = rules.map(|rule| rule.strip_prefix('!').expect("an allowed path")).collect();
    assert!(allowed.contains(&"api") && allowed.contains(&"Cargo.lock"));
    for path in allowed {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).exists(), "{path}");
    }
}
