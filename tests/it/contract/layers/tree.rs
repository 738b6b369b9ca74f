//! The modules of the crates, found from each crate's `lib.rs` as the compiler finds them.

use super::reader::{self, Import, Mention, TypeDeclaration};
use std::collections::{BTreeMap, BTreeSet};
use syn::{Expr, Item, ItemMod, Lit, Meta};

/// One module: a file, or a block in one.
pub struct Module {
    /// From its crate on: `api`, `http`, `page`.
    pub path: Vec<String>,
    pub file: String,
    pub parent: Option<usize>,
    pub is_test: bool,
    pub children: BTreeMap<String, usize>,
    pub items: BTreeSet<String>,
    pub types: Vec<TypeDeclaration>,
    pub imports: Vec<Import>,
    pub mentions: Vec<Mention>,
}

/// The modules of all crates that were read.
pub struct Tree {
    pub modules: Vec<Module>,
    /// Each crate's first module.
    pub crates: BTreeMap<String, usize>,
    /// Where each macro is declared, by crate and name.
    pub macros: BTreeMap<(String, String), usize>,
}

/// A module before it is read.
struct UnreadModule {
    path: Vec<String>,
    file: String,
    /// The folder of the modules that it declares.
    folder: String,
    parent: Option<usize>,
    is_test: bool,
}

impl Tree {
    /// Reads the crates, given every file below `<crate>/src` with its text.
    pub fn read(crates: &[&str], files: &BTreeMap<String, String>) -> Self {
        let mut tree = Self { modules: Vec::new(), crates: BTreeMap::new(), macros: BTreeMap::new() };
        for name in crates {
            let folder = format!("{name}/src");
            let place = |file: &str, path: &[&str], parent| UnreadModule {
                path: path.iter().map(|part| (*part).to_owned()).collect(),
                file: format!("{folder}/{file}"),
                folder: folder.clone(),
                parent,
                is_test: false,
            };
            let library = tree.add_file(files, place("lib.rs", &[name], None));
            tree.crates.insert((*name).to_owned(), library);
            if files.contains_key(&format!("{folder}/main.rs")) {
                let main = tree.add_file(files, place("main.rs", &[name, "main"], Some(library)));
                tree.modules[library].children.insert("main".to_owned(), main);
            }
        }
        tree
    }

    fn add_file(&mut self, files: &BTreeMap<String, String>, place: UnreadModule) -> usize {
        let text = files.get(&place.file).unwrap_or_else(|| panic!("there is no {}", place.file));
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{} cannot be parsed: {error}", place.file));
        self.add(files, place, &parsed.items)
    }

    fn add(&mut self, files: &BTreeMap<String, String>, place: UnreadModule, items: &[Item]) -> usize {
        let contents = reader::read(items);
        let this = self.modules.len();
        let declared = contents.macros.iter().map(|name| ((place.path[0].clone(), name.clone()), this));
        self.macros.extend(declared);
        self.modules.push(Module {
            path: place.path.clone(),
            file: place.file.clone(),
            parent: place.parent,
            is_test: place.is_test,
            children: BTreeMap::new(),
            items: contents.items.union(&contents.macros).cloned().collect(),
            types: contents.types,
            imports: contents.imports,
            mentions: contents.mentions,
        });
        for module in contents.modules {
            let child = self.add_module(files, this, &place.folder, module);
            self.modules[this].children.insert(module.ident.to_string(), child);
        }
        this
    }

    fn add_module(&mut self, files: &BTreeMap<String, String>, parent: usize, folder: &str, module: &ItemMod) -> usize {
        let above = &self.modules[parent];
        let name = module.ident.to_string();
        let mut place = UnreadModule {
            path: above.path.iter().cloned().chain([name.clone()]).collect(),
            file: above.file.clone(),
            folder: format!("{folder}/{name}"),
            parent: Some(parent),
            is_test: above.is_test || reader::is_test(&module.attrs),
        };
        if let Some((_, items)) = &module.content {
            return self.add(files, place, items);
        }
        let own = written_path(module).map(|path| format!("{folder}/{path}"));
        let candidates = [own.unwrap_or_else(|| format!("{folder}/{name}.rs")), format!("{folder}/{name}/mod.rs")];
        let file = candidates.iter().find(|file| files.contains_key(*file));
        place.file = file.unwrap_or_else(|| panic!("{} declares {name}, which has no file", place.file)).clone();
        self.add_file(files, place)
    }

    /// The first module of the crate that a module is in.
    pub fn root(&self, module: usize) -> usize {
        self.crates[&self.modules[module].path[0]]
    }

    /// The types that are declared outside of tests, each with its module.
    pub fn types(&self) -> impl Iterator<Item = (&Module, &TypeDeclaration)> {
        let modules = self.modules.iter().filter(|module| !module.is_test);
        modules.flat_map(|module| module.types.iter().map(move |declared| (module, declared)))
    }

    /// The files that no module declares.
    pub fn undeclared<'a>(&self, files: &'a BTreeMap<String, String>) -> Vec<&'a String> {
        let known: BTreeSet<&String> = self.modules.iter().map(|module| &module.file).collect();
        files.keys().filter(|file| !known.contains(file)).collect()
    }
}

/// The file in `#[path = ".."]`.
fn written_path(module: &ItemMod) -> Option<String> {
    module.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}
