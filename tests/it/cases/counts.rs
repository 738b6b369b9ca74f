//! Counting cases by one of their properties.

use crate::app::{Client, TestApp, actions, at};
use entity::user::{self, Level, Role};
use serde_json::{Value as Json, json};

/// The number of cases of each group by its key; an empty one stands for null.
async fn counts(by: &Client<'_>, query: &str) -> Vec<(String, i64)> {
    let counted = by.get(&format!("cases/counts?{query}")).await.expect(200);
    let rows = counted["data"].as_array().unwrap();
    let sum: i64 = rows.iter().map(|row| row["count"].as_i64().unwrap()).sum();
    assert_eq!((&counted["total_cases"], &counted["total_groups"]), (&json!(sum), &json!(rows.len())), "{query}");
    rows.iter().map(|row| (row["key"].as_str().unwrap_or_default().to_owned(), row["count"].as_i64().unwrap())).collect()
}

/// The number of cases that the list contains.
async fn total(by: &Client<'_>, query: &str) -> i64 {
    by.get(&format!("cases?limit=1&include_total=true&{query}")).await.expect(200)["page"]["total"].as_i64().unwrap()
}

async fn fill(app: &TestApp) -> (user::Model, user::Model) {
    let other = app.user("member2", Role::Member, None).await;
    let worker = app.user("worker", Role::Technician, Some(Level::Two)).await;
    app.a_case().create().await;
    app.a_case().submitted().create().await;
    app.a_case().owned_by(&user::Model { workshop_code: Some("WS002".to_owned()), ..other.clone() }).submitted().create().await;
    app.a_case().accepted().create().await;
    app.a_case().owned_by(&other).assigned_to(&worker).accepted().create().await;
    app.a_case().assigned_to(&worker).held().create().await;
    app.a_case().assigned_to(&worker).completed().create().await;
    app.a_case().completed_until(at("2026-12-10T00:00:00Z")).create().await;
    (other, worker)
}

on_each_database! {
    async fn each_count_is_that_of_the_list_with_the_same_filters(app) {
        let (other, worker) = fill(app).await;
        let callers = [app.as_member().await, app.as_tech(1).await, app.as_manager().await, app.as_admin().await];
        let filters = [
            String::new(),
            "&status=accepted&status=completed".to_owned(),
            format!("&assigned_to={}", worker.id),
            format!("&member_id={}&unassigned=true", other.id),
            "&workshop_code=ws001&is_on_hold=false".to_owned(),
            "&q=moss&is_overdue=false&since=2026-12-01".to_owned(),
            "&until=2026-11-30".to_owned(),
        ];
        for (place, by) in callers.iter().enumerate() {
            for filter in &filters {
                let mut properties = vec![
                    ("status", "status"),
                    ("assignee", "assigned_to"),
                    ("workshop", "workshop_code"),
                    ("urgency", "urgency"),
                    ("member", "member_id"),
                ];
                if place > 0 {
                    properties.push(("tier", "tier"));
                }
                for (property, parameter) in properties {
                    let counted = counts(by, &format!("by={property}{filter}")).await;
                    let sum: i64 = counted.iter().map(|(_, count)| count).sum();
                    assert_eq!(sum, total(by, filter).await, "{property}{filter}");
                    // A filter of the same name would be combined with the key.
                    if filter.contains(&format!("&{parameter}=")) {
                        continue;
                    }
                    for (key, count) in counted.iter().filter(|(key, _)| !key.is_empty()) {
                        assert_eq!(total(by, &format!("{parameter}={key}{filter}")).await, *count, "{property} {key} {filter}");
                    }
                }
            }
        }
    }

    async fn groups_have_labels_and_those_with_the_most_cases_come_first(app) {
        let (_, worker) = fill(app).await;
        let by = app.as_manager().await;
        let counted = by.get("cases/counts?by=assignee").await.expect(200);
        let tech3 = app.tech(3).await;
        assert_eq!(
            counted,
            json!({
                "by": "assignee", "total_cases": 8, "total_groups": 3,
                "data": [
                    {"key": null, "label": null, "count": 3},
                    {"key": worker.id, "label": "Ada worker", "count": 3},
                    {"key": tech3.id, "label": "Ada tech3", "count": 2},
                ],
            })
        );
        let labels = async |property: &str| -> Vec<Json> {
            let counted = by.get(&format!("cases/counts?by={property}")).await.expect(200);
            counted["data"].as_array().unwrap().iter().map(|row| json!([row["key"], row["label"], row["count"]])).collect()
        };
        assert_eq!(labels("workshop").await, [json!(["WS001", "WS001", 7]), json!(["WS002", "WS002", 1])]);
        assert_eq!(labels("urgency").await, [json!(["normal", "Normal", 8])]);
        assert_eq!(labels("tier").await, [json!(["tier_1", "Tier 1", 5]), json!([null, null, 3])]);
        let statuses = ["accepted", "completed", "submitted", "draft", "hold"];
        assert_eq!(counts(&by, "by=status").await.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), statuses);
    }

    async fn a_member_counts_what_they_see(app) {
        fill(app).await;
        let member = app.as_member().await;
        let pairs = |pairs: &[(&str, i64)]| pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect::<Vec<_>>();
        // The unreleased completion is accepted to its member.
        let before = [("accepted", 2), ("completed", 1), ("draft", 1), ("hold", 1), ("submitted", 1)];
        assert_eq!(counts(&member, "by=status").await, pairs(&before));
        let answer = member.get("cases/counts?by=tier").await;
        answer.expect_problem(400, "invalid_parameter");
        assert_eq!(answer.faults(), ["query /by"]);
        member.get("cases/counts?by=status&tier=tier_1").await.expect_problem(400, "invalid_parameter");
        app.clock.set(at("2026-12-10T00:00:00Z"));
        let after = [("completed", 2), ("accepted", 1), ("draft", 1), ("hold", 1), ("submitted", 1)];
        assert_eq!(counts(&app.as_member().await, "by=status").await, pairs(&after));
    }

    async fn counting_takes_one_statement_besides_that_of_the_caller_and_leaves_no_entry(app) {
        let by = app.as_manager().await;
        fill(app).await;
        let mark = app.mark().await;
        for property in ["status", "assignee", "workshop", "urgency", "tier", "member"] {
            app.statements();
            by.get(&format!("cases/counts?by={property}&q=moss")).await.expect(200);
            // The other one reads the caller and the settings.
            assert_eq!(app.statements().len(), 2, "{property}");
        }
        assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new());
    }

    async fn at_most_two_hundred_groups_are_returned_with_the_number_of_all(app) {
        let member = app.user("member1", Role::Member, None).await;
        for number in 0..203 {
            let of_workshop = user::Model { workshop_code: Some(format!("W{number:03}")), ..member.clone() };
            app.a_case().owned_by(&of_workshop).create().await;
        }
        app.a_case().owned_by(&user::Model { workshop_code: Some("W202".to_owned()), ..member }).create().await;
        let counted = app.as_manager().await.get("cases/counts?by=workshop").await.expect(200);
        assert_eq!((&counted["total_cases"], &counted["total_groups"]), (&json!(204), &json!(203)));
        let rows = counted["data"].as_array().unwrap();
        assert_eq!(rows.len(), 200);
        assert_eq!((&rows[0], &rows[1]["key"], &rows[199]["key"]), (
            &json!({"key": "W202", "label": "W202", "count": 2}), &json!("W000"), &json!("W198"),
        ));
    }

    async fn what_is_counted_by_is_required(app) {
        let by = app.as_manager().await;
        for query in ["", "by=colour", "by=status&by=tier", "by=status&cursor=a", "by=status&sort=status"] {
            by.get(&format!("cases/counts?{query}")).await.expect_problem(400, "invalid_parameter");
        }
        app.as_anonymous().get("cases/counts?by=status").await.expect_problem(401, "unauthorized");
    }
}
