//! The texts of the project: about people without saying of which gender they are, in the words of references, and in lines that
//! fit on a screen.

use std::fs;
use std::path::{Path, PathBuf};

const PRONOUNS: [&str; 8] = ["he", "him", "his", "himself", "she", "her", "hers", "herself"];
/// The maximum width of a line, as in `.rustfmt.toml`, which leaves comments, texts and the content of macros as they are.
const COLUMNS_MAX: usize = 130;
/// Names that earlier versions of the code had for what has a name of its own in the field, or in this project.
const FORMER_NAMES: [&str; 32] = [
    "AccountKeeper",
    "Asked",
    "AskedPeriod",
    "BECAUSE",
    "Desk",
    "Dice",
    "Given",
    "Hope",
    "Human",
    "Kept",
    "LOOKS_EVERY",
    "Look",
    "News",
    "Scribe",
    "Sketch",
    "Story",
    "Stumble",
    "TOLD_AT_ONCE",
    "Turn",
    "UnderWay",
    "Unit",
    "Way",
    "because",
    "keep_house",
    "keep_time",
    "lets_us_in",
    "noting",
    "tell",
    "tell_folded",
    "tell_history",
    "told_by_fields",
    "untold",
];
/// Turns of phrase that readers of references do not expect: about persons where there are callers and requests, and figures
/// of speech.
const HOUSE_PHRASES: [&str; 11] = [
    "Nobody",
    "Somebody",
    "Whoever",
    "goes on",
    "in vain",
    "lets somebody in",
    "nobody",
    "somebody",
    "stands twice",
    "who asks",
    "whoever",
];
/// Where texts and sources are.
const PLACES: [&str; 13] = [
    "README.md",
    "CHANGELOG.md",
    ".env.example",
    "docker-compose.yml",
    "openapi.yaml",
    "docs",
    ".github",
    ".docker",
    "api/page",
    "api/src",
    "entity/src",
    "migration/src",
    "tests",
];
const ENDINGS: [&str; 12] = ["md", "ts", "rs", "yaml", "yml", "example", "py", "sh", "toml", "css", "html", "js"];

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

fn every_file() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let files: Vec<PathBuf> = PLACES.iter().flat_map(|place| files(&root.join(place))).collect();
    assert!(files.len() > 500, "only {} files were read", files.len());
    files
}

#[test]
fn no_line_of_code_is_too_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let rules = fs::read_to_string(root.join(".rustfmt.toml")).expect("rustfmt's rules");
    assert!(rules.lines().any(|line| line == format!("max_width = {COLUMNS_MAX}")), "{rules}");
    let mut found = Vec::new();
    for file in every_file().into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs")) {
        let text = fs::read_to_string(&file).expect("a text");
        for (number, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX {
                found.push(format!("{}:{}: {columns} columns", file.display(), number + 1));
            }
        }
    }
    assert!(
        found.is_empty(),
        "at most {COLUMNS_MAX} columns; continue a text on the next line with a backslash, or with concat!:\n{}",
        found.join("\n")
    );
}

#[test]
fn no_text_has_a_gendered_pronoun() {
    let mut found = Vec::new();
    for file in every_file() {
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

#[test]
fn no_text_has_a_house_phrase() {
    let mut found = Vec::new();
    for file in every_file() {
        let text = fs::read_to_string(&file).expect("a text");
        for (number, line) in text.lines().enumerate() {
            if HOUSE_PHRASES.iter().any(|phrase| line.contains(phrase)) {
                found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "write what a reference would say:\n{}", found.join("\n"));
}

/// Whether a name is declared on a line: the word behind `fn`, `struct` and the like.
fn declared(line: &str) -> Option<&str> {
    let keywords = ["fn", "struct", "enum", "trait", "type", "const", "static", "mod"];
    let mut words =
        line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).skip_while(|word| !keywords.contains(word));
    words.find(|word| !word.is_empty() && !keywords.contains(word))
}

#[test]
fn what_has_a_name_in_the_field_has_no_other_one() {
    let mut found = Vec::new();
    for file in every_file().into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs")) {
        let text = fs::read_to_string(&file).expect("a text");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let is_former =
                declared(line).is_some_and(|name| FORMER_NAMES.contains(&name) || (name == "of" && line.contains("fn of(")));
            if is_former {
                found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "take the word of the glossary; for `of`, say new, parse, from, find or load:\n{}",
        found.join("\n")
    );
}
