//! Ids in paths: one format, regardless of the rest of the request.

use crate::app::actions;
use crate::contract;
use entity::user::Role;
use serde_json::{Value as Json, json};

const ID: &str = "01a20725-be30-7584-bca5-f00e655c90d6";

on_each_database! {
    async fn an_invalid_id_in_a_get_or_delete_is_not_found_and_recorded(app) {
        for operation in contract::operations() {
            let Some((before, rest)) = operation.path.strip_prefix("/api/v1").and_then(|path| path.split_once('{')) else {
                continue;
            };
            let after =
                rest.split_once('}').map(|(_, after)| after.replace("{key_id}", ID).replace("{quarter}", "2026-Q4")).unwrap();
            if operation.method != reqwest::Method::GET && operation.method != reqwest::Method::DELETE {
                continue;
            }
            for (sent, recorded) in [
                ("%00", "%00"),
                ("x%00y", "x%00y"),
                ("%01", "%01"),
                ("%E2%80%AE", "%E2%80%AE"),
                ("%FF", "\u{FFFD}"),
                ("%7F", "%7F"),
            ] {
                app.pass(chrono::TimeDelta::minutes(2));
                let (by, mark) = (app.as_admin().await, app.mark().await);
                let path = format!("/api/v1{before}{sent}{after}");
                let answer = by.send(operation.method.clone(), &path, None).await;
                if [400, 403].contains(&answer.status()) {
                    continue;
                }
                answer.expect_problem(404, "not_found");
                let trail = app.since(&mark).await;
                assert_eq!(trail.len(), 1, "{} {path}: {trail:?}", operation.method);
                assert_eq!((&trail[0]["outcome"], &trail[0]["object_id"]), (&json!("denied"), &json!(recorded)), "{path}");
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
