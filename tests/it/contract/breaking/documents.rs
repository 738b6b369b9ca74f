//! Each rule on a small document: what it reports, and what passes.

use super::rules::breaks;
use serde_json::{Value as Json, json};

fn document() -> Json {
    json!({
        "paths": {"/things/{thing_id}": {"post": {
            "operationId": "change_thing",
            "security": [{}, {"bearer": ["write"]}],
            "parameters": [
                {"name": "thing_id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
                {"$ref": "#/components/parameters/IfMatch"},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ChangeThing"}}}},
            "responses": {
                "200": {
                    "headers": {"ETag": {"schema": {"type": "string"}}},
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "409": {"$ref": "#/components/responses/Conflict"},
            },
        }}},
        "components": {
            "parameters": {"IfMatch": {"name": "If-Match", "in": "header", "schema": {"type": "string", "maxLength": 200}}},
            "responses": {"Conflict": {
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }},
            "schemas": {
                "ChangeThing": {
                    "type": "object", "required": ["name"], "additionalProperties": false,
                    "properties": {
                        "name": {"type": "string", "minLength": 1, "maxLength": 100},
                        "kind": {"type": "string", "enum": ["big", "small"]},
                        "size": {"type": ["number", "null"]},
                        "tags": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 20}},
                        "on": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Day"}]},
                    },
                },
                "Day": {"type": "string", "format": "date"},
                "Problem": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
                "Thing": {
                    "allOf": [{"$ref": "#/components/schemas/Named"}],
                    "type": "object", "required": ["kind", "on", "parts"],
                    "properties": {
                        "kind": {"type": "string", "enum": ["big", "small"]},
                        "size": {"type": "integer"},
                        "on": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Day"}]},
                        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                    },
                },
                "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            },
        },
    })
}

const OPERATION: &str = "/paths/~1things~1{thing_id}/post";
const REQUEST: &str = "/components/schemas/ChangeThing";
const ANSWER: &str = "/components/schemas/Thing";

/// The document with another value at a place; null removes the value.
fn with(place: &str, value: Json) -> Json {
    let mut changed = document();
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = changed.pointer_mut(parent).unwrap_or_else(|| panic!("{place} is nowhere"));
    match (parent, value) {
        (Json::Object(fields), Json::Null) => drop(fields.remove(&name.replace("~1", "/")).unwrap()),
        (Json::Object(fields), value) => drop(fields.insert(name.replace("~1", "/"), value)),
        (Json::Array(items), Json::Null) => drop(items.remove(name.parse().unwrap())),
        (Json::Array(items), value) if name == "-" => items.push(value),
        (Json::Array(items), value) => items[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{place} is neither list nor object"),
    }
    changed
}

/// What is changed, its new value, and the findings below the operation.
#[track_caller]
fn assert_found(root: &str, cases: &[(&str, Json, &[&str])]) {
    for (place, value, expected) in cases {
        let found = breaks(&document(), &with(&format!("{root}{place}"), value.clone()));
        let expected: Vec<String> = expected.iter().map(|what| format!("POST /things/{{thing_id}}{what}")).collect();
        assert_eq!(found, expected, "{root}{place} = {value}");
    }
}

#[test]
fn an_unchanged_document_breaks_nothing() {
    assert_eq!(breaks(&document(), &document()), Vec::<String>::new());
}

#[test]
fn a_removed_or_renamed_operation_is_reported() {
    assert_eq!(breaks(&document(), &with("/paths/~1things~1{thing_id}", Json::Null)), ["POST /things/{thing_id}: is gone"]);
    assert_eq!(breaks(&document(), &with(OPERATION, Json::Null)), ["POST /things/{thing_id}: is gone"]);
    assert_found(
        OPERATION,
        &[
            ("/operationId", json!("alter_thing"), &[r#": was called "change_thing" and is called "alter_thing""#]),
            ("/security", json!([{"bearer": ["write"]}]), &[": no credentials are not enough any more"]),
            ("/security", json!([{}, {"bearer": ["write", "admin"]}]), &[]),
            ("/security", json!([{"bearer": []}]), &[": no credentials are not enough any more"]),
            ("/summary", json!("Change a thing"), &[]),
        ],
    );
}

#[test]
fn a_removed_or_narrowed_parameter_is_reported() {
    assert_found(
        OPERATION,
        &[
            ("/parameters/1", Json::Null, &[" query limit: is gone"]),
            ("/parameters/2", Json::Null, &[" header If-Match: is gone"]),
            ("/parameters/1/required", json!(true), &[" query limit: is required now"]),
            ("/parameters/1/explode", json!(false), &[" query limit: explode was none and is false"]),
            ("/parameters/1/schema/minimum", json!(2), &[" query limit: minimum was 1 and is 2"]),
            ("/parameters/1/schema/minimum", json!(0), &[]),
            ("/parameters/1/schema/maximum", json!(100), &[" query limit: maximum was 200 and is 100"]),
            ("/parameters/1/schema/maximum", Json::Null, &[]),
            ("/parameters/1/schema/default", json!(25), &[" query limit: default was 50 and is 25"]),
            ("/parameters/1/schema/default", Json::Null, &[" query limit: default was 50 and is none"]),
            ("/parameters/1/schema/type", json!("string"), &[" query limit: type integer is not taken any more"]),
            ("/parameters/1/schema/type", json!("number"), &[]),
            ("/parameters/0/schema/format", json!("date"), &[r#" path thing_id: format was "uuid" and is "date""#]),
            ("/parameters/-", json!({"name": "sort", "in": "query", "schema": {"type": "string"}}), &[]),
            (
                "/parameters/-",
                json!({"name": "sort", "in": "query", "required": true, "schema": {}}),
                &[" query sort: is required now"],
            ),
        ],
    );
    assert_found(
        "/components/parameters/IfMatch",
        &[("/schema/maxLength", json!(20), &[" header If-Match: maxLength was 200 and is 20"])],
    );
}

#[test]
fn a_removed_or_newly_required_body_is_reported() {
    assert_found(
        OPERATION,
        &[
            ("/requestBody", Json::Null, &[" body: is gone"]),
            ("/requestBody/required", json!(true), &[" body: is required now"]),
            ("/requestBody/content/application~1json", Json::Null, &[" body application/json: is gone"]),
            ("/requestBody/content/text~1csv", json!({"schema": {"type": "string"}}), &[]),
        ],
    );
}

#[test]
fn a_removed_or_narrowed_request_field_is_reported() {
    assert_found(
        REQUEST,
        &[
            ("/properties/kind", Json::Null, &[" body/kind: is gone"]),
            ("/properties/more", json!({"type": "string"}), &[]),
            ("/required", json!(["name", "kind"]), &[" body/kind: is required now"]),
            ("/required", json!([]), &[]),
            ("/properties/name/maxLength", json!(50), &[" body/name: maxLength was 100 and is 50"]),
            ("/properties/name/maxLength", json!(150), &[]),
            ("/properties/name/minLength", json!(3), &[" body/name: minLength was 1 and is 3"]),
            ("/properties/name/pattern", json!("^a"), &[r#" body/name: pattern was none and is "^a""#]),
            ("/properties/name/format", json!("email"), &[r#" body/name: format was none and is "email""#]),
            ("/properties/name/enum", json!(["a"]), &[" body/name: only some values are taken any more"]),
            ("/properties/kind/enum", json!(["big"]), &[r#" body/kind: "small" is not taken any more"#]),
            ("/properties/kind/enum", json!(["big", "small", "huge"]), &[]),
            ("/properties/kind/enum", Json::Null, &[]),
            ("/properties/size/type", json!("number"), &[" body/size: type null is not taken any more"]),
            ("/properties/size/type", json!(["integer", "null"]), &[" body/size: type number is not taken any more"]),
            ("/properties/tags/maxItems", json!(3), &[" body/tags: maxItems was 5 and is 3"]),
            ("/properties/tags/uniqueItems", json!(true), &[" body/tags: uniqueItems was none and is true"]),
            ("/properties/tags/items/maxLength", json!(10), &[" body/tags/*: maxLength was 20 and is 10"]),
            ("/properties/on", json!({"$ref": "#/components/schemas/Day"}), &[" body/on: type null is not taken any more"]),
        ],
    );
    let mut open = document();
    open.pointer_mut(REQUEST).unwrap().as_object_mut().unwrap().remove("additionalProperties");
    assert_eq!(breaks(&open, &document()), ["POST /things/{thing_id} body: takes no further properties any more"]);
    assert_eq!(breaks(&document(), &open), Vec::<String>::new());
}

#[test]
fn a_removed_response_is_reported() {
    assert_found(
        OPERATION,
        &[
            ("/responses/200", Json::Null, &[" 200: is gone"]),
            ("/responses/409", Json::Null, &[" 409: is gone"]),
            ("/responses/412", json!({"$ref": "#/components/responses/Conflict"}), &[]),
            ("/responses/200/headers/ETag", Json::Null, &[" 200 header ETag: is gone"]),
            ("/responses/200/headers/Link", json!({"schema": {"type": "string"}}), &[]),
            ("/responses/200/content/application~1json", Json::Null, &[" 200 application/json: is gone"]),
        ],
    );
    assert_found("/components/schemas/Problem", &[("/properties/code", Json::Null, &[" 409/code: is gone"])]);
}

#[test]
fn a_removed_or_changed_response_field_is_reported() {
    assert_found(
        ANSWER,
        &[
            ("/properties/size", Json::Null, &[" 200/size: is gone"]),
            ("/properties/more", json!({"type": "string"}), &[]),
            ("/required", json!(["kind", "parts"]), &[" 200/on: may be absent now"]),
            ("/required", json!(["kind", "on", "parts", "size"]), &[]),
            ("/properties/kind/enum", json!(["big"]), &[r#" 200/kind: "small" is not given any more"#]),
            ("/properties/kind/enum", json!(["big", "small", "huge"]), &[r#" 200/kind: "huge" is given now"#]),
            ("/properties/kind/enum", Json::Null, &[" 200/kind: any value is given now"]),
            ("/properties/kind", open(&["big", "small", "huge"]), &[" 200/kind: any value is given now"]),
            (
                "/properties/kind",
                open(&["big"]),
                &[" 200/kind: any value is given now", r#" 200/kind: "small" is not given any more"#],
            ),
            ("/properties/size/type", json!(["integer", "null"]), &[" 200/size: type null is given now"]),
            ("/properties/size/type", json!("number"), &[" 200/size: type number is given now"]),
            ("/properties/size/type", json!("string"), &[" 200/size: type string is given now"]),
            ("/properties/size/minimum", json!(1), &[]),
            ("/properties/on", json!({"$ref": "#/components/schemas/Day"}), &[]),
            ("/allOf", Json::Null, &[" 200/name: is gone"]),
            (
                "/properties/parts/items",
                json!({"type": "string"}),
                &[
                    " 200/parts/*: type string is given now",
                    " 200/parts/*/kind: is gone",
                    " 200/parts/*/name: is gone",
                    " 200/parts/*/on: is gone",
                    " 200/parts/*/parts: is gone",
                    " 200/parts/*/size: is gone",
                ],
            ),
        ],
    );
    assert_found(
        "/components/schemas/Day",
        &[(
            "/format",
            json!("date-time"),
            &[r#" body/on: format was "date" and is "date-time""#, r#" 200/on: format was "date" and is "date-time""#],
        )],
    );
}

/// A text with known values.
fn open(known: &[&str]) -> Json {
    json!({"type": "string", "maxLength": 64, "x-extensible-enum": known})
}

#[test]
fn a_known_value_may_be_added_and_not_removed() {
    let kind = format!("{ANSWER}/properties/kind");
    let before = with(&kind, open(&["big", "small"]));
    let place = "POST /things/{thing_id} 200/kind";
    assert_eq!(breaks(&before, &with(&kind, open(&["big", "small", "huge"]))), Vec::<String>::new());
    assert_eq!(breaks(&before, &with(&kind, open(&["big"]))), [format!(r#"{place}: "small" is not given any more"#)]);
    // A response that is closed again has no other values than before.
    assert_eq!(breaks(&before, &document()), Vec::<String>::new());
}
