//! What an index of trigrams finds a text by, regardless of case: a condition that every text meets that contains the one sought.
//!
//! The letters that a ligature or an `ß` may stand for are left out, since the text may have that instead of them. If no trigram
//! is left, each spelling of the text is looked up.

use super::folding::{Spelling, atom, folded, table};
use sea_orm::DbBackend;
use std::collections::BTreeSet;

/// The letters of a trigram.
const LETTERS: usize = 3;
/// Trigrams with several spellings are listed; this many of them narrow enough.
const WINDOWS_MAX: usize = 4;

/// A letter as sought, and its other spellings.
type Letter = (char, BTreeSet<char>);

/// Conditions that all hold for a text that contains another one, each of which an index of trigrams can check: regular
/// expressions on PostgreSQL, full-text queries on SQLite. Empty if there is none, as for a text of two letters.
pub fn trigram_conditions(text: &str, spelling: Spelling, backend: DbBackend) -> Vec<String> {
    let parts = firm_parts(text, spelling);
    if parts.is_empty() {
        return any_variant(&variants(text, spelling), backend).into_iter().collect();
    }
    match backend {
        // The extension ignores what is neither a letter nor a digit.
        DbBackend::Postgres => parts.iter().filter(|part| is_indexed(part)).map(|part| expression(part)).collect(),
        _ => parts.iter().flat_map(|part| queries(part)).collect(),
    }
}

/// The runs of letters that a text has letter by letter if it contains the one sought.
fn firm_parts(text: &str, spelling: Spelling) -> Vec<Vec<Letter>> {
    let (table, sought) = (table(spelling), folded(text));
    let letters: Vec<char> = sought.chars().collect();
    let mut replaceable = BTreeSet::new();
    for (_, folding) in table.sequences_in(&sought) {
        let folding: Vec<char> = folding.chars().collect();
        let before = folding.len().saturating_sub(1);
        for start in 0..letters.len() + before {
            // The letters that both have in common if the folding begins `before` letters before `start`.
            let places =
                folding.iter().enumerate().filter_map(|(place, letter)| Some(((start + place).checked_sub(before)?, letter)));
            let common: Vec<(usize, &char)> = places.filter(|(place, _)| *place < letters.len()).collect();
            if common.iter().all(|(place, letter)| letters.get(*place) == Some(*letter)) {
                replaceable.extend(common.into_iter().map(|(place, _)| place));
            }
        }
    }
    let firm: Vec<Option<Letter>> = letters
        .iter()
        .enumerate()
        .map(|(place, letter)| (!replaceable.contains(&place)).then(|| (*letter, table.spellings(*letter))))
        .collect();
    let parts = firm.split(Option::is_none).filter(|part| part.len() >= LETTERS);
    parts.map(|part| part.iter().flatten().cloned().collect()).collect()
}

/// How many variants of a text are looked up at most.
const VARIANTS_MAX: usize = 32;

/// All texts of which one is in each text that contains the one sought, as `moß` for `moss`; empty if they are too many or too
/// short.
fn variants(text: &str, spelling: Spelling) -> Vec<Vec<Letter>> {
    let (table, sought) = (table(spelling), folded(text));
    let letters: Vec<char> = sought.chars().collect();
    let sequences: Vec<(Vec<Letter>, Vec<char>)> = table
        .sequences_in(&sought)
        .into_iter()
        .map(|(text, folding)| (text.chars().map(|letter| (letter, BTreeSet::new())).collect(), folding.chars().collect()))
        .collect();
    let mut begun = vec![(Vec::new(), 0)];
    for (text, folding) in &sequences {
        for tail in (1..folding.len()).filter_map(|cut| folding.get(cut..)) {
            if letters.iter().zip(tail).all(|(one, other)| one == other) {
                begun.push((text.clone(), tail.len()));
            }
        }
    }
    let mut complete = Vec::new();
    while let Some((variant, place)) = begun.pop() {
        let rest = letters.get(place..).unwrap_or_default();
        let Some(letter) = rest.first() else {
            complete.push(variant);
            continue;
        };
        let mut replaced: Vec<(Vec<Letter>, usize)> = sequences
            .iter()
            .filter(|(_, folding)| rest.iter().zip(folding).all(|(one, other)| one == other))
            .map(|(text, folding)| ([variant.as_slice(), text.as_slice()].concat(), place + folding.len()))
            .collect();
        let as_sought = [variant.as_slice(), &[(*letter, table.spellings(*letter))]].concat();
        replaced.push((as_sought, place + 1));
        begun.append(&mut replaced);
        if begun.len() + complete.len() > VARIANTS_MAX {
            return Vec::new();
        }
    }
    if complete.iter().all(|variant| variant.len() >= LETTERS) { complete } else { Vec::new() }
}

fn any_variant(variants: &[Vec<Letter>], backend: DbBackend) -> Option<String> {
    if variants.is_empty() {
        return None;
    }
    match backend {
        DbBackend::Postgres => {
            let expressions = || variants.iter().map(|variant| expression(variant)).collect::<Vec<_>>().join("|");
            variants.iter().all(|variant| is_indexed(variant)).then(expressions)
        }
        _ => {
            let all: Vec<String> = variants.iter().map(|variant| format!("({})", queries(variant).join(" AND "))).collect();
            Some(format!("({})", all.join(" OR ")))
        }
    }
}

fn is_indexed(part: &[Letter]) -> bool {
    part.windows(LETTERS).any(|letters| letters.iter().all(|(letter, _)| letter.is_alphanumeric()))
}

fn expression(part: &[Letter]) -> String {
    part.iter().map(|(letter, spellings)| atom(*letter, spellings, DbBackend::Postgres)).collect()
}

/// Phrases of letters with one spelling; only if there is none, trigrams in each of their spellings.
fn queries(part: &[Letter]) -> Vec<String> {
    let phrases = part.split(|(_, spellings)| !spellings.is_empty()).filter(|letters| letters.len() >= LETTERS);
    let phrases: Vec<String> = phrases.map(|letters| quoted(letters.iter().map(|(letter, _)| *letter))).collect();
    if phrases.is_empty() { part.windows(LETTERS).take(WINDOWS_MAX).map(any_spelling).collect() } else { phrases }
}

fn any_spelling(letters: &[Letter]) -> String {
    let spelled = letters.iter().fold(vec![String::new()], |texts, (letter, spellings)| {
        let one_of: Vec<char> = spellings.iter().copied().chain([*letter]).collect();
        texts.iter().flat_map(|text| one_of.iter().map(move |letter| format!("{text}{letter}"))).collect()
    });
    let spelled: Vec<String> = spelled.iter().map(|text| quoted(text.chars())).collect();
    format!("({})", spelled.join(" OR "))
}

/// A string of a full-text query.
fn quoted(letters: impl Iterator<Item = char>) -> String {
    format!("\"{}\"", letters.collect::<String>().replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_what_no_other_spelling_can_replace() {
        let sqlite = |text| trigram_conditions(text, Spelling::Lowered, DbBackend::Sqlite);
        let postgres = |text| trigram_conditions(text, Spelling::Lowered, DbBackend::Postgres);
        for (text, query, expression) in [
            ("HOLD", "\"hold\"", "hold"),
            // Its ends may be half of an `ß`, and its beginning a ligature.
            ("status", "\"atu\"", "atu"),
            ("resumed", "\"umed\"", "re[sſ]umed"),
            ("case", "(\"caſ\" OR \"cas\")", "ca[sſ]e"),
        ] {
            assert_eq!(sqlite(text).first().map(String::as_str), Some(query), "{text}");
            assert_eq!(postgres(text), [expression], "{text}");
        }
        assert_eq!(sqlite("a\"bc*"), ["\"a\"\"bc*\""]);
        assert_eq!(postgres("a.bcd"), ["a\\.bcd"]);
        for text in ["moss", "fish"] {
            assert_eq!((sqlite(text).len(), postgres(text).len()), (1, 1), "{text}");
        }
        assert!(postgres("moss")[0].split('|').any(|variant| variant == "moß"), "{:?}", postgres("moss"));
        assert!(postgres("fish")[0].split('|').any(|variant| variant == "ﬁ[sſ]h"), "{:?}", postgres("fish"));
        for text in ["", "ho", "ß", "s", "grass"] {
            assert_eq!(
                (sqlite(text).len(), postgres(text).len()),
                (usize::from(text == "grass"), usize::from(text == "grass")),
                "{text}"
            );
        }
        assert_eq!((sqlite("%_\\").len(), postgres("%_\\").len()), (1, 0));
    }
}
