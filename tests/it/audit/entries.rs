//! The audit entries of each change, below HTTP: the write transaction and its hooks.

use crate::app::actions;
use chrono::TimeDelta;
use entity::audit::Event;
use entity::case::lifecycle::Hold;
use entity::case::{self, CaseStatus, Tier};
use entity::{audit_entry, clock};
use sea_orm::{ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::json;

on_each_database! {
    async fn a_second_change_in_one_transaction_starts_from_the_first(app) {
        let case = app.a_case().accepted().create().await.case;
        let mark = app.mark().await;
        let tx = app.write().await;
        let case = tx.lock(case::Entity::find_by_id(case.id)).await.unwrap().unwrap();
        let case = tx.save(case.hold(Hold::new("a", None), tx.now()).unwrap()).await.unwrap();
        let case = tx.save(case.resume().unwrap()).await.unwrap();
        let case = tx.save(case.change_tier(Tier::Three, None, false).unwrap()).await.unwrap();
        tx.commit().await.unwrap();

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_held", "case_resumed", "case_tier_changed"]);
        assert_eq!(trail[1]["changes"]["status"], json!({"from": "hold", "to": "accepted"}));
        assert_eq!(case.version, 6);
    }

    async fn an_unlocked_row_is_compared_with_the_stored_one(app) {
        let stale = app.a_case().accepted().create().await.case;
        let by = app.as_manager().await;
        by.post(&format!("cases/{}/hold", stale.id), json!({"reason": "a"})).await.expect(200);
        let mark = app.mark().await;
        // `stale` still has status accepted; the entry must not.
        let tx = app.write().await;
        let mut row = stale.into_active_model();
        row.status = Set(CaseStatus::Completed);
        tx.save(row).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(app.since(&mark).await[0]["changes"]["status"], json!({"from": "hold", "to": "completed"}));
    }

    async fn an_event_without_a_row_is_recorded(app) {
        let mark = app.mark().await;
        let tx = app.write().await;
        tx.record(Event::report_generated("activity_summary", json!({"all_time": true}), 7)).await.unwrap();
        tx.commit().await.unwrap();
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["report_generated"]);
        assert_eq!((&trail[0]["source"], &trail[0]["changes"]), (&json!("endpoint"), &json!({})));
    }

    async fn an_entry_agrees_with_its_id_its_row_and_its_columns(app) {
        app.a_case().held().create().await;
        for entry in audit_entry::Entity::find().all(&app.outside).await.unwrap() {
            let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap();
            assert_eq!(clock::instant_of(entry.id), Some(entry.occurred_at));
            assert_eq!((&body["id"], &body["action_type"]), (&json!(entry.id), &json!(entry.action_type)));
            assert_eq!((&body["outcome"], &body["request_id"]), (&json!(entry.outcome), &json!(entry.request_id)));
            // Canonical: sorted keys, no whitespace.
            assert_eq!(serde_json::to_string(&body).unwrap(), entry.body);
        }
    }

    async fn a_clock_that_runs_behind_does_not_reorder_a_rows_entries(app) {
        let case = app.a_case().held().create().await;
        app.clock.set(app.clock.now() - TimeDelta::seconds(50));
        let by = app.as_manager().await;
        by.post(&case.url("resume"), json!({"reason": "a"})).await.expect(200);
        let trail = app.all_entries().await;
        let of_case: Vec<_> = trail.iter().filter(|entry| entry["object_id"] == case.id()).cloned().collect();
        assert_eq!(actions(&of_case).last(), Some(&"case_resumed"), "in the order of the ids");
        assert_eq!(of_case.last().unwrap()["occurred_at"], "2026-12-01T15:00:00.001Z");
    }
}
