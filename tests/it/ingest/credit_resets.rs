//! Credit allowances set by another system, reported in batches.

use super::{member, warehouse};
use crate::app::actions;
use entity::credit;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value as Json, json};

fn batch(resets: Vec<Json>) -> Json {
    json!({"quarter": "2026-Q4", "resets": resets})
}

on_each_database! {
    async fn a_batch_writes_an_entry_per_member_and_one_in_total_and_changes_no_allowance(app) {
        let by = warehouse(app).await;
        let (one, two) = (member(app, 1).await, member(app, 2).await);
        let mark = app.mark().await;
        let resets = vec![
            json!({"user_id": one, "old_allowance": 80, "new_allowance": 100}),
            json!({"user_id": two, "new_allowance": 120}),
        ];

        let answer = by.post("ingest/credit-resets", batch(resets)).await.expect(201);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["quarterly_credit_reset", "quarterly_credit_reset", "bulk_credit_reset"]);
        let ids = |entries: &[Json]| entries.iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(answer["data"].as_array().unwrap()), ids(&trail));
        let batch_id = &trail[2]["metadata"]["batch_id"];
        assert_eq!(trail[0]["metadata"], json!({
            "quarter": "2026-Q4", "reset_type": "reported", "previous_allowance": 80, "new_allowance": 100, "batch_id": batch_id,
        }));
        assert_eq!((&trail[1]["related_user"]["id"], &trail[1]["metadata"]["previous_allowance"]), (&json!(two), &Json::Null));
        assert_eq!(trail[2]["metadata"], json!({
            "quarter": "2026-Q4", "reset_type": "reported", "member_count": 2, "new_allowance": null, "batch_id": batch_id,
        }));
        assert!(trail.iter().all(|entry| entry["source"] == "service" && entry["changes"] == json!({})));
        assert_eq!(credit::Entity::find().count(&app.outside).await.unwrap(), 0);
    }

    async fn a_member_count_is_recorded_as_one_entry(app) {
        let by = warehouse(app).await;
        let mark = app.mark().await;
        let body = json!({"quarter": "2026-Q4", "member_count": 80, "new_allowance": 100});
        by.post("ingest/credit-resets", body).await.expect(201);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["bulk_credit_reset"]);
        assert_eq!((&trail[0]["metadata"]["member_count"], &trail[0]["metadata"]["new_allowance"]), (&json!(80), &json!(100)));
    }

    async fn a_batch_with_one_error_writes_no_entry(app) {
        let by = warehouse(app).await;
        let (one, two) = (member(app, 1).await, member(app, 2).await);
        let unknown = "01a20725-be30-7584-bca5-f00e655c90d6";
        let good = json!({"user_id": one, "new_allowance": 100});
        let mark = app.mark().await;
        for (second, pointer) in [
            (json!({"user_id": unknown, "new_allowance": 100}), "resets/1/user_id"),
            (json!({"user_id": one, "new_allowance": 100}), "resets/1/user_id"),
            (json!({"user_id": two, "new_allowance": 10_001}), "resets/1/new_allowance"),
            (json!({"user_id": two, "old_allowance": -1, "new_allowance": 1}), "resets/1/old_allowance"),
            (json!({"user_id": two}), "resets/1/new_allowance"),
            (json!({"user_id": two, "new_allowance": 1, "notes": "x"}), "resets/1/notes"),
        ] {
            let answer = by.post("ingest/credit-resets", batch(vec![good.clone(), second])).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{pointer}")]);
        }
        for (body, pointer) in [
            (json!({"quarter": "2026-Q5", "member_count": 1, "new_allowance": 1}), "quarter"),
            (json!({"quarter": "2026-Q4"}), "resets"),
            (json!({"quarter": "2026-Q4", "resets": []}), "resets"),
            (json!({"quarter": "2026-Q4", "resets": [good], "member_count": 1}), "member_count"),
            (json!({"quarter": "2026-Q4", "member_count": 1}), "new_allowance"),
            (json!({"quarter": "2026-Q4", "new_allowance": 1}), "member_count"),
        ] {
            let answer = by.post("ingest/credit-resets", body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{pointer}")], "{body}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_batch_of_a_thousand_is_recorded_completely_or_not_at_all(app) {
        let by = warehouse(app).await;
        let mut resets = Vec::new();
        let tx = app.write().await;
        for number in 0..1_000 {
            let row = entity::user::ActiveModel {
                id: sea_orm::ActiveValue::Set(tx.new_id()),
                username: sea_orm::ActiveValue::Set(format!("crowd{number}")),
                email: sea_orm::ActiveValue::Set(format!("crowd{number}@example.org")),
                first_name: sea_orm::ActiveValue::Set("Ada".to_owned()),
                last_name: sea_orm::ActiveValue::Set("Moss".to_owned()),
                workshop_code: sea_orm::ActiveValue::Set(Some("WS001".to_owned())),
                role: sea_orm::ActiveValue::Set(entity::user::Role::Member),
                is_active: sea_orm::ActiveValue::Set(true),
                ..Default::default()
            };
            resets.push(row);
        }
        let crowd = tx.save_many(resets, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        let resets: Vec<Json> = crowd.iter().map(|user| json!({"user_id": user.id, "new_allowance": 100})).collect();
        let more = [resets.clone(), vec![json!({"user_id": crowd[0].id, "new_allowance": 1})]].concat();
        by.post("ingest/credit-resets", batch(more)).await.expect_problem(422, "validation_failed");
        app.refuse_entries().await;
        by.post("ingest/credit-resets", batch(resets.clone())).await.expect_problem(503, "audit_unavailable");
        app.accept_entries().await;
        let mark = app.mark().await;
        app.statements();

        // Not validated against the contract entry by entry, which takes longer than the server keeps a connection open.
        let body = batch(resets).to_string().into_bytes();
        let sent = Some(("application/json", body));
        let answer = by.fetch(&reqwest::Method::POST, "/api/v1/ingest/credit-resets", sent).await.expect(201);

        assert_eq!(answer["data"].as_array().unwrap().len(), 1_001);
        assert_eq!(answer["data"][1_000]["metadata"]["new_allowance"], 100);
        assert!(app.statements().len() < 15);
        assert_eq!(app.since(&mark).await.len(), 1_001);
    }
}
