//! Values at the bounds of a schema, and just beyond them.

use super::document::Document;
use serde_json::{Value as Json, json};

/// A value, and whether its field's schema accepts it.
#[derive(Clone, Debug)]
pub struct Probe {
    pub value: Json,
    pub fits: bool,
}

const ID: &str = "01a20725-be30-7584-bca5-f00e655c90d6";

/// What a more lenient reader takes for a date.
const NO_DATES: [&str; 10] = [
    "tomorrow",
    "",
    "2026-02-30",
    "2028-2-29",
    "2026-12-5",
    "+2026-12-15",
    "20261215",
    "2026-12-15 ",
    " 2026-12-15",
    "2026-12-15T00:00:00Z",
];

/// What a more lenient reader takes for an instant.
const NO_INSTANTS: [&str; 13] = [
    "tomorrow",
    "",
    "2026-12-24",
    "2026-12-24 15:00:00Z",
    "2026-12-24T15:00:00",
    "2026-12-24T15:00Z",
    "2026-12-24t15:00:00Z",
    "2026-12-24T15:00:00z",
    "2026-12-24T15:00:00+0100",
    "2026-12-24T15:00:00.1234567891Z",
    "2026-12-4T15:00:00Z",
    "+2026-12-24T15:00:00Z",
    " 2026-12-24T15:00:00Z",
];

/// Turns every constraint of a schema into a probe; fails for constraints it can't probe.
pub fn probes(document: &Document, schema: &Json, name: &str) -> Vec<Probe> {
    let schema = document.resolve(schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let other = choices.iter().find(|choice| choice["type"] != "null").expect("X or null");
        let mut probes = probes(document, other, name);
        probes.iter_mut().filter(|probe| probe.value.is_null()).for_each(|probe| probe.fits = true);
        return probes;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let mut probes = vec![Probe { value: Json::Null, fits: kinds.contains(&"null") }];
    if kinds.contains(&"null") && kinds.contains(&"string") {
        probes.extend(empty(schema));
    }
    match kinds.iter().find(|kind| **kind != "null") {
        Some(&"string") => probes.extend(texts(schema, name)),
        Some(&"integer") => probes.extend(whole_numbers(schema)),
        Some(&"number") => probes.extend(numbers(schema)),
        Some(&"boolean") => probes.extend([fits(json!(true)), fits(json!(false)), exceeds(json!("perhaps"))]),
        Some(&"array") => probes.extend(lists(document, schema, name)),
        Some(&"object") => probes.extend(objects(schema)),
        other => panic!("{name}: no probe for {other:?}"),
    }
    probes
}

fn fits(value: Json) -> Probe {
    Probe { value, fits: true }
}

fn exceeds(value: Json) -> Probe {
    Probe { value, fits: false }
}

/// Where null is taken, an empty text is the same; but not in place of a word, an id or a date. A password is no such text.
fn empty(schema: &Json) -> Option<Probe> {
    match schema["format"].as_str() {
        Some("password") => None,
        format => Some(Probe { value: json!(""), fits: format.is_none() && schema["enum"].is_null() }),
    }
}

fn whole_numbers(schema: &Json) -> Vec<Probe> {
    let (min, max) = (schema["minimum"].as_i64().expect("minimum"), schema["maximum"].as_i64().expect("maximum"));
    let mut probes = vec![fits(json!(min)), fits(json!(max)), exceeds(json!(min - 1)), exceeds(json!(max + 1))];
    // As texts of a query, and as strings in a body.
    probes.extend(["many", "+7", "07", " 7", "7 ", "7.0", "7e0", ""].map(|text| exceeds(json!(text))));
    probes
}

fn numbers(schema: &Json) -> Vec<Probe> {
    let (min, max) = (schema["minimum"].as_f64().expect("minimum"), schema["maximum"].as_f64().expect("maximum"));
    vec![fits(json!(min)), fits(json!(max)), exceeds(json!(min - 0.001)), exceeds(json!(max + 0.001)), exceeds(json!("many"))]
}

/// Free-form maps, whose numbers have bounds of their own; or an object of the form shown in its example.
fn objects(schema: &Json) -> Vec<Probe> {
    if schema["properties"].is_object() {
        return vec![fits(schema["example"].clone()), exceeds(json!({"no_such_field": 1})), exceeds(json!("a text"))];
    }
    vec![
        fits(json!({})),
        fits(json!({"a": 1, "b": {"c": [0.125, null, "text", true]}})),
        exceeds(json!({"a": 0.0001})),
        exceeds(json!({"a": 9_007_199_254_740_993_u64})),
        exceeds(json!({"a": "x".repeat(32 * 1024)})),
        exceeds(json!("a text")),
        exceeds(json!([1])),
    ]
}

fn lists(document: &Document, schema: &Json, name: &str) -> Vec<Probe> {
    let items = probes(document, &schema["items"], name);
    let max = usize::try_from(schema["maxItems"].as_u64().expect("maxItems")).unwrap();
    let one = items.iter().find(|probe| probe.fits && !probe.value.is_null()).expect("an item").value.clone();
    let each = items.into_iter().filter(|probe| !probe.value.is_null());
    let mut lists: Vec<Probe> = each.map(|item| Probe { value: json!([item.value]), fits: item.fits }).collect();
    lists.extend([fits(json!(vec![&one; max])), exceeds(json!(vec![&one; max + 1]))]);
    lists
}

fn texts(schema: &Json, name: &str) -> Vec<Probe> {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().cloned().map(fits).chain([exceeds(json!("no_such_word"))]).collect();
    }
    if let Some(probes) = of_one_form(schema["format"].as_str()) {
        return probes;
    }
    match schema["format"].as_str() {
        Some("email" | "password") | None => {}
        Some(other) => panic!("{name}: no probe for the format {other}"),
    }
    let length = |bound: &str| schema[bound].as_u64().map(|length| usize::try_from(length).unwrap());
    let (min, max) = (length("minLength").unwrap_or(0), length("maxLength").expect("maxLength"));
    let mut probes = vec![fits(json!(text(schema, name, max))), exceeds(json!(text(schema, name, max + 1)))];
    if min > 0 {
        probes.extend([fits(json!(text(schema, name, min))), exceeds(json!(text(schema, name, min - 1)))]);
    }
    probes.extend(breaking(schema, name).map(|text| exceeds(json!(text))));
    probes
}

/// Ids, dates and instants: texts whose format alone says what they may be.
fn of_one_form(format: Option<&str>) -> Option<Vec<Probe>> {
    let (known, unknown): (Vec<String>, Vec<String>) = match format? {
        "uuid" => {
            let unknown =
                ["not-an-id".to_owned(), ID.replace('-', ""), format!("{{{ID}}}"), format!("urn:uuid:{ID}"), format!(" {ID}")];
            (vec![ID.to_owned(), ID.to_uppercase()], unknown.into())
        }
        "date" => (vec!["2026-12-15".to_owned()], NO_DATES.map(str::to_owned).into()),
        "date-time" => {
            let known = ["2026-12-24T15:00:00.000Z", "2026-12-24T15:00:00Z", "2026-12-24T16:00:00.5+01:00"];
            (known.map(str::to_owned).into(), NO_INSTANTS.map(str::to_owned).into())
        }
        _ => return None,
    };
    let known = known.into_iter().map(|text| fits(json!(text)));
    Some(known.chain(unknown.into_iter().map(|text| exceeds(json!(text)))).collect())
}

/// A text of a given length that violates no other constraint. Characters are counted, not bytes.
fn text(schema: &Json, name: &str, length: usize) -> String {
    let repeated = |letter: &str| letter.repeat(length);
    match name {
        _ if is_address(schema) => address(length),
        // The longest possible timestamp has nine decimals and an offset.
        "since" | "until" if length <= 10 => "2026-11-22"[..length].to_owned(),
        "since" | "until" => format!("2026-11-22T08:00:00.{}+00:00", "0".repeat(length - 26)),
        // The longest way to write a network; with one more character it is invalid.
        "ip_address" => format!("{}0000:0000:0000:0000:0000:ffff:255.255.255.255/128", "0".repeat(length.saturating_sub(49))),
        "quarter" => "2026-Q42026-Q4".chars().take(length).collect(),
        "cursor" if length > 2 => format!("{}.a", "a".repeat(length - 2)),
        _ if takes_ascii_only(schema) => repeated("a"),
        _ => repeated("é"),
    }
}

/// An optional address has no format, since an empty text has none either.
fn is_address(schema: &Json) -> bool {
    schema["format"] == "email" || schema["pattern"].as_str().is_some_and(|pattern| pattern.contains('@'))
}

fn takes_ascii_only(schema: &Json) -> bool {
    schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("a-z"))
}

/// At most sixty-four characters are allowed before the at sign.
fn address(length: usize) -> String {
    let Some(domain) = length.checked_sub(2) else { return "a".repeat(length) };
    let local = domain.min(64);
    let domain: String = (1..=length - local - 1).map(|place| if place % 60 == 0 { '.' } else { 'b' }).collect();
    format!("{}@{domain}", "a".repeat(local))
}

/// A text of a valid length that violates the pattern or the format.
fn breaking(schema: &Json, name: &str) -> Option<&'static str> {
    if is_address(schema) {
        return Some("not an address");
    }
    let pattern = schema["pattern"].as_str()?;
    Some(match pattern {
        "^[A-Za-z0-9._-]+$" => "with a blank",
        "^20[0-9]{2}-Q[1-4]$" => "2026-Q5",
        "^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?$" => "not an address",
        "^[^\\u0000]*$" => "a text\0with a NUL",
        _ if pattern.trim_start_matches(['^', '(']).starts_with("[^\\u0000]*[^") => "      ",
        _ if pattern.contains("\\u200B-\\u200F") => "hidden\u{200B}",
        _ if ["since", "until", "cursor"].contains(&name) => "neither one nor the other",
        other => panic!("{name}: no text that breaks {other}"),
    })
}
