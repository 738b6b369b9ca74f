//! Texts regardless of case, by Unicode's full case folding, and their search on both databases.
//!
//! Neither database folds: SQLite changes the case of ASCII letters only, PostgreSQL that of the letters its locale knows. So a
//! search lists, for each letter of the text sought, the letters that fold to it, which both databases compare by code point.
//! Texts are stored as they are, so that what earlier versions stored is found as well.

use super::normalised;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func};
use sea_orm::{Condition, DbBackend};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// The letter that only Turkic languages fold to `i`, although its upper case is `I`.
const DOTLESS_I: char = 'ı';

/// Beyond this, no letter has a case. A test looks for one.
const CASED_MAX: char = '\u{1FFFF}';

/// The full case folding of a text, in NFC: equal for texts that a caseless match considers equal (Unicode, D145).
///
/// Not to be stored: it may differ between versions of Unicode.
pub fn folded(text: &str) -> String {
    text.nfd().flat_map(folds).nfc().collect()
}

/// The full case folding of a letter, except that Cherokee is lower case. Apart from the dotless i, two changes of case are what
/// `CaseFolding.txt` says.
fn folds(letter: char) -> impl Iterator<Item = char> {
    let kept = (letter == DOTLESS_I).then_some(letter);
    let lower = (letter != DOTLESS_I).then_some(letter).into_iter().flat_map(char::to_lowercase);
    kept.into_iter().chain(lower.flat_map(char::to_uppercase).flat_map(char::to_lowercase))
}

/// How the texts of a column are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    AsWritten,
    /// By `lowered`.
    Lowered,
}

/// The spellings that fold to something else.
#[derive(Default)]
pub(super) struct FoldingTable {
    /// By a folded letter: the letters that fold to it alone.
    letters: BTreeMap<char, BTreeSet<char>>,
    /// What folds to several letters, or consists of several that fold to something else together, with its folding.
    sequences: BTreeMap<String, String>,
}

/// All letters that have another case or fold to something else.
fn cased() -> impl Iterator<Item = char> {
    (char::MIN..=CASED_MAX).filter(|letter| folds(*letter).ne([*letter]) || letter.to_uppercase().ne([*letter]))
}

static AS_WRITTEN: LazyLock<FoldingTable> = LazyLock::new(|| FoldingTable::new(Spelling::AsWritten));
static LOWERED: LazyLock<FoldingTable> = LazyLock::new(|| FoldingTable::new(Spelling::Lowered));

impl FoldingTable {
    fn new(spelling: Spelling) -> Self {
        let mut table = Self::default();
        for letter in cased() {
            // The upper case of a letter such as ΰ has more characters than the letter.
            let upper = normalised(&letter.to_uppercase().collect::<String>());
            for text in [letter.to_string(), upper] {
                match spelling {
                    Spelling::AsWritten => table.add(&normalised(&text)),
                    Spelling::Lowered => table.add(&super::lowered(&text)),
                }
            }
        }
        table
    }

    fn add(&mut self, text: &str) {
        let folded = folded(text);
        match (single(text), single(&folded)) {
            (Some(letter), Some(to)) if letter == to => {}
            (Some(letter), Some(to)) => {
                self.letters.entry(to).or_default().insert(letter);
            }
            (None, _) if text.chars().map(|letter| self::folded(&letter.to_string())).collect::<String>() == folded => {}
            (Some(_) | None, _) => {
                self.sequences.insert(text.to_owned(), folded);
            }
        }
    }

    /// The other letters that fold to a letter.
    pub(super) fn spellings(&self, letter: char) -> BTreeSet<char> {
        self.letters.get(&letter).cloned().unwrap_or_default()
    }

    /// The sequences whose folding and a text can have a letter in common when the text is found.
    pub(super) fn sequences_in<'a>(&'a self, sought: &str) -> Vec<(&'a str, &'a str)> {
        let meets = |folding: &str| {
            let ends = |end: usize| {
                let (head, tail) = folding.split_at(end);
                (!head.is_empty() && sought.ends_with(head)) || (!tail.is_empty() && sought.starts_with(tail))
            };
            sought.contains(folding) || folding.contains(sought) || folding.char_indices().any(|(place, _)| ends(place))
        };
        let found = self.sequences.iter().filter(|(_, folding)| meets(folding));
        let mut found: Vec<(&str, &str)> = found.map(|(text, folding)| (text.as_str(), folding.as_str())).collect();
        // A longer one may contain a shorter one.
        found.sort_by_key(|(text, _)| std::cmp::Reverse(text.chars().count()));
        found
    }
}

/// The spellings of a column's texts.
pub(super) fn table(spelling: Spelling) -> &'static FoldingTable {
    match spelling {
        Spelling::AsWritten => &AS_WRITTEN,
        Spelling::Lowered => &LOWERED,
    }
}

fn single(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}

/// Whether a column contains a text regardless of case: `folded(column).contains(folded(text))`, as SQL.
pub fn contains(column: &Expr, spelling: Spelling, text: &str, backend: DbBackend) -> Condition {
    let table = table(spelling);
    let sought = folded(text);
    let none = BTreeSet::new();
    let atoms = sought.chars().map(|letter| atom(letter, table.letters.get(&letter).unwrap_or(&none), backend));
    let pattern: String = atoms.collect();
    let plain = matches(column.clone(), &pattern, backend);
    let sequences = table.sequences_in(&sought);
    let firsts: BTreeSet<char> = sequences.iter().filter_map(|(text, _)| text.chars().next()).collect();
    let Some(first) = firsts.first().copied() else { return Condition::any().add(plain) };
    // Few rows contain such a sequence: only in those it is replaced.
    let is_there = matches(column.clone(), &atom(first, &firsts, backend), backend);
    let replaced = sequences.into_iter().fold(column.clone(), |column, (text, folding)| {
        Func::cust("REPLACE").args([column, Expr::val(text), Expr::val(folding)]).into()
    });
    let replaced = Condition::all().add(is_there).add(matches(replaced, &pattern, backend));
    Condition::any().add(plain).add(replaced)
}

/// The pattern of one letter, spelled as itself or as any of these, all of which are letters.
pub(super) fn atom(letter: char, spellings: &BTreeSet<char>, backend: DbBackend) -> String {
    if !spellings.is_empty() {
        let class: BTreeSet<char> = spellings.iter().copied().chain([letter]).collect();
        return format!("[{}]", class.into_iter().collect::<String>());
    }
    match (backend, letter) {
        (DbBackend::Postgres, '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$') => {
            format!("\\{letter}")
        }
        (DbBackend::Postgres, letter) => letter.to_string(),
        (_, '*' | '?' | '[') => format!("[{letter}]"),
        (_, letter) => letter.to_string(),
    }
}

/// Whether a text contains a match of a pattern; both operators compare code points.
fn matches(text: Expr, pattern: &str, backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Postgres => text.binary(BinOper::Custom("~"), Expr::val(pattern)),
        _ => text.binary(BinOper::Custom("GLOB"), Expr::val(format!("*{pattern}*"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs of `CaseFolding.txt` whose folding is not the lower case: the full foldings (F), and those (C) of letters that
    /// are in lower case.
    const FOLDINGS: &[(&str, &str)] = &[
        ("ß", "ss"),
        ("ẞ", "ss"),
        ("İ", "i\u{307}"),
        ("ŉ", "\u{2BC}n"),
        ("ǰ", "j\u{30C}"),
        ("ΐ", "ι\u{308}\u{301}"),
        ("ΰ", "υ\u{308}\u{301}"),
        ("և", "եւ"),
        ("ẖ", "h\u{331}"),
        ("ẗ", "t\u{308}"),
        ("ẘ", "w\u{30A}"),
        ("ẙ", "y\u{30A}"),
        ("ẚ", "a\u{2BE}"),
        ("ὐ", "υ\u{313}"),
        ("ᾀ", "ἀι"),
        ("ᾈ", "ἀι"),
        ("ᾗ", "ἧι"),
        ("ᾮ", "ὦι"),
        ("ᾳ", "αι"),
        ("ᾼ", "αι"),
        ("ᾷ", "α\u{342}ι"),
        ("ῄ", "ήι"),
        ("ῌ", "ηι"),
        ("ῼ", "ωι"),
        ("ﬀ", "ff"),
        ("ﬁ", "fi"),
        ("ﬂ", "fl"),
        ("ﬃ", "ffi"),
        ("ﬄ", "ffl"),
        ("ﬅ", "st"),
        ("ﬆ", "st"),
        ("ﬓ", "մն"),
        ("ﬗ", "մխ"),
        ("ς", "σ"),
        ("µ", "μ"),
        ("ſ", "s"),
        ("\u{345}", "ι"),
        ("ϐ", "β"),
        ("ϑ", "θ"),
        ("ϕ", "φ"),
        ("ϖ", "π"),
        ("ϰ", "κ"),
        ("ϱ", "ρ"),
        ("ϵ", "ε"),
        ("ẛ", "ṡ"),
        ("\u{1FBE}", "ι"),
        ("ᲀ", "в"),
        ("ꭰ", "Ꭰ"),
        ("ᏸ", "Ᏸ"),
        ("K", "k"),
        ("Å", "å"),
        ("Ω", "ω"),
        ("ϴ", "θ"),
    ];

    #[test]
    fn texts_fold_as_unicode_says() {
        for (text, expected) in FOLDINGS {
            assert_eq!(folded(text), folded(expected), "{text}");
            assert_eq!(folded(&format!("a{text}b")), folded(&format!("A{expected}B")), "{text}");
        }
        for (one, other) in [
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣΑΝ", "οδοςαν"),
            ("Straße", "STRASSE"),
            ("İstanbul", "i\u{307}stanbul"),
            ("É", "e\u{301}"),
            ("Ϊ\u{301}", "ΐ"),
            ("ᾼ", "ΑΙ"),
            ("ŒUVRE", "œuvre"),
            ("ДЖ", "дж"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [("ı", "i"), ("ı", "I"), ("i", "İ"), ("e", "é"), ("o", "ø"), ("ss", "s"), ("σ", "ο"), ("Ş", "S")]
        {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn a_folded_text_is_folded_and_so_is_one_in_lower_case() {
        for letter in char::MIN..=CASED_MAX {
            let text = letter.to_string();
            let once = folded(&text);
            assert_eq!(folded(&once), once, "{letter:?}");
            assert_eq!(folded(&super::super::lowered(&text)), once, "{letter:?}");
        }
        assert!((CASED_MAX..=char::MAX).all(|letter| folds(letter).eq([letter]) && letter.to_uppercase().eq([letter])));
    }

    /// What the SQL computes: each letter on its own, after the sequences that matter were replaced.
    fn found(text: &str, sought: &str, table: &FoldingTable) -> bool {
        let sought = folded(sought);
        let replaced = table.sequences_in(&sought).into_iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        let is = |letter: char, sought: char| {
            letter == sought || table.letters.get(&sought).is_some_and(|letters| letters.contains(&letter))
        };
        let letters: Vec<char> = replaced.chars().collect();
        let sought: Vec<char> = sought.chars().collect();
        letters.windows(sought.len()).any(|part| part.iter().zip(&sought).all(|(letter, sought)| is(*letter, *sought)))
    }

    #[test]
    fn each_letter_is_found_in_each_spelling_with_or_without_letters_around_it() {
        for letter in cased().filter(|letter| *letter != DOTLESS_I) {
            let letter = normalised(&letter.to_string());
            let upper = normalised(&letter.to_uppercase());
            let folding = folded(&letter);
            for (text, sought) in [(&letter, &upper), (&upper, &letter), (&letter, &folding), (&upper, &folding)] {
                for (text, sought) in [(format!("x{text}z"), sought.clone()), (format!("x{text}z"), format!("X{sought}Z"))] {
                    assert!(found(&text, &sought, &AS_WRITTEN), "{text} {sought}");
                    assert!(found(&super::super::lowered(&text), &sought, &LOWERED), "{text} {sought}");
                }
            }
        }
        for (text, sought, is_found) in [
            ("Maßband", "s", true),
            ("Maßband", "SB", true),
            ("Maßband", "as", true),
            ("Maßband", "assb", true),
            ("Masband", "ß", false),
            ("Massband", "ß", true),
            ("ﬃ", "F", true),
            ("ﬃ", "fi", true),
            ("ﬃ", "if", false),
            ("AﬅB", "ATB", false),
            ("ıi", "I", true),
            ("ı", "I", false),
        ] {
            assert_eq!(found(text, sought, &AS_WRITTEN), is_found, "{text} {sought}");
            assert_eq!(folded(text).contains(&folded(sought)), is_found, "{text} {sought}");
        }
    }
}
