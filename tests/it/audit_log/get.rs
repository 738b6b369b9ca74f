//! Getting an audit entry.

use super::world::{data, happened, ids};
use crate::app::actions;
use entity::audit::Event;
use entity::job::JobRun;
use serde_json::json;

on_each_database! {
    async fn an_entry_is_returned_with_its_siblings_and_the_access_is_recorded(app) {
        app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let before = app.mark().await;
        let accepted = before.iter().find(|entry| entry["action_type"] == "case_assigned").unwrap();

        let answer = by.get(&format!("audit-log/{}", accepted["id"].as_str().unwrap())).await;

        let entry = answer.expect(200);
        let listed = by.get("audit-log?action_type=case_assigned").await.expect(200);
        let mut bare = entry.clone();
        bare.as_object_mut().unwrap().remove("siblings");
        assert_eq!(bare, data(&listed)[0]);
        let siblings = entry["siblings"].as_array().unwrap();
        let others: Vec<_> = before
            .iter()
            .filter(|other| other["request_id"] == accepted["request_id"] && other["id"] != accepted["id"])
            .cloned()
            .collect();
        assert_eq!(ids(siblings), ids(&others)[..others.len().min(50)]);
        assert!(siblings.iter().all(|sibling| sibling.as_object().unwrap().values().all(|value| value.is_string())));
        let seen = app.since(&before).await;
        assert_eq!(actions(&seen), ["audit_log_accessed", "audit_log_accessed"]);
        assert_eq!(seen[0]["metadata"], json!({"view_type": "detail_view", "filters": {}}));
        assert_eq!((&seen[0]["object_type"], &seen[0]["object_id"]), (&json!("audit_entry"), &accepted["id"]));
        assert_eq!(answer.header("cache-control"), "no-store");
    }

    async fn an_entry_never_has_more_than_fifty_siblings(app) {
        let by = app.as_manager().await;
        let tx = app.write().await;
        for _ in 0..60 {
            let run = JobRun::scheduled(0, 0, None, 1);
            tx.record(Event::cron_job_executed("check_expired_holds", &run)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let last = app.mark().await.pop().unwrap();
        let entry = by.get(&format!("audit-log/{}", last["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(entry["siblings"].as_array().unwrap().len(), 50);
    }

    async fn an_unknown_entry_is_not_found_and_the_attempt_is_recorded(app) {
        happened(app).await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        for id in ["01a20725-be30-7584-bca5-f00e655c90d6", "7", "export.xlsx"] {
            by.get(&format!("audit-log/{id}")).await.expect_problem(404, "not_found");
        }
        let seen = app.since(&mark).await;
        assert!(seen.iter().all(|entry| entry["outcome"] == "denied" && entry["metadata"]["code"] == "not_found"));
        assert_eq!(seen.len(), 3);
        let answer = by.get(&format!("audit-log/{}?verbose=true", mark[0]["id"].as_str().unwrap())).await;
        answer.expect_problem(400, "invalid_parameter");
        assert_eq!(answer.faults(), ["query /verbose"]);
    }
}
