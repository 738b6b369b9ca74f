//! Tests of the reader and of the rules on small sample crates: what is found, and that each rule can fail.

use super::circles;
use super::rooms::{Rooms, target};
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// The crate `sample`, given its files below `src`.
fn sample(files: &[(&str, &str)]) -> Tree {
    Tree::read(&["sample"], &files.iter().map(|(file, text)| (format!("sample/src/{file}"), (*text).to_owned())).collect())
}

/// What a module uses, as it is written.
fn used_by(tree: &Tree, module: &str) -> BTreeSet<String> {
    let arrows = tree.arrows();
    let of_module = arrows.iter().filter(|arrow| tree.modules[arrow.from].path.join("::") == module);
    of_module.map(|arrow| target(tree, arrow).join("::")).collect()
}

/// The files in which the things that a module uses really are.
fn files_used_by(tree: &Tree, module: &str) -> BTreeSet<String> {
    let arrows = tree.arrows();
    let of_module = arrows.iter().filter(|arrow| tree.modules[arrow.from].path.join("::") == module);
    of_module.map(|arrow| tree.modules[arrow.real.module].file.trim_start_matches("sample/src/").to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const AB: &str = "mod a; mod b; mod c;";

/// What `a.rs` uses, next to `b`, which has a module `d`, and `c`.
fn used_by_a(text: &str) -> BTreeSet<String> {
    let b = "pub mod d; pub struct B;";
    used_by(&sample(&[("lib.rs", AB), ("a.rs", text), ("b.rs", b), ("b/d.rs", "pub fn go() {}"), ("c.rs", "")]), "sample::a")
}

#[test]
fn a_nested_group_is_many_arrows() {
    let found = used_by_a("use crate::{b::{self, d::{go, Stop as End}, B}, c}; fn f() { b::d::go(); c::x() }");
    assert_eq!(found, set(&["sample::b::B", "sample::b::d::go", "sample::b::d::Stop", "sample::c::x"]));
}

#[test]
fn super_is_counted_from_the_module_it_is_written_in() {
    assert_eq!(used_by_a("mod inner { use super::super::b::B; } use super::c::X;"), set(&["sample::c::X"]));
    let tree =
        sample(&[("lib.rs", AB), ("a.rs", "mod inner { use super::super::b::B; }"), ("b.rs", "pub struct B;"), ("c.rs", "")]);
    assert_eq!(used_by(&tree, "sample::a::inner"), set(&["sample::b::B"]));
    assert_eq!(used_by_a("use self::super::b::B;"), set(&["sample::b::B"]));
}

#[test]
fn a_renamed_module_and_a_glob_are_followed() {
    assert_eq!(used_by_a("use crate::b as other; fn f() { other::d::go(); }"), set(&["sample::b::d::go"]));
    assert_eq!(used_by_a("use super::b::*; fn f(b: B) { d::go(); }"), set(&["sample::b", "sample::b::B", "sample::b::d::go"]));
}

#[test]
fn an_unused_import_counts_itself() {
    assert_eq!(used_by_a("use crate::c;"), set(&["sample::c"]));
    assert_eq!(used_by_a("pub use crate::b; fn f(x: b::B) {}"), set(&["sample::b", "sample::b::B"]));
}

#[test]
fn paths_without_an_import_count_wherever_they_are() {
    let text = "fn f(x: &crate::b::B) -> Vec<super::c::C> { if let crate::c::Some(_) = x { crate::b::d::go::<crate::c::T>() } }";
    assert_eq!(used_by_a(text), set(&["sample::b::B", "sample::b::d::go", "sample::c::C", "sample::c::Some", "sample::c::T"]));
    assert_eq!(used_by_a("impl crate::b::Trait for X {}"), set(&["sample::b::Trait"]));
}

#[test]
fn paths_inside_of_macros_and_attributes_count() {
    assert_eq!(
        used_by_a(r#"fn f() { json!({ "x": [crate::b::B::new(super::c::C)] }) }"#),
        set(&["sample::b::B::new", "sample::c::C"])
    );
    assert_eq!(used_by_a("make! { use crate::b::{self, B, d::go}; }"), set(&["sample::b", "sample::b::B", "sample::b::d::go"]));
    assert_eq!(used_by_a("#[path(body = crate::b::B)] fn f() {}"), set(&["sample::b::B"]));
    let quoted = r#"use crate::b; struct S { #[serde(with = "b::d::go")] #[doc = "crate::c::C"] x: u8 }"#;
    assert_eq!(used_by_a(quoted), set(&["sample::b::d::go"]));
    assert_eq!(used_by_a("macro_rules! m { () => { $crate::b::B } }"), set(&["sample::b::B"]));
}

#[test]
fn a_macro_is_in_the_file_that_declares_it() {
    let tree = |a| sample(&[("lib.rs", AB), ("a.rs", a), ("b.rs", "macro_rules! list { () => {} }"), ("c.rs", "")]);
    assert_eq!(files_used_by(&tree("list!();"), "sample::a"), set(&["b.rs"]));
    assert_eq!(files_used_by(&tree("crate::list! {}"), "sample::a"), set(&["b.rs"]));
    assert_eq!(files_used_by(&tree("vec![1];"), "sample::a"), set(&[]));
}

#[test]
fn test_code_and_visibilities_are_no_arrows() {
    assert_eq!(used_by_a("#[cfg(test)] mod tests { use crate::b::B; } #[cfg(test)] use crate::c::X;"), set(&[]));
    assert_eq!(used_by_a("impl S { #[cfg(test)] fn f(b: crate::b::B) {} }"), set(&[]));
    assert_eq!(used_by_a("pub(in crate::b) fn f() {} pub(super) fn g() {}"), set(&[]));
    assert_eq!(used_by_a("use std::fmt; fn f(b: B) { serde::b::B; a.b::<u8>() }"), set(&[]));
}

const FRONT: [(&str, &str); 5] = [
    ("lib.rs", "mod a; mod front; mod deep;"),
    ("a.rs", "use crate::front::{Thing, other}; fn f() { other::go() }"),
    ("front.rs", "mod own; pub use crate::deep as other; pub use own::Thing as Thing;"),
    ("front/own.rs", "pub struct Thing;"),
    ("deep.rs", "pub fn go() {}"),
];

#[test]
fn a_reexport_is_named_as_written_and_followed_to_the_declaring_file() {
    let tree = sample(&FRONT);
    assert_eq!(used_by(&tree, "sample::a"), set(&["sample::front::Thing", "sample::front::other::go"]));
    assert_eq!(files_used_by(&tree, "sample::a"), set(&["front/own.rs", "deep.rs"]));
    assert_eq!(used_by(&tree, "sample::front"), set(&["sample::deep", "sample::front::own::Thing"]));
}

#[test]
fn a_file_that_no_module_declares_is_found() {
    let files: BTreeMap<String, String> =
        [("sample/src/lib.rs", "mod a { mod b; }"), ("sample/src/a/b.rs", ""), ("sample/src/lost.rs", "")]
            .map(|(file, text)| (file.to_owned(), text.to_owned()))
            .into();
    assert_eq!(Tree::read(&["sample"], &files).undeclared(&files), ["sample/src/lost.rs"]);
}

/// The tables of a page whose rows are given.
fn rooms(rows: &[&str]) -> Rooms {
    Rooms::parse(
        &format!("<!-- rooms: sample -->\n| Room | | Uses |\n|---|---|---|\n{}\n<!-- end -->", rows.join("\n")),
        &["sample"],
    )
}

const ROWS: [&str; 4] = [
    "| `base` | | |",
    "| **rows**: `case`, `user` | | `base`, rows; never `*::events` |",
    "| `core` | | `user::Person` |",
    "| `top` | | rows |",
];

/// A crate that keeps to these rows, with one of its files replaced.
fn sample_with(file: &str, text: &str) -> Tree {
    let mut files: BTreeMap<&str, &str> = BTreeMap::from([
        ("lib.rs", "mod base; mod case; mod user; mod core; mod top;"),
        ("base.rs", ""),
        ("case.rs", "pub mod events; use crate::user::Model; use crate::base::X;"),
        ("case/events.rs", ""),
        ("user.rs", "mod person; pub use person::Person; pub struct Model;"),
        ("user/person.rs", "pub struct Person;"),
        ("core.rs", "use crate::user::Person;"),
        ("top.rs", "use crate::case::events::E;"),
    ]);
    files.insert(file, text);
    sample(&files.into_iter().collect::<Vec<_>>())
}

fn forbidden(file: &str, text: &str) -> BTreeSet<String> {
    let tree = sample_with(file, text);
    let arrows = tree.arrows();
    rooms(&ROWS).forbidden(&tree, &arrows).iter().map(|arrow| target(&tree, arrow).join("::")).collect()
}

#[test]
fn an_arrow_that_no_row_allows_is_found() {
    assert_eq!(forbidden("base.rs", ""), set(&[]));
    assert_eq!(forbidden("base.rs", "use crate::case::X;"), set(&["sample::case::X"]));
    assert_eq!(forbidden("case.rs", "pub mod events; fn f() { crate::user::events::E; }"), set(&["sample::user::events::E"]));
    assert_eq!(forbidden("core.rs", "use crate::user::{person::Person, Model};"), set(&["sample::user::Model"]));
    assert_eq!(forbidden("top.rs", "pub use crate::{base, core::C};"), set(&["sample::base", "sample::core::C"]));
    assert_eq!(forbidden("case/events.rs", "use super::X; use crate::top::T;"), set(&["sample::top::T"]));
}

#[test]
fn a_room_without_a_row_and_a_row_without_a_room_are_found() {
    let tree = sample_with("base.rs", "");
    assert_eq!((rooms(&ROWS).unlisted(&tree), rooms(&ROWS).absent(&tree)), (vec![], vec![]));
    assert_eq!(rooms(&["| `case`, `user`, `core` | | |"]).unlisted(&tree), ["sample::base", "sample::top"]);
    let with = |row| rooms(&[&ROWS[..], &[row]].concat());
    assert_eq!(with("| `cellar`, `top` | | |").absent(&tree), ["sample::cellar", "sample::top"]);
    // Once one module inside a room has a row, all of them need one.
    assert_eq!(with("| `user::gone` | | |").unlisted(&tree), ["sample::user::person"]);
}

#[test]
fn a_row_that_allows_more_than_is_used_is_found() {
    let (tree, unused) = (sample_with("case.rs", "pub mod events;"), |tree: &Tree| rooms(&ROWS).unused(tree, &tree.arrows()));
    assert_eq!(unused(&tree), ["sample::case, sample::user -> `base`", "sample::case, sample::user -> rows"]);
    assert!(unused(&sample_with("base.rs", "")).is_empty());
}

/// The circles through more than one room, without their arrows.
fn across_rooms(tree: &Tree) -> Vec<Vec<String>> {
    circles::across_rooms(tree, &rooms(&ROWS), &tree.arrows()).into_iter().map(|(files, _)| files).collect()
}

#[test]
fn a_circle_through_two_rooms_is_found() {
    assert!(across_rooms(&sample_with("base.rs", "")).is_empty());
    let tree = sample_with("user.rs", "mod person; pub use person::Person; pub struct Model(crate::case::Y);");
    assert_eq!(
        across_rooms(&tree).concat().into_iter().collect::<BTreeSet<_>>(),
        set(&["sample/src/case.rs", "sample/src/user.rs"])
    );
    // Through a third file, and a path inside a macro.
    let tree = sample_with("user/person.rs", "fn f() { m!(crate::top::T) }");
    assert!(across_rooms(&tree).is_empty());
    let tree = sample_with("case/events.rs", "fn f() { m!(crate::top::T) }");
    assert_eq!(
        across_rooms(&tree).concat().into_iter().collect::<BTreeSet<_>>(),
        set(&["sample/src/case/events.rs", "sample/src/top.rs"])
    );
}

#[test]
fn a_circle_inside_of_one_room_is_allowed_and_a_reexport_makes_none() {
    let tree = sample_with("case/events.rs", "use super::C;");
    assert!(across_rooms(&tree).is_empty());
    let tree = sample_with("case.rs", "mod events; use crate::user::Model; use events::E;");
    assert!(across_rooms(&tree).is_empty());
    // `user` only re-exports from `core`, and what `core` uses is declared in another file of `user`.
    let tree = sample_with("user.rs", "mod person; pub use person::Person; pub use crate::core::C;");
    assert!(across_rooms(&tree).is_empty());
    let tree = sample_with("user/person.rs", "pub struct Person(crate::core::C);");
    assert_eq!(across_rooms(&tree).len(), 1);
    // Unless a row makes one room of the two modules.
    let one = rooms(&["| `user` + `core` | | |"]);
    assert!(circles::across_rooms(&tree, &one, &tree.arrows()).is_empty());
}
