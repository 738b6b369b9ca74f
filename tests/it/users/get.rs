//! Getting a user.

use super::url;
use crate::app::actions;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn a_member_is_visible_to_themselves_and_to_staff_and_a_technician_is_hidden_from_members(app) {
        let member = app.user("member1", Role::Member, None).await;
        let technician = app.tech(1).await;
        let clients = [app.as_member().await, app.as_tech(1).await, app.as_manager().await, app.as_admin().await];
        let mark = app.mark().await;
        for by in &clients {
            let answer = by.get(&url(&member, "")).await;
            assert_eq!(
                (&answer.expect(200)["username"], answer.header("etag").split('-').next()),
                (&json!("member1"), Some("\"1"))
            );
        }
        assert_eq!(app.since(&mark).await.len(), 0);

        clients[0].get(&url(&technician, "")).await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["metadata"]["event"]), (vec!["other"], &json!("access_denied")));
        assert_eq!((&trail[0]["object_type"], &trail[0]["object_id"]), (&json!("user"), &json!(technician.id)));
    }

    async fn an_unchanged_user_is_not_sent_again(app) {
        let member = app.user("member1", Role::Member, None).await;
        let tag = app.as_admin().await.get(&url(&member, "")).await.header("etag").to_owned();
        let by = app.as_admin().await.with("If-None-Match", &tag);
        by.get(&url(&member, "")).await.expect(304);
        by.patch(&url(&member, ""), json!({"first_name": "Mia"})).await.expect(200);
        assert_eq!(by.get(&url(&member, "")).await.expect(200)["first_name"], "Mia");
    }
}
