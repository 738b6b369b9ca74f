//! Every request, every response and every parameter has an example, and each of them is valid.

use super::document::Document;
use api::wire::Code;

#[test]
fn every_request_response_and_parameter_has_an_example() {
    let document = Document::new();
    for (_, _, operation) in document.operations() {
        for (place, content) in document.bodies(operation) {
            assert!(!document.examples(content).is_empty(), "{place} has none");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let place = format!("{} {}", operation["operationId"], parameter["name"]);
            assert!(!document.examples(parameter).is_empty(), "{place} has none");
            assert!(parameter["description"].is_string(), "{place} is not described");
        }
    }
}

#[test]
fn each_example_fits_its_schema() {
    let mut document = Document::of_this_version();
    let shown = document.shown();
    assert!(shown.len() > 300, "{}", shown.len());
    let mut wrong = Vec::new();
    for example in shown {
        let faults = document.faults(&example.schema, &example.example);
        if !faults.is_empty() {
            wrong.push(format!("{}: {faults:?}", example.place));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_example_of_a_problem_agrees_with_the_table_of_codes() {
    let document = Document::new();
    let mut walked = 0;
    for (_, _, operation) in document.operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = &document.resolve(response)["content"]["application/problem+json"];
            for problem in document.examples(content) {
                let code: Code = serde_json::from_value(problem["code"].clone()).unwrap();
                assert_eq!((problem["status"].to_string(), code.status().as_u16().to_string()), (status.clone(), status.clone()));
                assert_eq!(
                    (problem["title"].as_str(), problem["type"].as_str()),
                    (Some(code.title()), Some(&*format!("/problems/{}", code.name())))
                );
                walked += 1;
            }
        }
    }
    assert!(walked > 1_000, "{walked}");
}
