//! The files of the page: those inside the binary, or those of a folder.

use actix_web::web::Bytes;
use entity::text::sha256_hex;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Their contents, from the folder `api/page`.
macro_rules! embedded {
    ($($name:literal)*) => { [$(($name, include_bytes!(concat!("../../../../page/", $name)).as_slice())),*] };
}

/// The files inside the binary: all of `api/page`, as a test below demands.
const EMBEDDED: &[(&str, &[u8])] = &embedded! {
    "actions.js"
    "api.js"
    "app.js"
    "changes.js"
    "charts.js"
    "dom.js"
    "download.js"
    "drawer.js"
    "entry.js"
    "favicon.svg"
    "files.js"
    "format.js"
    "forms.js"
    "index.html"
    "list.js"
    "notes.js"
    "people.js"
    "period.js"
    "report.js"
    "route.js"
    "session.js"
    "states.js"
    "style.css"
    "table.js"
    "views/alerts.js"
    "views/case.js"
    "views/cases.js"
    "views/changes.js"
    "views/entry.js"
    "views/log.js"
    "views/overview.js"
    "views/people.js"
    "views/reviews.js"
    "views/signin.js"
    "views/system.js"
    "visit.js"
};

/// The file that is served at `/`, and nowhere else.
const INDEX: &str = "index.html";
/// What stands for the digest in the index.
const DIGEST: &str = "{{digest}}";
const DIGEST_LENGTH: usize = 16;

/// Limits of a folder, so that a wrong one is not read to its end.
const ENTRIES_MAX: usize = 1_000;
const BYTES_MAX: u64 = 8 << 20;

/// The files of the page at one time.
pub struct Files {
    /// A digest over the names and contents of all files, in hexadecimal digits.
    pub digest: String,
    index: Option<Index>,
    /// All files except the index, by their paths in the folder.
    assets: BTreeMap<String, Bytes>,
}

/// The index with the digest in its place.
pub struct Index {
    pub content: Bytes,
    /// Its entity tag.
    pub tag: String,
}

impl Files {
    /// The files inside the binary, without what only their authors read.
    pub fn embedded() -> Arc<Self> {
        static FILES: LazyLock<Arc<Files>> = LazyLock::new(|| {
            let files = EMBEDDED.iter().map(|(name, content)| ((*name).to_owned(), lean(name, content)));
            Arc::new(Files::new(files.collect()))
        });
        Arc::clone(&FILES)
    }

    /// The files of a folder as they are now. Hidden ones and symbolic links are left out.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read, or has more than the page of a service can have.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut contents = FolderContents::default();
        contents.folder(folder, "")?;
        Ok(Self::new(contents.files))
    }

    fn new(mut files: BTreeMap<String, Bytes>) -> Self {
        let digest = digest(&files);
        let index = files.remove(INDEX).map(|content| {
            let content = String::from_utf8_lossy(&content).replace(DIGEST, &digest);
            Index { tag: format!("\"{}\"", short(content.as_bytes())), content: content.into() }
        });
        Self { digest, index, assets: files }
    }

    pub fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }

    /// The content of a file by its path in the folder. Only what was read can be found, so a path leads nowhere else.
    pub fn asset(&self, path: &str) -> Option<Bytes> {
        self.assets.get(path).cloned()
    }
}

/// A script or style sheet without indentation, comments that begin a line, declared types, line breaks behind what cannot end a
/// statement or does so itself, and those before closing brackets; a test ensures that no text of a script goes over several
/// lines. Other files stay as they are.
fn lean(name: &str, content: &'static [u8]) -> Bytes {
    let is_code = name.ends_with(".js") || name.ends_with(".css");
    let Some(text) = str::from_utf8(content).ok().filter(|_| is_code) else { return Bytes::from_static(content) };
    let (mut kept, mut is_comment, mut is_behind_comment) = (String::with_capacity(text.len()), false, false);
    for mut line in text.lines().map(str::trim) {
        while is_comment || line.starts_with("/*") {
            let end = line.split_once("*/");
            (is_comment, line) = (end.is_none(), end.map_or("", |(_, code)| code.trim_start()));
            if is_comment {
                break;
            }
        }
        if !line.is_empty() && !line.starts_with("//") {
            if line.starts_with([')', ']', '}']) && !is_behind_comment && kept.ends_with('\n') {
                kept.pop();
            }
            is_behind_comment = line.contains("//");
            kept.push_str(&without_casts(line));
            if !line.ends_with([',', '(', '[', '{', ';']) || is_behind_comment {
                kept.push('\n');
            }
        }
    }
    kept.into()
}

/// A line without the types that parts of it are declared to have.
fn without_casts(line: &str) -> String {
    let mut parts = line.split("/** @type ");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once("*/").map_or("", |(_, code)| code.trim_start()));
    std::iter::once(first).chain(rest).collect()
}

/// Each name and each content with its length before it, so that no two lists of files are the same text.
fn digest(files: &BTreeMap<String, Bytes>) -> String {
    let mut all = Vec::new();
    for part in files.iter().flat_map(|(name, content)| [name.as_bytes(), content]) {
        all.extend_from_slice(format!("{}:", part.len()).as_bytes());
        all.extend_from_slice(part);
    }
    short(&all)
}

fn short(bytes: &[u8]) -> String {
    sha256_hex(bytes).chars().take(DIGEST_LENGTH).collect()
}

/// The content type by the ending of a name; browsers are told not to guess.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// What was read of a folder so far.
#[derive(Default)]
struct FolderContents {
    files: BTreeMap<String, Bytes>,
    entries: usize,
    bytes: u64,
}

impl FolderContents {
    fn folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let (path, name, kind) = (entry.path(), format!("{prefix}{name}"), entry.file_type()?);
            self.count(if kind.is_file() { entry.metadata()?.len() } else { 0 })?;
            if kind.is_dir() {
                self.folder(&path, &format!("{name}/"))?;
            } else if kind.is_file() {
                self.files.insert(name, std::fs::read(&path)?.into());
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64) -> io::Result<()> {
        self.entries += 1;
        self.bytes += bytes;
        let is_a_page = self.entries <= ENTRIES_MAX && self.bytes <= BYTES_MAX;
        if is_a_page { Ok(()) } else { Err(io::Error::other("has more files than a page, or larger ones")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All files together as they are served, uncompressed.
    const PAGE_BYTES_MAX: usize = 150_000;
    const COLUMNS_MAX: usize = 130;
    /// What turns text into markup or code, and styles and scripts that the page's policy refuses.
    const FORBIDDEN: [&str; 11] = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        " style=\"",
        " onclick=\"",
        "javascript:",
        "http://",
        "https://",
    ];
    /// It names a vocabulary, and nothing is loaded from there.
    const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("page")
    }

    fn all(folder: &Path) -> BTreeMap<String, Bytes> {
        let mut contents = FolderContents::default();
        contents.folder(folder, "").unwrap();
        contents.files
    }

    #[test]
    fn every_file_of_the_page_is_inside_the_binary() {
        let there: Vec<String> = all(&folder()).into_keys().collect();
        let embedded: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        let missing = "the list of EMBEDDED in api/src/http/layers/page/files.rs differs from the folder api/page, which has";
        assert_eq!(there, embedded, "{missing}\n{}", there.iter().map(|name| format!("    \"{name}\"\n")).collect::<String>());
    }

    #[test]
    fn the_page_is_small() {
        let bytes: usize = EMBEDDED.iter().map(|(name, content)| lean(name, content).len()).sum();
        assert!(bytes <= PAGE_BYTES_MAX, "the files of api/page have {bytes} bytes, more than {PAGE_BYTES_MAX}");
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere_and_makes_no_markup_or_code_of_text() {
        for (name, content) in EMBEDDED {
            let text = std::str::from_utf8(content).unwrap();
            for (number, line) in text.lines().enumerate() {
                let (place, columns) = (format!("api/page/{name}:{}", number + 1), line.chars().count());
                assert!(columns <= COLUMNS_MAX, "{place}: {columns} columns");
                let own = line.replace(SVG_NAMESPACE, "");
                let found = FORBIDDEN.iter().find(|forbidden| own.contains(**forbidden));
                assert!(found.is_none(), "{place}: {}", found.unwrap_or(&""));
            }
        }
    }

    #[test]
    fn a_script_is_served_without_indentation_and_comments() {
        let script = b"// What it is.\n\nimport { el } from \"./dom.js\";\n/**\n * A part.\n * @param {string} name\n */\n\
                       export function part(\n  /** @type {string} */ name,\n) {\n  /* Now. */\n  \
                       return el(\"p\", {}, `${name} // *`); // text\n}\n\n\
                       const all = [\n  part(/** @type {\"a\"} */ (\"a\"))\n];\n";
        let served = "import { el } from \"./dom.js\";export function part(name,) {\
                      return el(\"p\", {}, `${name} // *`); // text\n}\nconst all = [part((\"a\"))];";
        assert_eq!(lean("part.js", script), served);
        assert_eq!(lean("part.svg", b"  <svg/>\n"), "  <svg/>\n");
    }

    #[test]
    fn no_text_of_a_script_and_no_comment_beside_code_goes_over_several_lines() {
        for (name, content) in EMBEDDED.iter().filter(|(name, _)| name.ends_with(".js") || name.ends_with(".css")) {
            for (number, line) in std::str::from_utf8(content).unwrap().lines().enumerate() {
                let place = format!("api/page/{name}:{}: {line}", number + 1);
                assert_eq!(line.matches('`').count() % 2, 0, "{place}");
                let is_begun = line.trim().split_once("/*").is_some_and(|(code, rest)| !code.is_empty() && !rest.contains("*/"));
                assert!(!is_begun, "{place}");
            }
        }
    }

    #[test]
    fn the_digest_stands_in_the_index_and_depends_on_every_name_and_content() {
        let digest = |files: &[(&str, &'static str)]| {
            let files = files.iter().map(|(name, content)| ((*name).to_owned(), Bytes::from_static(content.as_bytes())));
            Files::new(files.collect())
        };
        let first = digest(&[("a.js", "1"), ("index.html", "<p>{{digest}} {{digest}}")]);
        assert_eq!(first.digest.len(), DIGEST_LENGTH);
        assert_eq!(first.index().unwrap().content, format!("<p>{0} {0}", first.digest));
        for other in [
            digest(&[("a.js", "2"), ("index.html", "<p>{{digest}} {{digest}}")]),
            digest(&[("b.js", "1"), ("index.html", "<p>{{digest}} {{digest}}")]),
            digest(&[("a.js", "1"), ("index.html", "<p>{{digest}} {{digest}}"), ("b", "")]),
            digest(&[("a.js", "1"), ("index.html", "<p>{{digest}}")]),
        ] {
            assert_ne!(first.digest, other.digest);
            assert_ne!(first.index().unwrap().tag, other.index().unwrap().tag);
        }
        assert!(first.asset("index.html").is_none() && first.asset("a.js").is_some());
    }
}
