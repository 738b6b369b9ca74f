//! Checks each response against the contract: its status, media type, schema and code; every response that any test receives is
//! checked.

use super::Answer;
use api::http::layers::arrival::canonical;
use api::http::layers::{docs, page};
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

static CONTRACT: LazyLock<Json> = LazyLock::new(|| serde_json::to_value(api::openapi::contract()).expect("the contract"));

static PROMISES: LazyLock<Vec<Promise>> = LazyLock::new(|| {
    let paths = CONTRACT["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("a path");
        item.iter()
            .filter(|(_, operation)| operation["responses"].is_object())
            .map(move |(method, operation)| (path, method, operation))
    });
    operations.map(|(path, method, operation)| Promise::new(path, method, operation)).collect()
});

/// One operation.
struct Promise {
    id: String,
    method: String,
    segments: Vec<String>,
    answers: BTreeMap<u16, Declared>,
}

/// One of its responses.
struct Declared {
    /// The schema by media type; empty if there is no body.
    kinds: BTreeMap<String, Json>,
    /// The codes that it may have, where the contract lists them.
    codes: BTreeSet<String>,
}

impl Promise {
    fn new(path: &str, method: &str, operation: &Json) -> Self {
        let answers = operation["responses"].as_object().expect("responses").iter();
        Self {
            id: operation["operationId"].as_str().expect("an operation id").to_owned(),
            method: method.to_uppercase(),
            segments: path.split('/').map(str::to_owned).collect(),
            answers: answers.map(|(status, answer)| (status.parse().expect("a status"), Declared::new(answer))).collect(),
        }
    }

    fn is_at(&self, path: &[&str]) -> bool {
        let fits = |(known, part): (&String, &&str)| known.starts_with('{') || known == part;
        self.segments.len() == path.len() && self.segments.iter().zip(path).all(fits)
    }

    /// A literal path takes precedence over a template.
    fn variables(&self) -> usize {
        self.segments.iter().filter(|segment| segment.starts_with('{')).count()
    }
}

impl Declared {
    fn new(answer: &Json) -> Self {
        let answer = resolved(answer);
        let contents = answer["content"].as_object().cloned().unwrap_or_default();
        let codes =
            contents.values().filter_map(|content| content["examples"].as_object()).flat_map(|examples| examples.keys().cloned());
        Self {
            codes: codes.collect(),
            kinds: contents.iter().map(|(kind, content)| (plain(kind), content["schema"].clone())).collect(),
        }
    }
}

/// Fails if the contract doesn't declare a response.
#[track_caller]
pub fn demand(method: &Method, path: &str, answer: &Answer) {
    // A CORS preflight request is not an operation.
    if *method == Method::OPTIONS {
        return;
    }
    let path = canonical(path.split('?').next().unwrap_or(path));
    let parts: Vec<&str> = path.split('/').collect();
    let best = PROMISES.iter().filter(|promise| promise.is_at(&parts)).map(Promise::variables).min();
    let here = || PROMISES.iter().filter(|promise| promise.is_at(&parts) && Some(promise.variables()) == best);
    // HEAD is GET without the body.
    let asked = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let (place, status) = (format!("{method} {path}"), answer.status());
    if status >= 400 && *method != Method::HEAD {
        ensure_problem(&place, answer);
    }
    match here().find(|promise| promise.method == asked) {
        Some(promise) => {
            ensure_declared(promise, &place, *method == Method::HEAD, answer);
            ensure_linked(&place, answer);
        }
        None if best.is_some() => assert!([405, 429].contains(&status), "{place} is not an operation, but got {status}"),
        None if docs::is_part(&path) || page::is_part(&path) => {}
        None => assert!([404, 429].contains(&status), "{place} does not exist, but got {status}"),
    }
}

/// A page that is not the last one has the address of the next in `Link`.
#[track_caller]
fn ensure_linked(place: &str, answer: &Answer) {
    let body = answer.json();
    let cursors = ["/page/next_cursor", "/entries/page/next_cursor"].map(|pointer| body.pointer(pointer).and_then(Json::as_str));
    if let Some(cursor) = cursors.into_iter().flatten().next() {
        let link = answer.header("link");
        assert!(link.ends_with(&format!("cursor={cursor}>; rel=\"next\"")), "{place}: the next page has no link: {link}");
    }
}

#[track_caller]
fn ensure_declared(promise: &Promise, place: &str, is_head: bool, answer: &Answer) {
    let (id, status) = (&promise.id, answer.status());
    let declared = promise.answers.get(&status);
    let declared = declared.unwrap_or_else(|| panic!("{id} does not declare {status}: {place}: {}", answer.text));
    if is_head {
        return assert_eq!(answer.text, "", "{place}: HEAD has a body");
    }
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    assert!(
        status < 400 || declared.codes.is_empty() || declared.codes.contains(&code),
        "{id} {status} does not declare the code {code}: {place}"
    );
    let kind = plain(answer.header("content-type"));
    if declared.kinds.is_empty() {
        return assert_eq!((answer.text.as_str(), kind.as_str()), ("", ""), "{id} {status} declares no body: {place}");
    }
    let Some(shape) = declared.kinds.get(&kind) else { panic!("{id} {status} has the undeclared media type '{kind}': {place}") };
    // The tests' client doesn't decompress bodies.
    if !answer.header("content-encoding").is_empty() {
        return;
    }
    // NDJSON is not a JSON document.
    if kind == "application/json" || kind.ends_with("+json") {
        ensure_shape(shape, place, answer);
    }
}

#[track_caller]
fn ensure_problem(place: &str, answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{place}: {}", answer.text);
    ensure_shape(&json!({"$ref": "#/components/schemas/Problem"}), place, answer);
    let problem = answer.json();
    let known = api::wire::Code::all().find(|code| problem["code"] == code.name());
    let known = known.unwrap_or_else(|| panic!("{place}: unknown code: {}", answer.text));
    assert_eq!(
        (known.status().as_u16(), &problem["status"]),
        (answer.status(), &json!(answer.status())),
        "{place}: {}",
        answer.text
    );
    assert_eq!(problem["type"], format!("/problems/{}", known.name()), "{place}");
    let names_faults = problem["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    assert!(names_faults || ![400, 422].contains(&answer.status()), "{place} reports no error: {}", answer.text);
}

#[track_caller]
fn ensure_shape(schema: &Json, place: &str, answer: &Answer) {
    let errors = validator(schema)
        .iter_errors(&answer.json())
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect::<Vec<_>>();
    assert!(
        errors.is_empty(),
        "{place} {} does not match its schema: {errors:#?}\n{}",
        answer.status(),
        answer.text.chars().take(2000).collect::<String>()
    );
}

/// The media type without its parameters.
fn plain(kind: &str) -> String {
    kind.split(';').next().unwrap_or(kind).trim().to_lowercase()
}

fn resolved(value: &Json) -> &Json {
    match value["$ref"].as_str() {
        Some(place) => CONTRACT.pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place} does not exist")),
        None => value,
    }
}

/// Created on first use: a test needs only a few of them.
fn validator(schema: &Json) -> Arc<Validator> {
    static MADE: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let make = || {
        let mut root = schema.as_object().cloned().unwrap_or_default();
        root.insert("components".to_owned(), json!({"schemas": *EXACT}));
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&Json::Object(root)).unwrap_or_else(|error| panic!("{schema}: {error}")))
    };
    Arc::clone(made.entry(schema.to_string()).or_insert_with(make))
}

/// The contract's schemas as the service fulfils them: every declared property is present, and no others.
static EXACT: LazyLock<Json> = LazyLock::new(|| {
    let schemas = CONTRACT["components"]["schemas"].as_object().expect("schemas");
    let exact = schemas.iter().map(|(name, schema)| match name.as_str() {
        // Its additional members are documented on each code's page.
        "Problem" => (name.clone(), schema.clone()),
        _ => (name.clone(), exact(schema)),
    });
    Json::Object(exact.collect())
});

fn exact(schema: &Json) -> Json {
    let properties = properties(schema);
    let mut exact = schema.as_object().cloned().unwrap_or_default();
    if !properties.is_empty() {
        exact.remove("allOf");
        exact.insert("type".to_owned(), json!("object"));
        exact.insert("required".to_owned(), json!(properties.keys().collect::<Vec<_>>()));
        exact.insert("properties".to_owned(), Json::Object(properties));
        exact.entry("additionalProperties").or_insert(json!(false));
    }
    Json::Object(exact)
}

/// Its own properties, and those of all the schemas it is composed of.
fn properties(schema: &Json) -> Map<String, Json> {
    let own = schema["properties"].as_object().cloned().unwrap_or_default();
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| properties(resolved(part)));
    own.into_iter().chain(parts).collect()
}
