//! Strict JSON: no duplicate keys, no NUL, one spelling of each text, limited depth.

use super::exact::Exact;
use super::fields::ITSELF;
use super::{Code, Error, FieldProblem, Result, words};
use entity::text;
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use std::fmt;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

const DEPTH_MAX: usize = 16;

/// Reads a value of the given type from bytes: 400 where they aren't JSON, 422 with the field where the type is wrong.
pub fn read<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = Strict(0).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    let mut value = parsed.map_err(|error| Error::unreadable(Code::MalformedJson, error))?;
    let mut problems = Vec::new();
    normalise(&mut value, &mut String::new(), &mut problems);
    if !problems.is_empty() {
        return Err(Error::fields(Code::ValidationFailed, problems));
    }
    let shaped: T = serde_path_to_error::deserialize(Exact(value)).map_err(|error| {
        let path = pointer(error.path());
        Error::fields(Code::ValidationFailed, vec![misfit(&path, &error.into_inner().to_string())])
    })?;
    shaped.validate().map_err(|errors| {
        Error::fields(
            Code::ValidationFailed,
            broken_rules(&errors)
                .into_iter()
                .map(|(name, code, detail)| FieldProblem::body(format!("/{name}"), &code, detail))
                .collect(),
        )
    })?;
    Ok(shaped)
}

/// The rules that values of the right type violate: field, code, and what it must be.
pub fn broken_rules(errors: &ValidationErrors) -> Vec<(String, String, String)> {
    let mut broken = Vec::new();
    gather(errors, "", &mut broken);
    broken.sort();
    broken
}

/// The rules that the fields of a value violate, or the value itself, as the types of fields report it.
fn gather(errors: &ValidationErrors, place: &str, broken: &mut Vec<(String, String, String)>) {
    for (field, kind) in errors.errors() {
        let place = match place {
            "" => field.to_string(),
            _ if field == ITSELF => place.to_owned(),
            _ => format!("{place}/{field}"),
        };
        match kind {
            ValidationErrorsKind::Field(rules) => {
                let detail =
                    |rule: &ValidationError| rule.message.as_ref().map_or_else(|| words::of_rule(rule), ToString::to_string);
                broken.extend(rules.iter().map(|rule| (place.clone(), rule.code.to_string(), detail(rule))));
            }
            ValidationErrorsKind::Struct(inner) => gather(inner, &place, broken),
            ValidationErrorsKind::List(items) => {
                items.iter().for_each(|(number, inner)| gather(inner, &format!("{place}/{number}"), broken));
            }
        }
    }
}

/// serde's message about a value of the wrong type, with the field it refers to.
fn misfit(path: &str, message: &str) -> FieldProblem {
    let quoted = message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        return FieldProblem::body(
            format!("{}/{quoted}", parent(path, quoted)),
            "unknown_field",
            "is not a field of this request",
        );
    }
    if message.starts_with("missing field") {
        return FieldProblem::body(format!("{path}/{quoted}"), "required", "is required");
    }
    let code = if message.starts_with("unknown variant") { "unknown_value" } else { "type" };
    FieldProblem::body(path, code, words::of_type(message))
}

/// serde reports an unknown field as if the path already included it.
fn parent<'a>(path: &'a str, field: &str) -> &'a str {
    path.strip_suffix(field).and_then(|path| path.strip_suffix('/')).unwrap_or(path)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// NFC for every text; NUL, which PostgreSQL can't store, is refused on both databases.
fn normalise(value: &mut Json, pointer: &mut String, problems: &mut Vec<FieldProblem>) {
    let depth = pointer.len();
    match value {
        Json::String(string) if string.contains('\0') => {
            problems.push(FieldProblem::body(pointer.clone(), "nul_character", "must not contain a NUL character"));
        }
        Json::String(string) => *string = text::normalised(string),
        Json::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                normalise(item, pointer, problems);
                pointer.truncate(depth);
            }
        }
        Json::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                pointer.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                normalise(field, pointer, problems);
                pointer.truncate(depth);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// A JSON value at some depth. serde_json's own type keeps the last of two equal keys.
struct Strict(usize);

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Self(inner))? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Self(inner))?;
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!("duplicate key \"{name}\"")));
            }
            object.insert(name, value);
        }
        Ok(Json::Object(object))
    }
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.0 < DEPTH_MAX { Ok(self.0 + 1) } else { Err(E::custom(format!("nested deeper than {DEPTH_MAX} levels"))) }
    }
}

/// A text that may be null. An empty one is null too: forms send it where nothing was entered.
pub fn optional<'de, T: From<String>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()).map(T::from))
}

/// The same that may also be absent (`None`), as merge-patch requires; null is `Some(None)`.
pub fn patch<'de, T: From<String>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    optional(deserializer).map(Some)
}

/// A field that may be absent but not null.
pub fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A value that may be absent (`None`) or null (`Some(None)`), as merge-patch requires of what is not a text.
pub fn clearable<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A field that may be null but not absent.
pub fn nullable<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[validate(length(min = 1, max = 3))]
        name: String,
        #[serde(default, deserialize_with = "patch")]
        note: Option<Option<String>>,
        #[serde(default, deserialize_with = "optional")]
        remark: Option<String>,
        colour: Option<Colour>,
        count: Option<i32>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
    }

    fn refused(body: &str) -> (Code, Vec<String>) {
        let error = read::<Shape>(body.as_bytes()).unwrap_err();
        let problem = error.problem("", "");
        (error.code, problem.errors.iter().map(|error| format!("{} {}", error.pointer, error.code)).collect())
    }

    #[test]
    fn invalid_json_is_malformed() {
        for body in ["", "{", r#"{"name":"a","name":"b"}"#, r#"{"name":"a"} x"#, "\u{0}", &"[".repeat(40)] {
            assert_eq!(refused(body).0, Code::MalformedJson, "{body}");
        }
        assert_eq!(read::<Shape>(b"{\"name\":\"\xff\"}").unwrap_err().code, Code::MalformedJson);
    }

    #[test]
    fn a_value_of_the_wrong_shape_is_refused_by_field() {
        for (body, expected) in [
            (r#"{}"#, "/name required"),
            (r#"{"name":"a","nmae":1}"#, "/nmae unknown_field"),
            (r#"{"name":7}"#, "/name type"),
            (r#"{"name":""}"#, "/name length"),
            ("{\"name\":\"a\\u0000\"}", "/name nul_character"),
            (r#"["a",null,null,null,null]"#, " type"),
            (r#"{"name":"a","note":7}"#, "/note type"),
            (r#"{"name":"a","remark":[]}"#, "/remark type"),
            (r#"{"name":"a","colour":""}"#, "/colour unknown_value"),
            (r#"{"name":"a","count":""}"#, "/count type"),
            ("null", " type"),
            (r#"{"name":"a","colour":{"red":null}}"#, "/colour type"),
            (r#"{"name":"a","count":2.5}"#, "/count type"),
            (r#"{"name":"a","count":1e300}"#, "/count type"),
        ] {
            assert_eq!(refused(body), (Code::ValidationFailed, vec![expected.to_owned()]), "{body}");
        }
    }

    #[test]
    fn an_enum_value_is_parsed() {
        assert_eq!(read::<Shape>(br#"{"name":"a","colour":"red"}"#).unwrap().colour, Some(Colour::Red));
    }

    #[test]
    fn whole_numbers_are_accepted_in_any_notation() {
        for body in [r#"{"name":"a","count":2}"#, r#"{"name":"a","count":2.0}"#, r#"{"name":"a","count":2e0}"#] {
            assert_eq!(read::<Shape>(body.as_bytes()).unwrap().count, Some(2));
        }
    }

    #[test]
    fn absent_and_null_differ() {
        let read = |body: &str| read::<Shape>(body.as_bytes()).unwrap().note;
        assert_eq!(read(r#"{"name":"a"}"#), None);
        assert_eq!(read(r#"{"name":"a","note":null}"#), Some(None));
        assert_eq!(read(r#"{"name":"a","note":"b"}"#), Some(Some("b".into())));
    }

    #[test]
    fn an_empty_text_is_null_where_null_is_possible() {
        let read = |body: &str| read::<Shape>(body.as_bytes()).unwrap();
        assert_eq!(read(r#"{"name":"a","note":""}"#).note, Some(None));
        assert_eq!(read(r#"{"name":"a","note":" "}"#).note, Some(Some(" ".into())));
        for (body, expected) in [
            (r#"{"name":"a"}"#, None),
            (r#"{"name":"a","remark":null}"#, None),
            (r#"{"name":"a","remark":""}"#, None),
            (r#"{"name":"a","remark":"b"}"#, Some("b".to_owned())),
        ] {
            assert_eq!(read(body).remark, expected, "{body}");
        }
    }
}
