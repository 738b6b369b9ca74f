//! What the contract declares about the requested operation: its name, its audit actions, the methods of its path.

use entity::audit::Action;
use std::sync::OnceLock;

/// One operation of the contract.
pub struct Operation {
    pub method: &'static str,
    pub path: String,
    pub id: String,
    /// The action that a denied attempt is recorded as.
    pub denied: Action,
    /// Whether it accepts an `Idempotency-Key`.
    pub is_idempotent: bool,
    /// Whether it accepts query parameters.
    pub takes_a_query: bool,
    /// Whether it has no request body and refuses one.
    pub refuses_a_body: bool,
    /// The names of the fields of its request body.
    pub fields: Vec<String>,
}

/// Whether a path is one that monitors poll every few seconds: never counted, never refused under load.
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();

/// Hands in the operations of the contract, once per process.
pub fn install(operations: Vec<Operation>) {
    // A second call changes nothing: the contract of a process is always the same.
    let _ = OPERATIONS.set(operations);
}

fn all() -> &'static [Operation] {
    OPERATIONS.get().map(Vec::as_slice).unwrap_or_default()
}

/// The operation behind a route's pattern.
pub fn find(method: &str, pattern: &str) -> Option<&'static Operation> {
    all().iter().find(|operation| operation.method == method && operation.path == pattern)
}

/// The contract's template of a requested path.
pub fn template_of(path: &str) -> Option<&'static str> {
    templates().iter().find(|template| template.fits(path)).map(|template| template.path)
}

/// A path of the contract, divided: every request is compared with them.
struct Template {
    path: &'static str,
    parts: Vec<&'static str>,
}

impl Template {
    fn new(path: &'static str) -> Self {
        Self { path, parts: path.split('/').collect() }
    }

    /// Whether a path has this form.
    fn fits(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        let is_part = |known: &str, part: &str| if known.starts_with('{') { !part.is_empty() } else { known == part };
        self.parts.iter().all(|known| parts.next().is_some_and(|part| is_part(known, part))) && parts.next().is_none()
    }
}

/// The distinct paths. A literal one has precedence over a template: /cases/export is not a case.
fn templates() -> &'static [Template] {
    static TEMPLATES: OnceLock<Vec<Template>> = OnceLock::new();
    if all().is_empty() {
        return &[];
    }
    TEMPLATES.get_or_init(|| {
        let mut paths: Vec<&str> = all().iter().map(|operation| operation.path.as_str()).collect();
        paths.dedup();
        paths.sort_by_key(|path| path.matches('{').count());
        paths.into_iter().map(Template::new).collect()
    })
}

/// The literal paths that a template fits too, as `/cases/{case_id}` does `/cases/counts`.
pub fn literals_beside_templates() -> Vec<&'static str> {
    let is_ambiguous = |path: &str| templates().iter().any(|other| other.path != path && other.fits(path));
    let mut literals: Vec<&str> = all().iter().map(|operation| operation.path.as_str()).collect();
    literals.retain(|path| !path.contains('{') && is_ambiguous(path));
    literals.dedup();
    literals
}

/// The methods that a requested path has in the contract.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let template = template_of(path);
    all().iter().filter(|operation| Some(operation.path.as_str()) == template).map(|operation| operation.method).collect()
}
