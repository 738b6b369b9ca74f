//! Every PATCH takes a merge patch (RFC 7396) as well as JSON, and says so (RFC 5789); no other operation does.

use super::{operations, recipes};
use reqwest::Method;
use serde_json::json;

const MERGE_PATCH: &str = "application/merge-patch+json";
const TAKEN: &str = "application/json, application/merge-patch+json";

#[test]
fn the_contract_lists_both_media_types_of_a_patch() {
    let mut walked = 0;
    for operation in operations().iter().filter(|operation| operation.takes_json()) {
        let body = json!(operation.declared.request_body);
        let (plain, patch) = (&body["content"]["application/json"], &body["content"][MERGE_PATCH]);
        if operation.method == Method::PATCH {
            assert_eq!(plain, patch, "{}", operation.id());
            walked += 1;
        } else {
            assert!(patch.is_null(), "{}", operation.id());
        }
    }
    assert!(walked > 3);
}

on_each_database! {
    async fn a_patch_is_taken_under_either_media_type_and_other_bodies_are_not(app) {
        for operation in operations().iter().filter(|operation| operation.takes_json()) {
            let id = operation.id();
            let is_patch = operation.method == Method::PATCH;
            let request = recipes::prepare(app, id).await.unwrap();
            let body = request.body.clone().unwrap_or_else(|| json!({})).to_string().into_bytes();
            let send = async |kind: &str| {
                request.by.send_raw(request.method.clone(), &request.path, Some((kind, body.clone()))).await
            };
            let mark = app.mark().await;
            for kind in ["text/plain", "application/json-patch+json", "application/merge-patch", "application/xml", ""] {
                let refused = send(kind).await;
                let problem = refused.expect_problem(415, "unsupported_media_type");
                let detail = problem["detail"].as_str().unwrap();
                assert_eq!(detail.contains(MERGE_PATCH), is_patch, "{id}: {detail}");
                assert_eq!(refused.header("accept-patch"), if is_patch { TAKEN } else { "" }, "{id}");
            }
            assert_eq!(app.since(&mark).await.len(), 0, "{id}");
            if is_patch {
                for kind in [MERGE_PATCH, "Application/Merge-Patch+JSON; charset=utf-8", "application/json"] {
                    send(kind).await.expect(200);
                }
                send("application/merge-patch+json; charset=latin1").await.expect_problem(415, "unsupported_media_type");
            } else {
                send(MERGE_PATCH).await.expect_problem(415, "unsupported_media_type");
            }
        }
    }

    async fn the_resources_that_take_a_patch_say_so(app) {
        let by = app.as_admin().await;
        let operations = operations();
        for operation in &operations {
            let patched = operations.iter().any(|other| other.path == operation.path && other.method == Method::PATCH);
            let expected = if patched { TAKEN } else { "" };
            for method in [Method::OPTIONS, Method::TRACE] {
                let answer = by.send(method, &operation.absent(), None).await;
                assert_eq!(answer.header("accept-patch"), expected, "{}", operation.path);
            }
        }
    }
}
