//! The tables of rooms in docs/ARCHITECTURE.md, and the arrows that they allow.

use super::arrows::Arrow;
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

pub const PAGE: &str = "docs/ARCHITECTURE.md";

/// One row of a table: rooms, and what each of them may use.
pub struct Row {
    /// With their crate: `api::http::request`.
    pub rooms: Vec<String>,
    /// Whether its modules are one room, with the name of the first.
    pub is_one: bool,
    pub uses: Vec<Term>,
    /// Modules of other rooms that none of these may use: `events` for `*::events`.
    pub never: Vec<String>,
}

/// What a row may use.
pub struct Term {
    pub written: String,
    pub meaning: Meaning,
}

pub enum Meaning {
    /// Everything in these rooms, without the rooms in them.
    Rooms(BTreeSet<String>),
    /// Everything in a crate.
    Crate(String),
    /// One thing in a room.
    Item(Vec<String>),
}

/// The tables of all crates.
pub struct Rooms {
    pub rows: Vec<Row>,
}

impl Rooms {
    /// Reads the tables between `<!-- rooms: api -->` and `<!-- end -->`.
    pub fn parse(page: &str, crates: &[&str]) -> Self {
        Self { rows: crates.iter().flat_map(|name| Table::parse(page, name, crates).rows()).collect() }
    }

    fn row(&self, room: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.rooms.iter().any(|other| other == room))
    }

    /// The innermost room around a module; a module without a row is named by its place below the crate.
    pub fn room(&self, path: &[String]) -> String {
        for depth in (2..=path.len()).rev() {
            let module = path[..depth].join("::");
            match self.row(&module) {
                Some(row) if row.is_one => return row.rooms[0].clone(),
                Some(_) => return module,
                None => {}
            }
        }
        path[..path.len().min(2)].join("::")
    }

    /// The modules that need a row and have none: each top-level module, and each module next to a room that is in another room.
    pub fn unlisted(&self, tree: &Tree) -> Vec<String> {
        let is_divided =
            |path: &str| self.rows.iter().flat_map(|row| &row.rooms).any(|room| room.starts_with(&format!("{path}::")));
        let modules = tree.modules.iter().filter(|module| !module.is_test && module.parent.is_some());
        let needed = modules.filter(|module| is_divided(&module.path[..module.path.len() - 1].join("::")));
        needed.map(|module| module.path.join("::")).filter(|room| self.row(room).is_none()).collect()
    }

    /// The rooms that are no modules, or are in two rows.
    pub fn absent(&self, tree: &Tree) -> Vec<String> {
        let modules: BTreeSet<String> = tree.modules.iter().map(|module| module.path.join("::")).collect();
        let mut seen = BTreeSet::new();
        let rooms = self.rows.iter().flat_map(|row| &row.rooms);
        rooms.filter(|room| !modules.contains(*room) || !seen.insert(*room)).cloned().collect()
    }

    /// Whether the arrow stays in its room.
    fn is_inside(&self, tree: &Tree, arrow: &Arrow) -> bool {
        self.room(&tree.modules[arrow.from].path) == self.room(&tree.modules[arrow.named.module].path)
    }

    /// The arrows that the tables don't allow.
    pub fn forbidden<'a>(&self, tree: &Tree, arrows: &'a [Arrow]) -> Vec<&'a Arrow> {
        let outside = arrows.iter().filter(|arrow| !self.is_inside(tree, arrow));
        outside.filter(|arrow| !self.allows(tree, arrow)).collect()
    }

    fn allows(&self, tree: &Tree, arrow: &Arrow) -> bool {
        let Some(row) = self.row(&self.room(&tree.modules[arrow.from].path)) else { return false };
        let target = target(tree, arrow);
        let is_never = target.get(2).is_some_and(|module| row.never.contains(module));
        !is_never && row.uses.iter().any(|term| self.covers(tree, &term.meaning, arrow))
    }

    fn covers(&self, tree: &Tree, meaning: &Meaning, arrow: &Arrow) -> bool {
        let target = target(tree, arrow);
        match meaning {
            Meaning::Rooms(rooms) => rooms.contains(&self.room(&tree.modules[arrow.named.module].path)),
            Meaning::Crate(name) => target.first() == Some(name),
            Meaning::Item(path) => {
                let real = tree.follow(tree.crates[&path[0]], path).map(|(_, real)| real);
                let is_real =
                    real.is_some_and(|real| real.module == arrow.real.module && real.rest.first() == arrow.real.rest.first());
                target.starts_with(path) || is_real
            }
        }
    }

    /// What a row allows and none of its rooms uses.
    pub fn unused(&self, tree: &Tree, arrows: &[Arrow]) -> Vec<String> {
        let mut unused = Vec::new();
        for row in &self.rows {
            let of_row = |arrow: &&Arrow| row.rooms.contains(&self.room(&tree.modules[arrow.from].path));
            let outside: Vec<&Arrow> = arrows.iter().filter(of_row).filter(|arrow| !self.is_inside(tree, arrow)).collect();
            let idle = row.uses.iter().filter(|term| !outside.iter().any(|arrow| self.covers(tree, &term.meaning, arrow)));
            unused.extend(idle.map(|term| format!("{} -> {}", row.rooms.join(", "), term.written)));
        }
        unused
    }
}

/// The whole path of what an arrow points to, as it is written.
pub fn target(tree: &Tree, arrow: &Arrow) -> Vec<String> {
    [&tree.modules[arrow.named.module].path, &arrow.named.rest[..]].concat()
}

fn cells(line: &str) -> [&str; 3] {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    cells.try_into().unwrap_or_else(|_| panic!("{PAGE}: a row has three cells: {line}"))
}

/// The name in `**rows**: ...`, and what follows it.
fn named(rooms: &str) -> (Option<&str>, &str) {
    match rooms.strip_prefix("**").and_then(|rest| rest.split_once("**: ")) {
        Some((name, rooms)) => (Some(name), rooms),
        None => (None, rooms),
    }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// One crate's table, while it is read.
struct Table<'a> {
    name: &'a str,
    crates: &'a [&'a str],
    lines: Vec<[&'a str; 3]>,
    /// The rooms of each row that has a name.
    sets: BTreeMap<&'a str, BTreeSet<String>>,
    rooms: BTreeSet<String>,
}

impl<'a> Table<'a> {
    fn parse(page: &'a str, name: &'a str, crates: &'a [&'a str]) -> Self {
        let begin = format!("<!-- rooms: {name} -->\n");
        let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{PAGE} has no {begin}"));
        let (table, _) = rest.split_once("<!-- end -->").expect("the end of the table");
        let mut read = Self { name, crates, lines: Vec::new(), sets: BTreeMap::new(), rooms: BTreeSet::new() };
        for line in table.lines().skip(2) {
            let cells = cells(line);
            let (set, rooms) = named(cells[0]);
            let rooms = read.quoted_rooms(rooms);
            read.rooms.extend(rooms.iter().cloned());
            read.sets.extend(set.map(|set| (set, rooms.into_iter().collect())));
            read.lines.push(cells);
        }
        read
    }

    fn quoted_rooms(&self, text: &str) -> Vec<String> {
        quoted(text).iter().map(|room| format!("{}::{room}", self.name)).collect()
    }

    fn rows(&self) -> Vec<Row> {
        let row = |[rooms, _, uses]: &[&str; 3]| {
            let (uses, never) = uses.split_once("; never ").unwrap_or((uses, ""));
            let terms = uses.split(", ").filter(|term| !term.is_empty());
            Row {
                rooms: self.quoted_rooms(rooms),
                is_one: rooms.contains("` + `"),
                uses: terms.map(|term| Term { written: term.to_owned(), meaning: self.meaning(term) }).collect(),
                never: quoted(never).iter().map(|module| module.trim_start_matches("*::").to_owned()).collect(),
            }
        };
        self.lines.iter().map(row).collect()
    }

    fn meaning(&self, written: &str) -> Meaning {
        let Some(word) = written.strip_prefix('`').and_then(|word| word.strip_suffix('`')) else {
            let set = self.sets.get(written).unwrap_or_else(|| panic!("{PAGE}: no row of {} is named {written}", self.name));
            return Meaning::Rooms(set.clone());
        };
        let path: Vec<String> = word.split("::").map(str::to_owned).collect();
        let room = format!("{}::{word}", self.name);
        match self.crates.contains(&path[0].as_str()) {
            true if path.len() == 1 => Meaning::Crate(word.to_owned()),
            true => Meaning::Item(path),
            false if self.rooms.contains(&room) => Meaning::Rooms([room].into()),
            false => Meaning::Item([&[self.name.to_owned()], &path[..]].concat()),
        }
    }
}
