//! `allowed_actions` and `blocked_actions` of documents, and what each operation really answers.

use super::{id, pay_stub};
use crate::contract::recipes::{add_report, report};
use serde_json::json;

on_each_database! {
    async fn listed_actions_succeed_and_all_others_are_refused_as_listed(app) {
        let callers = [
            ("member", app.as_member().await),
            ("assignee", app.as_tech(3).await),
            ("other technician", app.as_tech(2).await),
            ("manager", app.as_manager().await),
            ("administrator", app.as_admin().await),
        ];
        let mut answers: Vec<(bool, &str, Vec<u16>)> = Vec::new();
        for is_completed in [false, true] {
            for (name, by) in &callers {
                let case = app.a_case().accepted().create().await;
                for (uploader, form) in [(&callers[0].1, pay_stub()), (&callers[1].1, pay_stub()), (&callers[3].1, report(2))] {
                    uploader.upload(&case.url("documents"), &form).await.expect(201);
                }
                if is_completed {
                    let completion = json!({"override_incomplete": true, "release": "now"});
                    callers[1].1.post(&case.url("complete"), completion).await.expect(200);
                }
                let list = by.get(&case.url("documents")).await.expect(200);
                let mut statuses = Vec::new();
                for row in list["data"].as_array().unwrap() {
                    let path = format!("documents/{}", id(row));
                    let detail = by.get(&path).await.expect(200);
                    for member in ["allowed_actions", "blocked_actions"] {
                        assert_eq!(detail[member], row[member], "{name}: {member}");
                    }
                    let lists = |action: &str| row["allowed_actions"].as_array().unwrap().contains(&json!(action));
                    assert!(lists("download"), "{name}: {row}");
                    assert_eq!(by.get(&format!("{path}/content")).await.status(), 200, "{name}: {row}");
                    let (blocked, answer) = (row["blocked_actions"].as_array().unwrap(), by.delete(&path).await);
                    let refused = answer.json();
                    assert_eq!(lists("delete"), answer.status() == 204, "{name}: {row} {refused}");
                    assert_eq!(blocked.len(), usize::from(answer.status() != 204), "{name}: {row}");
                    for one in blocked {
                        assert_eq!((&one["action"], &one["code"]), (&json!("delete"), &refused["code"]), "{name}: {row}");
                        let detail = one["detail"].as_str().unwrap();
                        assert!(refused["detail"].as_str().unwrap().starts_with(detail), "{name}: {detail} {refused}");
                    }
                    statuses.push(answer.status());
                }
                answers.push((is_completed, *name, statuses));
            }
        }
        // The report of the manager, what the assignee added, what the member added. Before the release a member sees no report.
        assert_eq!(answers, [
            (false, "member", vec![403, 204]),
            (false, "assignee", vec![204, 204, 403]),
            (false, "other technician", vec![403, 403, 403]),
            (false, "manager", vec![204, 204, 204]),
            (false, "administrator", vec![204, 204, 204]),
            (true, "member", vec![403, 403, 204]),
            (true, "assignee", vec![409, 204, 403]),
            (true, "other technician", vec![403, 403, 403]),
            (true, "manager", vec![409, 204, 204]),
            (true, "administrator", vec![409, 204, 204]),
        ]);
    }

    async fn an_upload_says_what_its_caller_can_do(app) {
        let case = app.a_case().accepted().create().await;
        for by in [app.as_member().await, app.as_tech(3).await, app.as_manager().await] {
            let added = by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
            assert_eq!((&added["allowed_actions"], &added["blocked_actions"]), (&json!(["download", "delete"]), &json!([])));
        }
    }

    async fn a_list_sends_the_same_statements_whatever_its_rows(app) {
        let case = app.a_case().accepted().create().await;
        for by in [app.as_member().await, app.as_tech(2).await, app.as_manager().await] {
            let mut costs = Vec::new();
            for _ in 0..3 {
                app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
                add_report(app, &case, 1).await;
                app.statements();
                by.get(&case.url("documents")).await.expect(200);
                costs.push(app.statements().len());
            }
            assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
        }
    }
}
