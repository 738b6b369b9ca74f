//! Ids in paths: one format, regardless of the rest of the request.

use crate::app::actions;
use crate::contract::{self, recipes};
use entity::user::Role;
use serde_json::{Value as Json, json};

/// Values that are no id, and how the log shows them.
const SENT: [(&str, &str); 6] =
    [("%00", "%00"), ("x%00y", "x%00y"), ("%01", "%01"), ("%E2%80%AE", "%E2%80%AE"), ("%FF", "\u{FFFD}"), ("%7F", "%7F")];

/// A path with another value in one place; its query stays.
fn with_segment(path: &str, place: usize, value: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, String::new()), |(path, query)| (path, format!("?{query}")));
    let segments: Vec<_> =
        path.split('/').enumerate().map(|(number, segment)| if number == place { value } else { segment }).collect();
    format!("/api/v1/{}{query}", segments.join("/"))
}

on_each_database! {
    async fn an_invalid_id_is_not_found_and_recorded_by_every_operation(app) {
        let with_ids = contract::operations().into_iter().filter(|operation| operation.path.contains("_id}"));
        for operation in with_ids {
            let Some(mut request) = recipes::prepare(app, operation.id()).await else {
                panic!("{} has no recipe", operation.id());
            };
            let valid = request.path.trim_start_matches("/api/v1/").to_owned();
            let place = operation.path.trim_start_matches("/api/v1/").split('/').position(|part| part.starts_with('{')).unwrap();
            for (sent, recorded) in SENT {
                app.pass(chrono::TimeDelta::seconds(61));
                let mark = app.mark().await;
                request.path = with_segment(&valid, place, sent);
                request.send().await.expect_problem(404, "not_found");
                let trail = app.since(&mark).await;
                assert_eq!(trail.len(), 1, "{} {}: {trail:?}", operation.method, request.path);
                let left = (&trail[0]["outcome"], &trail[0]["object_id"]);
                assert_eq!(left, (&json!("denied"), &json!(recorded)), "{} {}", operation.method, request.path);
            }
        }
    }

    async fn other_path_parameters_are_read_as_strictly(app) {
        let (by, member) = (app.as_admin().await, app.user("member1", Role::Member, None).await);
        for quarter in ["%00", "2026-Q4%00", "2026-Q5", "2026-q4", "%FF"] {
            let mark = app.mark().await;
            by.get(&format!("users/{}/credit-allowances/{quarter}", member.id)).await.expect_problem(404, "not_found");
            let trail = app.since(&mark).await;
            assert_eq!((&trail[0]["object_id"], &trail[0]["related_user"]["username"]), (&json!(member.id), &json!("member1")));
        }
        for job in ["%00", "release_cases%00", "%FF"] {
            let mark = app.mark().await;
            by.post(&format!("jobs/{job}/run"), json!({})).await.expect_problem(404, "not_found");
            let trail = app.since(&mark).await;
            assert_eq!((trail.len(), &trail[0]["object_type"], &trail[0]["outcome"]), (1, &json!("job"), &json!("denied")));
        }
    }

    async fn an_id_is_accepted_only_with_hyphens_and_in_either_case(app) {
        let case = app.a_case().submitted().create().await;
        let by = app.as_manager().await;
        let id = case.id();
        by.get(&format!("cases/{}", id.to_uppercase())).await.expect(200);
        for other in
            [format!("%7B{id}%7D"), format!("urn:uuid:{id}"), format!("URN:UUID:{id}"), id.replace('-', ""), format!("{{{id}}}")]
        {
            let mark = app.mark().await;
            by.get(&format!("cases/{other}")).await.expect_problem(404, "not_found");
            let trail = app.since(&mark).await;
            assert_eq!((actions(&trail), &trail[0]["case"]), (vec!["other"], &Json::Null), "{other}");
        }
    }
}
