//! Fields and people in changes by their names.

use super::world::data;
use api::http::AuditEntry;
use entity::audit_log::Entry;
use entity::user::Role;
use serde_json::{Value as Json, json};

/// The change of a field in the newest entry of a type.
fn change(list: &Json, action_type: &str, field: &str) -> Json {
    let entry = data(list).into_iter().find(|entry| entry["action_type"] == action_type).expect("an entry");
    entry["changes"][field].clone()
}

/// The request that gives a case to someone else.
fn assignment(assigned_to: uuid::Uuid) -> Json {
    json!({"assigned_to": assigned_to, "reason": "because"})
}

on_each_database! {
    async fn changes_name_fields_and_people_wherever_they_are_shown(app) {
        let case = app.a_case().accepted().create().await;
        let (before, after, by) = (app.tech(3).await, app.tech(2).await, app.as_manager().await);
        by.post(&case.url("assign"), assignment(after.id)).await.expect(200);
        by.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        let assigned = json!({
            "field_label": "Assigned to", "from": before.id, "from_label": "Ada tech3", "to": after.id, "to_label": "Ada tech2",
        });
        let status = json!({
            "field_label": "Status", "from": "accepted", "from_label": null, "to": "hold", "to_label": null,
        });
        for path in [
            "audit-log".to_owned(),
            case.url("audit-trail"),
            format!("users/{}/audit-trail", by.id()),
            "auth/me/activity".to_owned(),
        ] {
            let list = by.get(&path).await.expect(200);
            assert_eq!(change(&list, "case_reassigned", "assigned_to_id"), assigned, "{path}");
            assert_eq!(change(&list, "case_held", "status"), status, "{path}");
        }
        let list = by.get("audit-log?action_type=case_reassigned").await.expect(200);
        let entry = by.get(&format!("audit-log/{}", data(&list)[0]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(entry["changes"]["assigned_to_id"], assigned);
        let export = by.get("audit-log/export.ndjson?action_type=case_reassigned").await;
        let line: Json = serde_json::from_str(export.text.lines().next().unwrap()).unwrap();
        assert_eq!(line["changes"]["assigned_to_id"], assigned);
        let report = by.get("reports/case-changes?change_type=assignment&limit=1").await.expect(200);
        assert_eq!(report["entries"]["data"][0]["before_after"], json!([{
            "field": "assigned_to_id", "field_label": "Assigned to",
            "from": "tech3", "from_label": "Ada tech3", "to": "tech2", "to_label": "Ada tech2",
        }]));
    }

    async fn a_name_in_changes_is_that_of_the_time(app) {
        let case = app.a_case().accepted().create().await;
        let (worker, by) = (app.tech(2).await, app.as_admin().await);
        by.post(&case.url("assign"), assignment(worker.id)).await.expect(200);
        by.post(&case.url("assign"), assignment(app.tech(3).await.id)).await.expect(200);
        by.patch(&format!("users/{}", worker.id), json!({"last_name": "Okafor"})).await.expect(200);
        let names = async || -> Vec<Json> {
            let both = "action_type=case_assigned&action_type=case_reassigned";
            let list = by.get(&format!("{}?{both}", case.url("audit-trail"))).await.expect(200);
            let changes = data(&list).into_iter().map(|entry| entry["changes"]["assigned_to_id"].clone());
            changes.flat_map(|change| [change["from_label"].clone(), change["to_label"].clone()]).collect()
        };
        let as_recorded = ["Ada tech2", "Ada tech3", "Ada tech3", "Ada tech2"].map(Json::from);
        assert_eq!(names().await[..4], as_recorded);
        by.delete(&format!("users/{}?reason=left", worker.id)).await;
        assert_eq!(names().await[..4], as_recorded);
    }

    async fn an_entry_without_names_is_shown_with_those_it_can_have(app) {
        let case = app.a_case().accepted().create().await;
        let (worker, by) = (app.tech(2).await, app.as_admin().await);
        by.post(&case.url("assign"), assignment(worker.id)).await.expect(200);
        by.patch(&format!("users/{}", worker.id), json!({"last_name": "Okafor"})).await.expect(200);
        by.patch(&format!("users/{}", app.tech(3).await.id), json!({"last_name": "Reyes"})).await.expect(200);
        let mut body = app.all_entries().await.into_iter().rfind(|entry| entry["action_type"] == "case_reassigned").unwrap();
        assert!(body.as_object_mut().unwrap().remove("names").is_some());
        let id: uuid::Uuid = body["id"].as_str().unwrap().parse().unwrap();
        let entry = Entry { id, sequence: None, body: body.to_string() };
        app.statements();
        let shown = AuditEntry::all(app.app.readers(), &[entry.clone(), entry]).await.unwrap();
        assert_eq!(app.statements().len(), 1, "one query, however many entries");
        for entry in shown {
            let change = &entry.changes["assigned_to_id"];
            // The new assignee is the related user, with the name at the time; the former one is looked up.
            assert_eq!((change.from_label.as_deref(), change.to_label.as_deref()), (Some("Ada Reyes"), Some("Ada tech2")));
        }
    }

    async fn a_member_sees_no_name_of_a_hidden_field(app) {
        let case = app.a_case().pending_review().create().await;
        let body = json!({"notes": "fine", "release": "now"});
        app.as_manager().await.post(&case.url("review/approve"), body).await.expect(200);
        app.as_member().await.post(&case.url("notes"), json!({"body": "thanks", "visibility": "shared"})).await.expect(201);
        let staff = app.as_manager().await.get(&case.url("audit-trail")).await.expect(200).to_string();
        assert!(staff.contains("Ada manager") && staff.contains("Reviewed by") && staff.contains("Assigned to"));
        let by = app.as_member().await;
        for path in [case.url("audit-trail"), "auth/me/activity".to_owned()] {
            let list = by.get(&path).await.expect(200);
            for entry in data(&list) {
                let changes = entry["changes"].to_string();
                assert!(["manager", "Reviewed", "Assigned"].iter().all(|hidden| !changes.contains(hidden)), "{entry}");
                assert!(entry["names"].is_null(), "{entry}");
            }
        }
        let trail = by.get(&case.url("audit-trail")).await.expect(200);
        let member = change(&trail, "case_created", "member_id");
        assert_eq!((&member["field_label"], &member["to_label"]), (&json!("Member"), &json!("Ada member1")));
    }

    async fn names_in_changes_cost_no_further_statements(app) {
        let by = app.as_manager().await;
        let workers = [app.tech(2).await, app.tech(3).await, app.user("admin", Role::Administrator, None).await];
        for worker in &workers {
            let case = app.a_case().accepted().create().await;
            by.post(&case.url("assign"), assignment(worker.id)).await.expect(200);
        }
        let mut costs = Vec::new();
        for limit in [1, 3, 200] {
            app.statements();
            by.get(&format!("audit-log?limit={limit}")).await.expect(200);
            costs.push(app.statements().len());
        }
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    }
}
