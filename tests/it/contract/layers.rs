//! The allowed imports: crates are layers, and features don't import each other.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Every source file below a folder, with its content.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a file");
            found.push((path, text));
        }
    }
    found
}

/// The folders directly below `api/src` that are features: each has a `configure`.
fn features() -> Vec<String> {
    let folders = fs::read_dir(root().join("api/src")).expect("api").flatten().map(|entry| entry.path());
    let features =
        folders.filter(|path| fs::read_to_string(path.join("mod.rs")).is_ok_and(|text| text.contains("pub fn configure(")));
    features.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect()
}

/// The lines of a file that contain a path, without comments.
fn uses<'a>(text: &'a str, path: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.contains(path) && !line.trim_start().starts_with("//")).collect()
}

#[test]
fn features_do_not_know_each_other() {
    let features = features();
    assert!(features.len() > 3, "{features:?}");
    for feature in &features {
        for (file, text) in sources(&root().join("api/src").join(feature)) {
            for other in features.iter().filter(|other| *other != feature) {
                let found = uses(&text, &format!("crate::{other}::"));
                assert!(found.is_empty(), "{} uses {other}: {found:?}", file.display());
            }
        }
    }
}

#[test]
fn http_knows_no_feature() {
    for (file, text) in sources(&root().join("api/src/http")) {
        for feature in features() {
            assert!(uses(&text, &format!("crate::{feature}::")).is_empty(), "{} uses {feature}", file.display());
        }
    }
}

#[test]
fn what_is_true_knows_no_http_and_history_knows_nothing() {
    for (file, text) in sources(&root().join("entity/src")) {
        assert!(uses(&text, "actix").is_empty() && uses(&text, "api::").is_empty(), "{}", file.display());
    }
    for (file, text) in sources(&root().join("migration/src")) {
        assert!(uses(&text, "entity::").is_empty(), "{}", file.display());
    }
}

#[test]
fn nothing_is_called_by_what_it_lacks_a_name_for() {
    for crate_folder in ["api", "entity", "migration", "tests"] {
        for (file, _) in sources(&root().join(crate_folder)) {
            let path = file.strip_prefix(root()).expect("inside").display().to_string();
            for name in ["utils", "common", "helpers", "services", "managers"] {
                assert!(!path.split(['/', '.']).any(|part| part == name), "{path}");
            }
        }
    }
}

#[test]
fn every_file_begins_with_a_sentence() {
    for crate_folder in ["api", "entity", "migration", "tests"] {
        for (file, text) in sources(&root().join(crate_folder)) {
            assert!(text.starts_with("//! "), "{}", file.display());
        }
    }
}
