//! What the types accept and refuse, in a body and in the words of a problem, and that their schemas state the same bounds.

use super::*;
use crate::wire::json;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use utoipa::{PartialSchema, ToSchema};
use validator::Validate;

/// A request with one field.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Request<T: Validate> {
    #[validate(nested)]
    field: T,
}

/// Reads a value as a request's field, and returns the rules it violates with what it must be.
fn faults<T: DeserializeOwned + Validate>(value: &Json) -> Vec<String> {
    let Err(error) = json::read::<Request<T>>(json!({ "field": value }).to_string().as_bytes()) else { return Vec::new() };
    let problem = error.problem("", "");
    problem.errors.iter().map(|error| format!("{} {} {}", error.pointer, error.code, error.detail)).collect()
}

fn schema<T: PartialSchema>() -> Json {
    json!(T::schema())
}

/// A type of text takes exactly the lengths that its schema states, counted in characters.
fn bounds_a_text<T: DeserializeOwned + Validate + ToSchema>() {
    let schema = schema::<T>();
    let bound = |name: &str| schema[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
    let (min, max) = (bound("minLength").unwrap_or(0), bound("maxLength").unwrap());
    for length in [min.saturating_sub(1), min, max, max + 1] {
        let faults = faults::<T>(&json!("é".repeat(length)));
        let is_refused = faults.iter().any(|fault| fault.starts_with("/field length "));
        assert_eq!(is_refused, !(min..=max).contains(&length), "{} {length}", T::name());
    }
}

#[test]
fn a_text_has_a_length_that_its_schema_states() {
    bounds_a_text::<Reason>();
    bounds_a_text::<Remark>();
    bounds_a_text::<Notes>();
    bounds_a_text::<DocumentNotes>();
    bounds_a_text::<CaseNotes>();
    bounds_a_text::<NoteBody>();
    bounds_a_text::<PersonName>();
    bounds_a_text::<EmployeeName>();
    bounds_a_text::<PhoneNumber>();
    bounds_a_text::<EmailAddress>();
    bounds_a_text::<ClientEmail>();
    bounds_a_text::<WorkshopCode>();
    bounds_a_text::<WorkshopFilter>();
    bounds_a_text::<TimeZone>();
    bounds_a_text::<Username>();
    bounds_a_text::<LoginName>();
    bounds_a_text::<LoginPassword>();
    bounds_a_text::<RefreshToken>();
    bounds_a_text::<Identifier>();
    bounds_a_text::<SearchText>();
    bounds_a_text::<UserSearchText>();
    bounds_a_text::<CaseNumber>();
    bounds_a_text::<RequestId>();
    bounds_a_text::<ChangedValue>();
    bounds_a_text::<Cursor>();
}

/// A type of number takes exactly the range that its schema states.
fn bounds_a_number<T: DeserializeOwned + Validate + ToSchema>() {
    let schema = schema::<T>();
    let (min, max) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
    for number in [min - 1, min, max, max + 1] {
        assert_eq!(faults::<T>(&json!(number)).is_empty(), (min..=max).contains(&number), "{} {number}", T::name());
    }
    assert!(!faults::<T>(&json!(0.5)).is_empty() && !faults::<T>(&json!("1")).is_empty(), "{}", T::name());
}

#[test]
fn a_number_has_a_range_that_its_schema_states() {
    bounds_a_number::<PageLimit>();
    bounds_a_number::<ReportNumber>();
    bounds_a_number::<DueDays>();
    bounds_a_number::<DelayHours>();
    bounds_a_number::<QuotaMib>();
    bounds_a_number::<WholeCredits>();
    bounds_a_number::<MemberCount>();
    bounds_a_number::<RowCount>();
}

/// Reads a value as some type, and returns its faults.
type Reader = fn(&Json) -> Vec<String>;

#[test]
fn a_violation_is_reported_in_the_words_of_its_rule() {
    let cases: [(Reader, Json, &[&str]); 17] = [
        (faults::<Reason>, json!(""), &["length must have 1 to 2000 characters"]),
        (faults::<Reason>, json!(" \u{3000}"), &["not_blank must not be blank"]),
        (faults::<Reason>, json!(" ".repeat(2_001)), &["length must have 1 to 2000 characters", "not_blank must not be blank"]),
        (faults::<Reason>, json!(7), &["type must be a string"]),
        (faults::<Notes>, json!(" "), &[]),
        (faults::<CaseNotes>, json!("x".repeat(10_001)), &["length must have at most 10000 characters"]),
        (faults::<EmailAddress>, json!("a"), &["email must be an email address", "length must have 3 to 254 characters"]),
        (faults::<ClientEmail>, json!("a"), &["email must be an email address"]),
        (faults::<WorkshopCode>, json!("ß".repeat(26)), &["length must have at most 50 characters in upper case"]),
        (faults::<WorkshopCode>, json!("é".repeat(51)), &["length must have 2 to 50 characters"]),
        (faults::<Username>, json!("mia chen"), &["pattern must consist of a-z, 0-9, dot, underscore and hyphen"]),
        (
            faults::<TimeZone>,
            json!("America/Chicag"),
            &["time_zone must be a time zone of the IANA time zone database, such as America/Chicago"],
        ),
        (faults::<ReportNumber>, json!(11), &["range must be 1 to 10"]),
        (faults::<ReportNumber>, json!(1e10), &["type must be an integer within bounds"]),
        (faults::<RowCount>, json!(9_007_199_254_740_993_u64), &["range must be 0 to 9007199254740991"]),
        (faults::<ThousandthDays>, json!(1.0005), &["decimals must have at most 3 decimals"]),
        (faults::<ThousandthDays>, json!(0.0001), &["decimals must have at most 3 decimals", "range must be 0.001 to 999.999"]),
    ];
    for (faults, value, expected) in cases {
        let expected: Vec<String> = expected.iter().map(|fault| format!("/field {fault}")).collect();
        assert_eq!(faults(&value), expected, "{value}");
    }
}

#[test]
fn a_name_is_visible_text() {
    for name in ["Ada", "Zoë Moss", "李"] {
        assert!(faults::<PersonName>(&json!(name)).is_empty() && faults::<EmployeeName>(&json!(name)).is_empty(), "{name}");
    }
    for name in [" Ada", "Ada\u{200B}", "A\ta"] {
        let readers: [Reader; 4] = [faults::<PersonName>, faults::<EmployeeName>, faults::<PhoneNumber>, faults::<WorkshopCode>];
        for faults in readers.map(|read| read(&json!(name))) {
            assert!(matches!(faults.as_slice(), [only] if only.starts_with("/field displayable ")), "{name:?} {faults:?}");
        }
    }
}

#[test]
fn the_faults_of_all_fields_and_items_are_reported_with_their_positions() {
    #[derive(Deserialize, Validate)]
    struct Many {
        #[validate(nested)]
        reason: Option<Reason>,
        #[validate(nested)]
        notes: Option<Option<CaseNotes>>,
        #[validate(nested)]
        items: Vec<Request<ReportNumber>>,
    }
    let body = json!({"reason": "", "notes": "x".repeat(10_001), "items": [{"field": 1}, {"field": 0}]});
    let Err(error) = json::read::<Many>(body.to_string().as_bytes()) else { panic!("{body} was taken") };
    let pointers: Vec<String> = error.problem("", "").errors.into_iter().map(|error| error.pointer).collect();
    assert_eq!(pointers, ["/items/1/field", "/notes", "/reason"]);
}

#[test]
fn types_with_different_rules_have_different_names() {
    let names = [Reason::name(), Notes::name(), NoteBody::name(), ReportNumber::name(), RowCount::name(), Facts::name()];
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert!(distinct.len() == names.len() && names.iter().all(|name| is_field(name)), "{names:?}");
}

#[test]
fn a_list_of_enum_values_is_at_most_as_long_as_the_enum() {
    #[derive(Deserialize, Validate)]
    struct Levels {
        #[validate(custom(function = "at_most_all"))]
        field: Option<Vec<entity::user::Level>>,
    }
    let read = |count: usize| json::read::<Levels>(json!({"field": vec!["level_1"; count]}).to_string().as_bytes());
    assert!(read(3).is_ok_and(|levels| levels.field.is_some_and(|field| field.len() == 3)));
    let Err(error) = read(4) else { panic!("four of three levels were taken") };
    let details: Vec<String> = error.problem("", "").errors.into_iter().map(|error| error.detail).collect();
    assert_eq!(details, ["must have at most 3 items"]);
}

#[test]
fn a_list_of_other_values_has_no_length_limit_of_its_own() {
    assert!(at_most_all(&["text"; 100].map(str::to_owned)).is_ok());
}
