//! The service accepts exactly the values that the contract allows: every property of every request and every query parameter, at
//! its bounds and just beyond them, over HTTP.

use super::document::Document;
use super::probe::{Probe, probes};
use super::{Listed, operations};
use crate::app::{Answer, Client, TestApp};
use serde_json::{Map, Value as Json, json};

/// Other fields that a request needs while one of its fields is probed, since the two belong together: null omits a field.
const NEEDED: &[(&str, &str, &str)] = &[
    ("create_user", "user_level", r#"{"role": "technician", "workshop_code": null}"#),
    ("create_user", "scopes", r#"{"role": "service", "workshop_code": null, "password": null}"#),
    ("change_user_role", "scopes", r#"{"role": "service", "user_level": null}"#),
    ("complete_case", "release_at", r#"{"release": "scheduled"}"#),
    ("approve_review", "release_at", r#"{"release": "scheduled"}"#),
    ("correct_review", "release_at", r#"{"release": "scheduled"}"#),
    ("list_reviews", "reviewer_id", r#"{"status": "decided"}"#),
    ("list_reviews", "review_action", r#"{"status": "decided"}"#),
    ("ingest_credit_resets", "member_count", r#"{"resets": null, "new_allowance": 100}"#),
    ("ingest_credit_resets", "new_allowance", r#"{"resets": null, "member_count": 80}"#),
    // A field that can have any text as its value.
    ("*", "changed_from", r#"{"changed_field": "employee_last_name"}"#),
    ("*", "changed_to", r#"{"changed_field": "employee_last_name"}"#),
];

/// Rules that check more than the bounds of their field: operation, field, the rule's code.
const FURTHER_RULES: &[(&str, &str, &str)] = &[
    // A text that has the form of a cursor but was not issued by the service.
    ("*", "cursor", "invalid_cursor"),
    // A level, a workshop or a password is allowed for some roles only.
    ("edit_own_account", "workshop_code", "required"),
    ("create_user", "user_level", "required"),
    ("create_user", "workshop_code", "required"),
    ("create_user", "password", "required"),
    ("create_user", "scopes", "required"),
    ("change_user_role", "user_level", "required"),
    ("change_user_role", "scopes", "required"),
    // Few of the possible names are names of time zones.
    ("edit_settings", "time_zone", "time_zone"),
    // No user has the id of the example.
    ("*", "user_id", "unknown_user"),
    ("*", "case_id", "unknown_case"),
    ("ingest_credit_resets", "resets", "unknown_user"),
    // The same item a thousand times.
    ("ingest_credit_resets", "resets", "duplicate"),
    // Either an item per member or one number for all.
    ("ingest_credit_resets", "resets", "required"),
    ("ingest_credit_resets", "member_count", "required"),
    ("ingest_credit_resets", "new_allowance", "required"),
    // Values that no index finds require a period.
    ("*", "changed_field", "period_required"),
    ("*", "q", "period_required"),
    ("*", "ip_address", "period_required"),
    // A technician may omit it.
    ("accept_case", "assigned_to", "required"),
];

struct Callers<'a> {
    admin: Client<'a>,
    member: Client<'a>,
    anonymous: Client<'a>,
}

impl<'a> Callers<'a> {
    async fn new(app: &'a TestApp) -> Self {
        Self { admin: app.as_admin().await, member: app.as_member().await, anonymous: app.as_anonymous() }
    }

    fn caller(&self, operation: &Listed) -> &Client<'a> {
        match operation.id() {
            "submit_case" | "resubmit_case" | "create_case" | "edit_own_account" => &self.member,
            _ if operation.is_public() => &self.anonymous,
            _ => &self.admin,
        }
    }
}

/// The errors a response reports for a field or parameter, as codes of the rules.
fn faults(answer: &Answer, location: &str, name: &str) -> Vec<String> {
    let pointer = format!("/{name}");
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    let names_it = |error: &Json| {
        let place = error["pointer"].as_str().unwrap_or_default();
        error["location"] == location && (place == pointer || place.starts_with(&format!("{pointer}/")))
    };
    errors.iter().filter(|error| names_it(error)).map(|error| error["code"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Whether the response to a probe is correct, and if not, what is wrong with it.
fn judge(probe: &Probe, answer: &Answer, place: &str, location: &str, name: &str) -> Option<String> {
    let faults = faults(answer, location, name);
    let refused = if location == "body" { 422 } else { 400 };
    let value: String = probe.value.to_string().chars().take(60).collect();
    let is_further_rule = |code: &String| ["*", place].iter().any(|of| FURTHER_RULES.contains(&(*of, name, code.as_str())));
    let is_right = match probe.fits {
        // A conflict names its field too, of which the value itself is right.
        true => answer.status() == 409 || (answer.status() < 500 && faults.iter().all(is_further_rule)),
        false => answer.status() == refused && faults.iter().any(|code| !is_further_rule(code) || code == "invalid_cursor"),
    };
    let should = if probe.fits { "fits" } else { "is beyond" };
    (!is_right).then(|| format!("{place} {name}: {value} {should}, but {}: {}", answer.status(), answer.text))
}

/// The other fields or parameters of a request, as in its example or as required by the probed one.
fn with_needed(base: &Map<String, Json>, operation: &str, name: &str) -> Map<String, Json> {
    let mut all = base.clone();
    for (_, _, text) in NEEDED.iter().filter(|(of, probed, _)| (*of == operation || *of == "*") && *probed == name) {
        let needed: Map<String, Json> = serde_json::from_str(text).expect("an object");
        all.extend(needed);
    }
    all.retain(|_, value| !value.is_null());
    all
}

fn query(pairs: &Map<String, Json>) -> String {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let each = pairs.iter().flat_map(|(name, value)| match value {
        Json::Array(items) => items.iter().map(|item| (name.clone(), text(item))).collect::<Vec<_>>(),
        value => vec![(name.clone(), text(value))],
    });
    let url = reqwest::Url::parse_with_params("http://localhost/", each).expect("a URL");
    url.query().unwrap_or_default().to_owned()
}

on_each_database! {
    async fn a_field_accepts_exactly_the_values_of_the_contract(app) {
        let (document, callers) = (Document::new(), Callers::new(app).await);
        let (mut wrong, mut fields) = (Vec::new(), 0);
        for operation in operations().iter().filter(|operation| operation.takes_json()) {
            let (by, said) = (callers.caller(operation), document.operation(operation.id()));
            let content = &said["requestBody"]["content"]["application/json"];
            let schema = document.resolve(&content["schema"]);
            let example = document.examples(content).remove(0).as_object().expect("an object").clone();
            for (name, property) in schema["properties"].as_object().expect("properties") {
                let probes = probes(&document, property, name);
                assert!(probes.iter().any(|probe| !probe.fits), "{} {name} has no bound", operation.id());
                for probe in probes {
                    let mut body = with_needed(&example, operation.id(), name);
                    body.insert(name.clone(), probe.value.clone());
                    let answer = by.send(operation.method.clone(), &operation.absent(), Some(json!(body))).await;
                    wrong.extend(judge(&probe, &answer, operation.id(), "body", name));
                }
                let mut without = with_needed(&example, operation.id(), name);
                without.remove(name);
                let answer = by.send(operation.method.clone(), &operation.absent(), Some(json!(without))).await;
                let is_required = schema["required"].as_array().is_some_and(|required| required.contains(&json!(name)));
                let absence = Probe { value: json!("absent"), fits: !is_required };
                wrong.extend(judge(&absence, &answer, operation.id(), "body", name));
                fields += 1;
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
        assert!(fields > 70, "{fields}");
    }

    async fn a_parameter_accepts_exactly_the_values_of_the_contract(app) {
        let (document, callers) = (Document::new(), Callers::new(app).await);
        // Without a sealed entry, a feed would wait for as long as its parameter says.
        app.seal().await;
        let (mut wrong, mut parameters) = (Vec::new(), 0);
        for operation in &operations() {
            let (by, said) = (callers.caller(operation), document.operation(operation.id()));
            let listed = said["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
            let listed: Vec<&Json> = listed.collect();
            let required = listed.iter().filter(|parameter| parameter["required"] == true);
            let base: Map<String, Json> = required
                .map(|parameter| (parameter["name"].as_str().expect("a name").to_owned(), parameter["example"].clone()))
                .collect();
            for parameter in &listed {
                let name = parameter["name"].as_str().expect("a name");
                let probes = probes(&document, &parameter["schema"], name);
                // A query has no null; the absence of a parameter is probed below.
                for probe in probes.into_iter().filter(|probe| !probe.value.is_null()) {
                    let mut pairs = with_needed(&base, operation.id(), name);
                    pairs.insert(name.to_owned(), probe.value.clone());
                    let answer =
                        by.send(operation.method.clone(), &format!("{}?{}", operation.absent(), query(&pairs)), None).await;
                    wrong.extend(judge(&probe, &answer, operation.id(), "query", name));
                }
                let mut without = with_needed(&base, operation.id(), name);
                without.remove(name);
                let answer =
                    by.send(operation.method.clone(), &format!("{}?{}", operation.absent(), query(&without)), None).await;
                let absence = Probe { value: json!("absent"), fits: parameter["required"] != true };
                wrong.extend(judge(&absence, &answer, operation.id(), "query", name));
                parameters += 1;
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
        assert!(parameters > 100, "{parameters}");
    }
}

on_each_database! {
    async fn a_problem_about_oversized_input_stays_within_its_schema(app) {
        let (mut document, by) = (Document::new(), app.as_member().await);
        let long = "x".repeat(3_000);
        let many: Vec<String> = (0..200).map(|number| format!("unknown_{number}=1")).collect();
        let answers = [
            by.post("cases", json!({&long: 1})).await,
            by.post("cases", json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "urgency": long})).await,
            by.get(&format!("cases?{long}=1")).await,
            by.get(&format!("cases?status={long}")).await,
            by.get(&format!("cases?{}", many.join("&"))).await,
            by.get(&format!("cases/{long}")).await,
        ];
        for answer in answers {
            let faults = document.faults(&json!({"$ref": "#/components/schemas/Problem"}), &answer.json());
            assert!(answer.status() >= 400 && faults.is_empty(), "{} {faults:?}", answer.status());
        }
    }
}

#[test]
fn every_exception_names_an_existing_field() {
    let document = Document::new();
    for (operation, name, _) in NEEDED {
        let has = |said: &Json| {
            let content = &said["requestBody"]["content"]["application/json"];
            let field = document.resolve(&content["schema"])["properties"].get(*name).is_some();
            field || said["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == *name)
        };
        let of_it = document.operations().into_iter().map(|(_, _, said)| said);
        let mut of_it = of_it.filter(|said| *operation == "*" || said["operationId"] == *operation);
        assert!(of_it.any(has), "{operation} has no {name}");
    }
}
