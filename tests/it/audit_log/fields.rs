//! The catalogue of audited fields.

use entity::registry;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn the_catalogue_lists_every_field_with_its_label_and_its_closed_list(app) {
        let (service, mark) = (app.user("service1", entity::user::Role::Service, None).await, app.mark().await);
        let staff = [app.as_tech(1).await, app.as_manager().await, app.as_admin().await];
        let callers = staff.into_iter().chain([app.as_member().await, app.as_user(&service).await]);
        for by in callers {
            app.statements();
            let list = by.get("audited-fields").await.expect(200);
            assert_eq!(app.statements().len(), 1, "the caller");
            let rows = list["data"].as_array().unwrap();
            let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
            assert_eq!(names, registry::changed_fields().into_iter().collect::<Vec<_>>());
            assert!(rows.iter().all(|row| row["label"] == registry::field_label(row["name"].as_str().unwrap())));
            let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
            assert_eq!(*of("assigned_to_id"), json!({"name": "assigned_to_id", "label": "Assigned to", "values": []}));
            assert_eq!(of("visibility")["values"], json!(["internal", "shared"]));
        }
        assert!(app.since(&mark).await.iter().all(|entry| entry["action_type"] == "user_created"));
        app.as_anonymous().get("audited-fields").await.expect_problem(401, "unauthorized");
        app.as_tech(1).await.get("audited-fields?name=tier").await.expect_problem(400, "invalid_parameter");
    }

    async fn the_log_takes_every_listed_field_and_value_and_no_other(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let list = by.get("audited-fields").await.expect(200);
        let (mut taken, mut found) = (0, 0);
        for row in list["data"].as_array().unwrap() {
            let name = row["name"].as_str().unwrap();
            let of_field = format!("audit-log?case_id={}&changed_field={name}", case.id());
            let values = row["values"].as_array().unwrap();
            for value in values.iter().map(|value| value.as_str().unwrap()).chain(["null"]) {
                let entries = by.get(&format!("{of_field}&changed_to={value}")).await.expect(200);
                let entries: Vec<Json> = entries["data"].as_array().unwrap().clone();
                let shows = |entry: &Json| match &entry["changes"][name]["to"] {
                    Json::String(to) => to == value,
                    other => serde_json::from_str(value).is_ok_and(|value: Json| value == *other),
                };
                assert!(entries.iter().all(shows), "{name} {value}: {entries:#?}");
                (taken, found) = (taken + 1, found + entries.len());
            }
            if !values.is_empty() {
                let refused = by.get(&format!("{of_field}&changed_to=no_such_value")).await;
                refused.expect_problem(400, "invalid_parameter");
                assert_eq!(refused.faults(), ["query /changed_to"], "{name}");
            }
        }
        assert!(taken > 100 && found > 3, "{taken} {found}");
    }
}
