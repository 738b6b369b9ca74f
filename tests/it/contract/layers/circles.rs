//! The circles among files: strongly connected components, by Tarjan's algorithm.

use super::arrows::Arrow;
use super::rooms::Rooms;
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// Which file uses which.
pub type Graph = BTreeMap<String, Vec<String>>;

/// The files that aren't tests, each with those in which the items it uses really are.
pub fn graph<'a>(tree: &Tree, arrows: impl Iterator<Item = &'a Arrow>) -> Graph {
    let file = |module: usize| tree.modules[module].file.clone();
    let files = tree.modules.iter().filter(|module| !module.is_test);
    let mut graph: Graph = files.map(|module| (module.file.clone(), Vec::new())).collect();
    for arrow in arrows {
        graph.entry(file(arrow.from)).or_default().push(file(arrow.real.module));
    }
    graph
}

/// The room of each file.
pub fn rooms_of_files(tree: &Tree, rooms: &Rooms) -> BTreeMap<String, String> {
    // A file's own module comes before those inside of it.
    tree.modules.iter().rev().map(|module| (module.file.clone(), rooms.room(&module.path))).collect()
}

/// The circles that lead through more than one room, each with the arrows between its rooms.
pub fn across_rooms(tree: &Tree, rooms: &Rooms, arrows: &[Arrow]) -> Vec<(Vec<String>, Vec<Arrow>)> {
    let room_of = rooms_of_files(tree, rooms);
    let file = |module: usize| &tree.modules[module].file;
    let mut found = Vec::new();
    for circle in circles(&graph(tree, arrows.iter())) {
        let members: BTreeSet<&String> = circle.iter().collect();
        let crosses = |arrow: &&Arrow| {
            let (from, to) = (file(arrow.from), file(arrow.real.module));
            members.contains(from) && members.contains(to) && room_of[from] != room_of[to]
        };
        let crossing: Vec<Arrow> = arrows.iter().filter(crosses).cloned().collect();
        if !crossing.is_empty() {
            found.push((circle, crossing));
        }
    }
    found
}

/// The nodes that reach each other, for every component of more than one; the largest first.
pub fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let mut walk = Walk { graph, found: BTreeMap::new(), open: Vec::new(), circles: Vec::new() };
    for node in graph.keys() {
        if !walk.found.contains_key(node) {
            walk.visit(node);
        }
    }
    walk.circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    walk.circles
}

struct Walk<'a> {
    graph: &'a Graph,
    /// When each node was found; `None` once its component is complete.
    found: BTreeMap<&'a String, Option<usize>>,
    open: Vec<&'a String>,
    circles: Vec<Vec<String>>,
}

impl<'a> Walk<'a> {
    /// The earliest open node that this one reaches.
    fn visit(&mut self, node: &'a String) -> usize {
        let number = self.found.len();
        self.found.insert(node, Some(number));
        self.open.push(node);
        let mut earliest = number;
        for next in self.graph.get(node).into_iter().flatten() {
            match self.found.get(next) {
                None => earliest = earliest.min(self.visit(next)),
                Some(Some(other)) => earliest = earliest.min(*other),
                Some(None) => {}
            }
        }
        if earliest == number {
            self.complete(node);
        }
        earliest
    }

    fn complete(&mut self, node: &'a String) {
        let start = self.open.iter().rposition(|other| *other == node).expect("it is open");
        let mut circle = self.open.split_off(start);
        circle.sort();
        self.found.extend(circle.iter().map(|done| (*done, None)));
        if circle.len() > 1 {
            self.circles.push(circle.into_iter().cloned().collect());
        }
    }
}
