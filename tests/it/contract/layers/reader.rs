//! Reads one Rust file: the names it declares and imports, and every path it mentions, also in attributes and macros.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemMacro, ItemMod, ItemUse, Macro, Meta, UseTree, Visibility};

/// A `use` of one name; of a glob if it gives no name.
#[derive(Debug)]
pub struct Import {
    pub name: Option<String>,
    pub path: Vec<String>,
    pub is_public: bool,
    pub line: usize,
}

/// A path that is written somewhere in the code.
#[derive(Debug)]
pub struct Mention {
    pub path: Vec<String>,
    pub is_macro: bool,
    pub line: usize,
}

/// A struct, enum, union, trait or alias; also one inside a function, but no associated type.
#[derive(Debug)]
pub struct TypeDeclaration {
    pub name: String,
    pub is_private: bool,
    pub line: usize,
}

/// What is in a module, without its child modules.
#[derive(Default)]
pub struct Contents<'a> {
    pub items: BTreeSet<String>,
    pub types: Vec<TypeDeclaration>,
    pub macros: BTreeSet<String>,
    pub imports: Vec<Import>,
    pub mentions: Vec<Mention>,
    pub modules: Vec<&'a ItemMod>,
}

pub fn read(items: &[Item]) -> Contents<'_> {
    let mut contents = Contents::default();
    for item in items {
        contents.visit_item(item);
    }
    contents
}

/// Whether an item is compiled for tests only.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("cfg") && attribute.parse_args::<Ident>().is_ok_and(|cfg| cfg == "test"))
}

fn line(span: Span) -> usize {
    span.start().line
}

impl<'a> Contents<'a> {
    fn import(&mut self, tree: &UseTree, prefix: &[String], is_public: bool) {
        let with = |ident: &Ident| prefix.iter().cloned().chain([ident.to_string()]).collect::<Vec<_>>();
        let (name, path, at) = match tree {
            UseTree::Path(inner) => return self.import(&inner.tree, &with(&inner.ident), is_public),
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.import(tree, prefix, is_public)),
            UseTree::Name(leaf) if leaf.ident == "self" => (prefix.last().cloned(), prefix.to_vec(), leaf.ident.span()),
            UseTree::Name(leaf) => (Some(leaf.ident.to_string()), with(&leaf.ident), leaf.ident.span()),
            UseTree::Rename(leaf) if leaf.ident == "self" => (Some(leaf.rename.to_string()), prefix.to_vec(), leaf.ident.span()),
            UseTree::Rename(leaf) => (Some(leaf.rename.to_string()), with(&leaf.ident), leaf.ident.span()),
            UseTree::Glob(glob) => (None, prefix.to_vec(), glob.star_token.spans[0]),
        };
        self.imports.push(Import { name, path, is_public, line: line(at) });
    }

    fn mention(&mut self, path: Vec<String>, is_macro: bool, at: Span) {
        self.mentions.push(Mention { path, is_macro, line: line(at) });
    }

    /// Finds `a::b::c`, `a::{b, c}` and `a!` in the tokens of a macro or an attribute, whatever else they mean.
    fn scan(&mut self, tokens: TokenStream, prefix: &[String], in_attribute: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let [first, after @ ..] = rest {
            rest = after;
            match first {
                TokenTree::Group(group) => self.scan(group.stream(), prefix, in_attribute),
                TokenTree::Literal(text) if in_attribute => self.quoted(&text.to_string(), text.span()),
                // In `a::{self, b as c}`.
                TokenTree::Ident(ident) if !prefix.is_empty() && ident == "self" => {}
                TokenTree::Ident(ident) if !prefix.is_empty() && ident == "as" => rest = rest.get(1..).unwrap_or_default(),
                TokenTree::Ident(ident) => {
                    let mut path = [prefix, &[ident.to_string()]].concat();
                    while let Some((next, after)) = continued(rest) {
                        rest = after;
                        match next {
                            TokenTree::Ident(ident) => path.push(ident.to_string()),
                            TokenTree::Group(group) => self.scan(group.stream(), &path, in_attribute),
                            _ => break,
                        }
                    }
                    let is_macro = matches!(rest.first(), Some(TokenTree::Punct(mark)) if mark.as_char() == '!');
                    self.mention(path, is_macro, ident.span());
                }
                _ => {}
            }
        }
    }

    /// A path in a string, as in the attributes of serde and validator.
    fn quoted(&mut self, literal: &str, at: Span) {
        let text = literal.trim_matches('"');
        if text.contains("::")
            && let Ok(path) = syn::parse_str::<syn::Path>(text)
        {
            self.mention(segments(&path), false, at);
        }
    }
}

/// What follows a `::`, and the rest.
fn continued(tokens: &[TokenTree]) -> Option<(&TokenTree, &[TokenTree])> {
    match tokens {
        [TokenTree::Punct(one), TokenTree::Punct(two), next, rest @ ..] if one.as_char() == ':' && two.as_char() == ':' => {
            Some((next, rest))
        }
        _ => None,
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name that an item has in its module.
fn name(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        _ => None,
    }
}

fn type_declaration(item: &Item) -> Option<TypeDeclaration> {
    let (ident, visibility) = match item {
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        Item::Union(item) => (&item.ident, &item.vis),
        _ => return None,
    };
    let is_private = matches!(visibility, Visibility::Inherited);
    Some(TypeDeclaration { name: ident.to_string(), is_private, line: line(ident.span()) })
}

impl<'a> Visit<'a> for Contents<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        if is_test(attributes(item)) {
            return;
        }
        self.items.extend(name(item).map(Ident::to_string));
        self.types.extend(type_declaration(item));
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'a ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if is_test(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        self.modules.push(module);
    }

    fn visit_item_macro(&mut self, item: &'a ItemMacro) {
        self.macros.extend(item.ident.as_ref().map(Ident::to_string));
        visit::visit_item_macro(self, item);
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        if let Some(first) = path.segments.first() {
            self.mention(segments(path), false, first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        if let Some(first) = call.path.segments.first() {
            self.mention(segments(&call.path), true, first.ident.span());
        }
        self.scan(call.tokens.clone(), &[], false);
    }

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        match &attribute.meta {
            Meta::List(list) => self.scan(list.tokens.clone(), &[], true),
            Meta::NameValue(pair) if !pair.path.is_ident("doc") => visit::visit_expr(self, &pair.value),
            _ => {}
        }
    }

    /// The path in `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &'a Visibility) {}
}
