//! The names of types: a name that is declared twice in a crate would have two meanings there.

use super::WORKSPACE;
use super::tree::Tree;
use std::collections::BTreeMap;

/// Names that a crate may declare more than once, each with its reason.
const REPEATED: [(&str, &str); 3] = [
    ("Model", "sea-orm's name for a row of the module's table"),
    ("Relation", "sea-orm's name for what the module's table refers to"),
    ("Result", "std's `Result`, with the error that is usual where it is imported from, like `std::io::Result`"),
];
/// Also repeated, if private: the columns of one statement, read in the same file.
const STATEMENT_ROW: &str = "Row";

/// The names that are declared more than once in a crate, with their places.
fn repeated(tree: &Tree) -> BTreeMap<(&str, &str), Vec<String>> {
    let mut places: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let declared = tree.types().filter(|(_, declared)| !(declared.is_private && declared.name == STATEMENT_ROW));
    for (module, declared) in declared {
        let place = format!("{}:{}", module.file, declared.line);
        places.entry((&module.path[0], &declared.name)).or_default().push(place);
    }
    places.retain(|_, places| places.len() > 1);
    places
}

#[test]
fn a_type_name_has_one_meaning_in_its_crate() {
    let (repeated, declared) = (repeated(&WORKSPACE.tree), WORKSPACE.tree.types().count());
    assert!(declared > 700, "only {declared} types were read");
    let is_exempt = |name: &str| REPEATED.iter().any(|(exempt, _)| *exempt == name);
    let found = repeated.iter().filter(|((_, name), _)| !is_exempt(name));
    let found: Vec<String> = found.map(|((_, name), places)| format!("{name}: {}", places.join(", "))).collect();
    assert!(
        found.is_empty(),
        "name each of these types by what it is, or make them one type in a room below both; a name that needs several \
         declarations goes into REPEATED with its reason:\n{}",
        found.join("\n")
    );
    for (name, reason) in REPEATED {
        let is_used = repeated.keys().any(|(_, repeated)| *repeated == name);
        assert!(is_used, "{name} is not repeated any more; remove it from REPEATED: {reason}");
    }
}

#[test]
fn only_types_of_the_same_crate_outside_of_tests_share_a_name() {
    let files = [
        ("one/src/lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
        ("one/src/tests.rs", "struct Alone; trait Shared {}"),
        (
            "one/src/a.rs",
            "pub struct Shared; enum Alone {} struct Row; #[cfg(test)] struct Alone; #[cfg(test)] mod c { enum Alone {} }",
        ),
        ("one/src/b.rs", "fn f() { struct Local; }\nmod c { type Shared = (); }\nimpl T for U { type Alone = (); }\nstruct Row;"),
        (
            "two/src/lib.rs",
            "trait T { type Alone; }\npub enum Alone {} pub struct Row; union Local { a: u8 }\nmod m { pub trait Row {} }",
        ),
    ];
    let files = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let tree = Tree::read(&["one", "two"], &files);
    let found: Vec<String> =
        repeated(&tree).iter().map(|((crate_name, name), places)| format!("{crate_name} {name} {places:?}")).collect();
    assert_eq!(
        found,
        [r#"one Shared ["one/src/a.rs:1", "one/src/b.rs:2"]"#, r#"two Row ["two/src/lib.rs:2", "two/src/lib.rs:3"]"#]
    );
}
