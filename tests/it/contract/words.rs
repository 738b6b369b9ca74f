//! The texts of the project are about people without saying of which gender they are.

use std::fs;
use std::path::{Path, PathBuf};

const PRONOUNS: [&str; 8] = ["he", "him", "his", "himself", "she", "her", "hers", "herself"];
/// Where texts and sources are.
const PLACES: [&str; 12] = [
    "README.md",
    "CHANGELOG.md",
    ".env.example",
    "docker-compose.yml",
    "openapi.yaml",
    "docs",
    ".github",
    ".docker",
    "api/src",
    "entity/src",
    "migration/src",
    "tests",
];
const ENDINGS: [&str; 9] = ["md", "ts", "rs", "yaml", "yml", "example", "py", "sh", "toml"];

/// Files below a place, without what tools have put there and without the contracts of former releases.
fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(place).expect("a folder").flatten().map(|entry| entry.path());
    let kept = entries.filter(|path| !["node_modules", "released", "contract/words.rs"].iter().any(|name| path.ends_with(name)));
    let found = kept.flat_map(|path| files(&path));
    found.filter(|file| file.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))).collect()
}

#[test]
fn no_text_has_a_gendered_pronoun() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let files: Vec<PathBuf> = PLACES.iter().flat_map(|place| files(&root.join(place))).collect();
    assert!(files.len() > 500, "only {} files were read", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a text");
        for (number, line) in text.lines().enumerate() {
            // Identifiers are words joined by underscores.
            let words = line.split(|letter: char| !letter.is_alphanumeric());
            if words.map(str::to_lowercase).any(|word| PRONOUNS.contains(&word.as_str())) {
                found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "write they, or restructure:\n{}", found.join("\n"));
}
