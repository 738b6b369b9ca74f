//! Messages of serde and of the validation rules in the caller's terms: what a value must be, not the name of its Rust type.

use serde_json::Value as Json;
use validator::ValidationError;

/// What a value of the right type must be to satisfy a rule.
pub fn of_rule(rule: &ValidationError) -> String {
    let bound = |name: &str| rule.params.get(name).map(|value| value.to_string());
    let unit = match (rule.code.as_ref(), rule.params.get("value")) {
        ("length", Some(Json::Array(_))) => " items",
        ("length", Some(Json::Object(_))) => " keys",
        ("length", _) => " characters",
        _ => "",
    };
    let verb = if unit.is_empty() { "be" } else { "have" };
    match (rule.code.as_ref(), bound("min"), bound("max")) {
        ("length" | "range", Some(min), Some(max)) if min == max => format!("must {verb} {min}{unit}"),
        ("length" | "range", Some(min), Some(max)) => format!("must {verb} {min} to {max}{unit}"),
        ("length" | "range", Some(min), None) => format!("must {verb} at least {min}{unit}"),
        ("length" | "range", None, Some(max)) => format!("must {verb} at most {max}{unit}"),
        ("email", ..) => "must be an email address".to_owned(),
        (code, ..) => format!("violates the rule '{code}'"),
    }
}

/// What a value of the wrong type must be, from what serde's message expected.
pub fn of_type(message: &str) -> String {
    let expected = message.rsplit_once("expected ").map_or("", |(_, expected)| expected);
    if message.starts_with("unknown variant") {
        let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return format!("must be {}{}", if words.len() > 1 { "one of " } else { "" }, words.join(", "));
    }
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "must be an integer within bounds".to_owned(),
        "f32" | "f64" => "must be a number".to_owned(),
        "a string" | "a borrowed string" => "must be a string".to_owned(),
        "a boolean" => "must be true or false".to_owned(),
        "a sequence" => "must be an array".to_owned(),
        "a map" => "must be an object".to_owned(),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::fields::{CivilDay, Id};
    use crate::wire::json;
    use serde::Deserialize;
    use validator::Validate;

    #[derive(Debug, Deserialize, Validate)]
    #[expect(dead_code, reason = "only its validation errors are tested")]
    struct Order {
        #[validate(length(min = 1, max = 2))]
        items: Option<Vec<Id>>,
        #[validate(length(max = 3))]
        name: Option<String>,
        #[validate(range(min = 1, max = 9))]
        count: Option<i32>,
        #[serde(default, deserialize_with = "json::present")]
        is_rush: Option<bool>,
        colour: Option<Colour>,
        due_on: Option<CivilDay>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Blue,
    }

    #[test]
    fn errors_are_reported_in_the_terms_of_the_caller() {
        for (body, detail) in [
            (r#"{"items": []}"#, "must have 1 to 2 items"),
            (r#"{"items": ["x"]}"#, "must be a UUID"),
            (r#"{"items": "x"}"#, "must be an array"),
            (r#"{"items": [1]}"#, "must be a string"),
            (r#"{"name": "four"}"#, "must have at most 3 characters"),
            (r#"{"name": 4}"#, "must be a string"),
            (r#"{"count": 0}"#, "must be 1 to 9"),
            (r#"{"count": "1"}"#, "must be an integer within bounds"),
            (r#"{"count": 3000000000}"#, "must be an integer within bounds"),
            (r#"{"is_rush": null}"#, "must be true or false"),
            (r#"{"colour": "green"}"#, "must be one of red, blue"),
            (r#"{"colour": 7}"#, "must be a string"),
            (r#"{"due_on": "2026-02-30"}"#, "must be a date, such as 2026-11-22"),
            (r#"{"due_on": "soon"}"#, "must be a date, such as 2026-11-22"),
            (r#"{"due_on": "2026"}"#, "must be a date, such as 2026-11-22"),
            (r#"{"due_on": "2028-2-29"}"#, "must be a date, such as 2026-11-22"),
            (r#"{"due_on": 7}"#, "must be a date, such as 2026-11-22"),
        ] {
            let error = json::read::<Order>(body.as_bytes()).unwrap_err();
            let problem = error.problem("", "");
            let details: Vec<&str> = problem.errors.iter().map(|error| error.detail.as_str()).collect();
            assert_eq!(details, [detail], "{body}");
        }
    }
}
