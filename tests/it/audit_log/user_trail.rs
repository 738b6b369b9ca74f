//! The audit entries of a user.

use super::world::{data, happened, ids, newest_first, pages};
use crate::app::actions;
use entity::user::Role;
use sea_orm::ActiveValue::Set;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn the_entries_of_a_user_are_those_by_and_about_them(app) {
        let entries = happened(app).await;
        let by = app.as_manager().await;
        let subject = app.tech(2).await;
        let mark = app.mark().await;

        let list = by.get(&format!("users/{}/audit-trail?limit=200&include_total=true", subject.id)).await.expect(200);

        let id = json!(subject.id);
        let about = |entry: &&Json| entry["actor"]["id"] == id || entry["related_user"]["id"] == id;
        let expected: Vec<Json> = entries.iter().filter(about).cloned().collect();
        assert!(
            expected.iter().any(|entry| entry["actor"]["id"] != id) && expected.iter().any(|entry| entry["actor"]["id"] == id)
        );
        assert_eq!(ids(&data(&list)), ids(&newest_first(expected.clone())));
        assert_eq!(list["page"]["total"], expected.len());
        let seen = app.since(&mark).await;
        assert_eq!(actions(&seen), ["audit_log_accessed"]);
        assert_eq!(seen[0]["metadata"], json!({"view_type": "user_trail", "filters": {}}));
        assert_eq!((&seen[0]["related_user"]["username"], &seen[0]["object_id"]), (&json!("tech2"), &id));
        let found = pages(&by, &format!("users/{}/audit-trail?limit=1&until=2026-12-20", subject.id)).await;
        assert_eq!(found.len(), expected.len() + 1, "and the look itself by now");
    }

    async fn a_trail_has_what_a_user_did_or_what_was_done_about_them(app) {
        let entries = happened(app).await;
        let (by, subject) = (app.as_manager().await, app.tech(2).await);
        let (id, own) = (json!(subject.id), format!("users/{}/audit-trail?limit=200", subject.id));
        let types = "action_type=case_held&action_type=login&action_type=case_assigned&action_type=user_created";
        let before = format!("until=2026-12-20&{types}");
        for (part, field) in [("actor", "actor"), ("subject", "related_user")] {
            let types = ["case_held", "login", "case_assigned", "user_created"].map(Json::from);
            let is_meant = |entry: &&Json| types.contains(&entry["action_type"]) && entry[field]["id"] == id;
            let expected = entries.iter().filter(is_meant).cloned();
            let expected = ids(&newest_first(expected.collect()));
            let found = ids(&data(&by.get(&format!("{own}&as={part}&{before}")).await.expect(200)));
            assert!(found == expected && !found.is_empty(), "{part}: {found:?}");
        }
        let seen = app.all_entries().await;
        assert_eq!(seen.last().unwrap()["metadata"]["filters"]["as"], "subject");
        for part in ["", "object", "Actor", "actor&as=subject"] {
            let answer = by.get(&format!("{own}&as={part}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), ["query /as"]);
        }
    }

    async fn a_deleted_users_entries_are_listed_and_an_unknown_user_is_not_found(app) {
        let user = app.user("member9", Role::Member, None).await;
        let tx = app.write().await.with_reason("gone");
        let mut row = sea_orm::IntoActiveModel::into_active_model(user.clone());
        (row.is_active, row.deleted_at) = (Set(false), Set(Some(tx.now())));
        tx.save(row).await.unwrap();
        tx.commit().await.unwrap();
        let by = app.as_manager().await;
        let list = by.get(&format!("users/{}/audit-trail", user.id)).await.expect(200);
        assert_eq!(actions(&data(&list)), ["user_deleted", "user_created"]);
        let mark = app.mark().await;
        by.get("users/01a20725-be30-7584-bca5-f00e655c90d6/audit-trail").await.expect_problem(404, "not_found");
        by.get("users/absent/audit-trail").await.expect_problem(404, "not_found");
        assert!(app.since(&mark).await.iter().all(|entry| entry["outcome"] == "denied" && entry["object_type"] == "user"));
        app.as_tech(3).await.get(&format!("users/{}/audit-trail", user.id)).await.expect_problem(403, "forbidden");
    }
}
