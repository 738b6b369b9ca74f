//! The catalogue of action types.

use super::world::happened;
use entity::audit::Action;
use entity::user::Role;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn the_catalogue_lists_every_action_with_its_number_of_entries(app) {
        happened(app).await;
        // As created by the tests, it may read the audit log.
        let service = app.user("service1", Role::Service, None).await;
        let readers = [app.as_manager().await, app.as_admin().await, app.as_user(&service).await];
        for by in readers {
            // Each of them gets some from the rollups, and the rest from the log.
            app.seal().await;
            app.a_case().held().create().await;
            let entries = app.all_entries().await;
            app.statements();

            let list = by.get("audit-action-types").await.expect(200);

            let sent = app.statements();
            let counting = sent.iter().filter(|sql| sql.contains("entry_count") && sql.contains("ledger_type_days")).count();
            assert_eq!(counting, 1, "{sent:#?}");
            assert_eq!(list["named_total"], json!(Action::NAMED));
            assert_eq!(list["total"], json!(Action::COUNT));
            assert_eq!(list["introduced_total"], json!(Action::introduced().count()));
            let rows = list["data"].as_array().unwrap();
            let codes: Vec<&str> = rows.iter().map(|row| row["code"].as_str().unwrap()).collect();
            assert_eq!(codes, Action::all().map(Action::code).collect::<Vec<_>>());
            for row in rows {
                let of_type: Vec<&Json> = entries.iter().filter(|entry| entry["action_type"] == row["code"]).collect();
                assert_eq!(row["count"], of_type.len(), "{row}");
                assert_eq!(row["last_seen_at"], of_type.last().map_or(Json::Null, |last| last["occurred_at"].clone()));
            }
        }
    }

    async fn only_readers_of_the_log_see_how_much_it_contains(app) {
        happened(app).await;
        let service = app.user("service2", Role::Service, None).await;
        let scopes = json!({"role": "service", "scopes": ["ingest", "reports:read"], "reason": "no longer reads the log"});
        app.as_admin().await.post(&format!("users/{}/role", service.id), scopes).await.expect(200);
        let others = [app.as_member().await, app.as_tech(1).await, app.as_tech(3).await, app.as_user(&service).await];
        let mark = app.mark().await;
        for by in others {
            app.statements();

            let list = by.get("audit-action-types").await.expect(200);

            assert_eq!(app.statements().len(), 1, "the caller");
            assert_eq!(list["total"], json!(Action::COUNT));
            for row in list["data"].as_array().unwrap() {
                assert_eq!((&row["count"], &row["last_seen_at"]), (&json!(null), &json!(null)), "{row}");
                assert!(row["label"].is_string() && row["metadata_schema"].is_object(), "{row}");
            }
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
    }

    async fn a_row_describes_its_action(app) {
        let list = app.as_tech(1).await.get("audit-action-types").await.expect(200);
        let held = list["data"].as_array().unwrap().iter().find(|row| row["code"] == "case_held").unwrap();
        assert_eq!(
            held,
            &json!({
                "code": "case_held", "label": "Case Placed on Hold", "category": "case", "origin": "enhancement",
                "capture": "automatic",
                "system_event": null, "count": null, "last_seen_at": null,
                "metadata_schema": {
                    "type": "object", "required": ["reason", "held_at", "expected_duration_days", "expected_end_at"],
                    "properties": {
                        "reason": {"type": ["string", "null"]},
                        "held_at": {"type": ["string", "null"], "format": "date-time"},
                        "expected_duration_days": {"type": ["number", "null"]},
                        "expected_end_at": {"type": ["string", "null"], "format": "date-time"},
                    },
                },
            })
        );
        let job = list["data"].as_array().unwrap().iter().find(|row| row["code"] == "cron_job_executed").unwrap();
        assert_eq!((&job["system_event"], &job["capture"]), (&json!("cron_job"), &json!("call")));
        app.as_anonymous().get("audit-action-types").await.expect_problem(401, "unauthorized");
        app.as_tech(1).await.get("audit-action-types?code=login").await.expect_problem(400, "invalid_parameter");
    }
}
