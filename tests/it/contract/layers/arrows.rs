//! The arrows between modules: each path, as it is written and followed to the module that declares the item.

use super::tree::Tree;
use std::collections::BTreeSet;

/// Where a path leads: a module, and the path within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub module: usize,
    pub rest: Vec<String>,
}

/// A use of an item of another module.
#[derive(Clone, Debug)]
pub struct Arrow {
    pub from: usize,
    pub line: usize,
    /// As it is written: the module that the path names, even if it only re-exports the item.
    pub named: Place,
    /// The module that declares the item.
    pub real: Place,
}

/// The imports that were followed, so that none is followed in a circle.
type Seen = BTreeSet<(usize, usize)>;

impl Tree {
    /// All arrows of the modules that aren't tests, one for each item that a module uses.
    pub fn arrows(&self) -> Vec<Arrow> {
        let modules = (0..self.modules.len()).filter(|module| !self.modules[*module].is_test);
        modules.flat_map(|module| self.arrows_of(module)).collect()
    }

    fn arrows_of(&self, from: usize) -> Vec<Arrow> {
        let module = &self.modules[from];
        let mut arrows = Vec::new();
        for import in &module.imports {
            let Some((named, real)) = self.follow(from, &import.path) else { continue };
            // A module that is only imported to write shorter paths is no arrow; those paths are.
            let is_prefix = |name: &String| module.mentions.iter().any(|it| it.path.len() > 1 && it.path.first() == Some(name));
            if real.rest.is_empty() && !import.is_public && import.name.as_ref().is_some_and(is_prefix) {
                continue;
            }
            arrows.push(Arrow { from, line: import.line, named, real });
        }
        let has_globs = module.imports.iter().any(|import| import.name.is_none());
        for mention in &module.mentions {
            let Some((named, real)) = (match mention.path.as_slice() {
                [name] if mention.is_macro => self.follow(from, &mention.path).or_else(|| self.declared_macro(from, name)),
                [name] if has_globs => self.through_globs(from, name, &mut Seen::new()).map(|at| self.ends(at)),
                [_] => None,
                path => self.follow(from, path),
            }) else {
                continue;
            };
            arrows.push(Arrow { from, line: mention.line, named, real });
        }
        arrows.retain(|arrow| arrow.named.module != from || arrow.real.module != from);
        let mut seen = BTreeSet::new();
        let item = |place: &Place| (place.module, place.rest.first().cloned());
        arrows.retain(|arrow| seen.insert((item(&arrow.named), arrow.real.module)));
        arrows
    }

    /// The two ends of a path: as it is written, and where the item is. `None` if it leads out of the crates.
    pub fn follow(&self, from: usize, path: &[String]) -> Option<(Place, Place)> {
        self.anchor(from, path, &mut Seen::new()).map(|at| self.ends(at))
    }

    fn ends(&self, at: Place) -> (Place, Place) {
        // `crate::name!`: a macro belongs to its file, although its path is short.
        if let [name] = at.rest.as_slice()
            && self.modules[at.module].parent.is_none()
            && let Some(ends) = self.declared_macro(at.module, name)
        {
            return ends;
        }
        let real = self.real(at.clone(), &mut Seen::new());
        (self.named(at), real)
    }

    fn declared_macro(&self, from: usize, name: &str) -> Option<(Place, Place)> {
        let module = *self.macros.get(&(self.modules[from].path[0].clone(), name.to_owned()))?;
        let place = Place { module, rest: vec![name.to_owned()] };
        Some((place.clone(), place))
    }

    /// Finds the beginning of a path: the module from which its rest is to be read.
    fn anchor(&self, from: usize, path: &[String], seen: &mut Seen) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let here = || Place { module: from, rest: path.to_vec() };
        let module = &self.modules[from];
        match first.as_str() {
            "crate" => Some(Place { module: self.root(from), rest: rest.to_vec() }),
            "self" => match rest.first().map(String::as_str) {
                Some("super") => self.anchor(from, rest, seen),
                _ => Some(Place { module: from, rest: rest.to_vec() }),
            },
            "super" => match rest.first().map(String::as_str) {
                Some("super") => self.anchor(module.parent?, rest, seen),
                _ => Some(Place { module: module.parent?, rest: rest.to_vec() }),
            },
            name if module.children.contains_key(name) && !rest.is_empty() => Some(here()),
            name => self
                .imported(from, name, seen)
                .map(|place| Place { rest: [&place.rest, rest].concat(), ..place })
                .or_else(|| (module.items.contains(name) || module.children.contains_key(name)).then(here))
                .or_else(|| self.crates.get(name).map(|root| Place { module: *root, rest: rest.to_vec() }))
                .or_else(|| self.through_globs(from, name, seen).map(|at| Place { rest: path.to_vec(), ..at })),
        }
    }

    /// Where an imported name leads; an item is preferred to a module of the same name.
    fn imported(&self, from: usize, name: &str, seen: &mut Seen) -> Option<Place> {
        let mut module = None;
        for (index, import) in self.modules[from].imports.iter().enumerate() {
            if import.name.as_deref() != Some(name) || !seen.insert((from, index)) {
                continue;
            }
            let Some(found) = self.anchor(from, &import.path, seen) else { continue };
            if !self.real(found.clone(), &mut seen.clone()).rest.is_empty() {
                return Some(found);
            }
            module = Some(found);
        }
        module
    }

    /// The module that has a name which is here through `use other::*`.
    fn through_globs(&self, from: usize, name: &str, seen: &mut Seen) -> Option<Place> {
        for (index, import) in self.modules[from].imports.iter().enumerate() {
            if import.name.is_some() || !seen.insert((from, index)) {
                continue;
            }
            let found = self.anchor(from, &import.path, seen).map(|at| self.real(at, seen));
            let holder = found.filter(|place| place.rest.is_empty() && self.has(place.module, name));
            let holder = holder.map(|place| Place { rest: vec![name.to_owned()], ..place });
            if holder.is_some() {
                return holder;
            }
        }
        None
    }

    /// Whether a name is declared or imported in a module.
    fn has(&self, module: usize, name: &str) -> bool {
        let module = &self.modules[module];
        let is_imported = || module.imports.iter().any(|import| import.name.as_deref() == Some(name));
        module.items.contains(name) || module.children.contains_key(name) || is_imported()
    }

    /// Goes down as far as modules are declared.
    fn named(&self, mut at: Place) -> Place {
        while let Some((name, after)) = at.rest.split_first() {
            let module = &self.modules[at.module];
            let is_item = after.is_empty()
                && (module.items.contains(name) || module.imports.iter().any(|import| import.name.as_ref() == Some(name)));
            match module.children.get(name) {
                Some(child) if !is_item => at = Place { module: *child, rest: after.to_vec() },
                _ => break,
            }
        }
        at
    }

    /// Goes down, and follows what is re-exported to where it is declared.
    fn real(&self, at: Place, seen: &mut Seen) -> Place {
        let Some((name, after)) = at.rest.split_first() else { return at };
        let module = &self.modules[at.module];
        let child = module.children.get(name).map(|child| Place { module: *child, rest: after.to_vec() });
        let declared = || module.items.contains(name).then(|| at.clone());
        let imported = |seen: &mut Seen| self.reexported(&at, name, after, seen);
        if after.is_empty() {
            declared().or_else(|| imported(seen)).or(child).unwrap_or(at)
        } else {
            match child {
                Some(child) => self.real(child, seen),
                None => declared().or_else(|| imported(seen)).unwrap_or(at),
            }
        }
    }

    fn reexported(&self, at: &Place, name: &str, after: &[String], seen: &mut Seen) -> Option<Place> {
        if let Some(found) = self.imported(at.module, name, seen) {
            return Some(self.real(Place { rest: [&found.rest, after].concat(), ..found }, seen));
        }
        let holder = self.through_globs(at.module, name, seen)?;
        (holder.module != at.module).then(|| self.real(Place { rest: at.rest.clone(), ..holder }, seen))
    }
}
