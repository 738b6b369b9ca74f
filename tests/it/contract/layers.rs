//! The allowed imports: crates are layers, features don't import each other, and docs/ARCHITECTURE.md draws all other arrows.

mod arrows;
mod circles;
mod names;
mod reader;
mod rooms;
mod samples;
mod tree;

use arrows::Arrow;
use rooms::{PAGE, Rooms};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tree::Tree;

const CRATES: [&str; 2] = ["api", "entity"];

/// What was read, once for all tests.
struct Workspace {
    files: BTreeMap<String, String>,
    tree: Tree,
    arrows: Vec<Arrow>,
    rooms: Rooms,
}

static WORKSPACE: LazyLock<Workspace> = LazyLock::new(|| {
    let files = CRATES.iter().flat_map(|name| sources(&format!("{name}/src"))).collect();
    let tree = Tree::read(&CRATES, &files);
    let page = fs::read_to_string(root().join(PAGE)).expect("the page");
    Workspace { arrows: tree.arrows(), rooms: Rooms::parse(&page, &CRATES), tree, files }
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Every source file below a folder of the workspace, with its text.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join(folder)).expect("a folder").flatten() {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(sources(&path));
        } else if path.ends_with(".rs") {
            found.insert(path, fs::read_to_string(entry.path()).expect("a file"));
        }
    }
    found
}

/// The files of the workspace's own crates.
fn every_source() -> BTreeMap<String, String> {
    ["api", "entity", "migration", "tests"].into_iter().flat_map(sources).collect()
}

/// The modules on top of `api` that are features: folders with a `configure`.
fn features(tree: &Tree) -> BTreeSet<String> {
    let top = tree.modules.iter().filter(|module| module.path.len() == 2 && module.path[0] == "api");
    let features = top.filter(|module| module.items.contains("configure") && module.file.ends_with("/mod.rs"));
    features.map(|module| module.path[1].clone()).collect()
}

/// The arrows as text: file, line, and what is used.
fn lines<'a>(tree: &Tree, arrows: impl IntoIterator<Item = &'a Arrow>) -> String {
    let line = |arrow: &Arrow| {
        format!("{}:{} uses {}", tree.modules[arrow.from].file, arrow.line, rooms::target(tree, arrow).join("::"))
    };
    arrows.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_module_has_a_row_in_the_table_of_rooms() {
    let Workspace { tree, rooms, files, .. } = &*WORKSPACE;
    let unlisted = rooms.unlisted(tree).join("\n");
    assert!(
        unlisted.is_empty(),
        "{PAGE} has no row for these modules; say there what they are and what they may use:\n{unlisted}"
    );
    let absent = rooms.absent(tree).join("\n");
    assert!(absent.is_empty(), "{PAGE} has rows for rooms that are no modules, or are in two rows:\n{absent}");
    let undeclared = tree.undeclared(files);
    assert!(undeclared.is_empty(), "no module declares these files: {undeclared:?}");
}

#[test]
fn a_room_uses_only_what_its_row_allows() {
    let Workspace { tree, rooms, arrows, .. } = &*WORKSPACE;
    let forbidden = lines(tree, rooms.forbidden(tree, arrows));
    assert!(
        forbidden.is_empty(),
        "{PAGE} doesn't allow these; move the item to a room below both, or change the row:\n{forbidden}"
    );
}

#[test]
fn a_row_allows_only_what_its_rooms_use() {
    let Workspace { tree, rooms, arrows, .. } = &*WORKSPACE;
    let unused = rooms.unused(tree, arrows).join("\n");
    assert!(unused.is_empty(), "{PAGE} allows these, and nothing needs it; remove them from the rows:\n{unused}");
}

#[test]
fn no_circle_of_files_leads_through_two_rooms() {
    let Workspace { tree, rooms, arrows, .. } = &*WORKSPACE;
    let circles = circles::across_rooms(tree, rooms, arrows).into_iter().map(|(files, crossing)| {
        let forbidden = rooms.forbidden(tree, &crossing);
        let to_cut = if forbidden.is_empty() { crossing.iter().collect() } else { forbidden };
        format!("{} files use each other:\n{}\nbecause\n{}\n", files.len(), files.join("\n"), lines(tree, to_cut))
    });
    let circles = circles.collect::<Vec<_>>().join("\n");
    assert!(circles.is_empty(), "only the files of one room may form a circle; cut some of these arrows:\n{circles}");
}

#[test]
fn features_do_not_import_each_other() {
    let Workspace { tree, arrows, .. } = &*WORKSPACE;
    let features = features(tree);
    assert!(features.len() > 12, "{features:?}");
    let feature =
        |module: usize| features.get(tree.modules[module].path.get(1)?).filter(|_| tree.modules[module].path[0] == "api");
    let of_another = |arrow: &&Arrow| match (feature(arrow.from), feature(arrow.named.module)) {
        (Some(from), Some(to)) => from != to,
        _ => false,
    };
    let found = lines(tree, arrows.iter().filter(of_another));
    assert!(found.is_empty(), "what two features need is in `entity`, `http` or `wire`:\n{found}");
}

#[test]
fn http_imports_no_feature() {
    let Workspace { tree, arrows, .. } = &*WORKSPACE;
    let features = features(tree);
    let is_http = |module: usize| tree.modules[module].path.starts_with(&["api".to_owned(), "http".to_owned()]);
    let is_feature = |module: usize| tree.modules[module].path.get(1).is_some_and(|name| features.contains(name));
    let of_feature = |arrow: &&Arrow| is_http(arrow.from) && tree.root(arrow.named.module) == tree.root(arrow.from);
    let found = lines(tree, arrows.iter().filter(of_feature).filter(|arrow| is_feature(arrow.named.module)));
    assert!(found.is_empty(), "{found}");
}

#[test]
fn entity_does_not_depend_on_http_nor_migration_on_entity_or_api() {
    let history = Tree::read(&["migration"], &sources("migration/src"));
    let starts = |tree: &Tree, name: &str| {
        let modules = tree.modules.iter().filter(|module| module.path[0] == name);
        let paths = modules.flat_map(|module| {
            let imported = module.imports.iter().map(|import| (&import.path, import.line));
            let written =
                module.mentions.iter().filter(|mention| mention.path.len() > 1).map(|mention| (&mention.path, mention.line));
            imported.chain(written).map(|(path, line)| (path[0].clone(), format!("{}:{line}", module.file)))
        });
        paths.collect::<BTreeMap<String, String>>()
    };
    for (name, starts, foreign) in [
        ("entity", starts(&WORKSPACE.tree, "entity"), &["actix_web", "actix_http", "actix_server", "api"][..]),
        ("migration", starts(&history, "migration"), &["actix_web", "utoipa", "api", "entity"]),
    ] {
        assert!(starts.contains_key("sea_orm") || starts.contains_key("sea_orm_migration"), "{name} was not read");
        for other in foreign {
            assert!(!starts.contains_key(*other), "{name} knows {other}: {:?}", starts.get(*other));
        }
    }
}

#[test]
fn no_module_has_a_generic_name() {
    for path in every_source().keys() {
        for name in ["utils", "common", "helpers", "services", "managers"] {
            assert!(!path.split(['/', '.']).any(|part| part == name), "{path}");
        }
    }
}

#[test]
fn every_file_begins_with_a_sentence() {
    for (path, text) in every_source() {
        assert!(text.starts_with("//! "), "{path}");
    }
}
