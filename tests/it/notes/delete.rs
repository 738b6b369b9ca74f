//! Deleting a note.

use crate::app::{Scene, TestApp, actions};
use entity::user::Role;
use serde_json::json;

/// A technician's note about a case of member1, and its path.
async fn note(app: &TestApp, case: &Scene, visibility: &str) -> String {
    let body = json!({"body": "We called twice.", "visibility": visibility});
    let note = app.as_tech(2).await.post(&case.url("notes"), body).await.expect(201);
    format!("notes/{}", note["id"].as_str().unwrap())
}

on_each_database! {
    async fn authors_can_delete_their_notes_and_the_entry_names_the_author(app) {
        let case = app.a_case().accepted().create().await;
        let path = note(app, &case, "shared").await;
        let by = app.as_tech(2).await;
        let mark = app.mark().await;

        by.delete(&path).await.expect(204);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["note_deleted"]);
        assert_eq!(trail[0]["metadata"], json!({"visibility": "shared", "length": 16, "author": "tech2"}));
        assert_eq!(trail[0]["changes"], json!({"deleted_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"}}));
        assert_eq!(trail[0]["case"]["id"], case.id());
        by.get(&path).await.expect_problem(404, "not_found");
        by.delete(&path).await.expect_problem(404, "not_found");
        assert_eq!(by.get(&case.url("notes")).await.expect(200)["data"], json!([]));
    }

    async fn managers_and_administrators_can_delete_notes_of_others(app) {
        let case = app.a_case().accepted().create().await;
        let comment = json!({"body": "a", "visibility": "shared"});
        for by in [app.as_manager().await, app.as_admin().await] {
            let comment = app.as_member().await.post(&case.url("notes"), comment.clone()).await.expect(201);
            let mark = app.mark().await;
            by.delete(&format!("notes/{}", comment["id"].as_str().unwrap())).await.expect(204);
            let trail = app.since(&mark).await;
            assert_eq!((actions(&trail), &trail[0]["metadata"]["author"]), (vec!["note_deleted"], &json!("member1")));
        }
    }

    async fn other_users_cannot_delete_a_note(app) {
        let case = app.a_case().accepted().create().await;
        let (shared, internal) = (note(app, &case, "shared").await, note(app, &case, "internal").await);
        let (assignee, member) = (app.as_tech(3).await, app.as_member().await);
        let stranger = app.user("member2", Role::Member, None).await;
        let stranger = app.as_user(&stranger).await;
        let mark = app.mark().await;
        assignee.delete(&shared).await.expect_problem(403, "forbidden");
        member.delete(&shared).await.expect_problem(403, "forbidden");
        member.delete(&internal).await.expect_problem(404, "not_found");
        member.get(&internal).await.expect_problem(404, "not_found");
        stranger.delete(&shared).await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["note_deleted", "note_deleted", "note_deleted", "other", "note_deleted"]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied" && entry["object_type"] == "note"));
        assert_eq!(trail[0]["object_id"], json!(shared.trim_start_matches("notes/")));
    }

    async fn a_note_says_who_can_delete_it(app) {
        let (case, author, member) = (app.a_case().accepted().create().await, app.as_tech(2).await, app.as_member().await);
        let (deletion, none) = (json!(["delete"]), json!([]));
        let blocked = json!([{
            "action": "delete", "code": "forbidden", "detail": "You do not have permission to perform this action.",
        }]);
        for (by, status) in [
            (&author, 204),
            (&app.as_manager().await, 204),
            (&app.as_admin().await, 204),
            (&member, 403),
            (&app.as_tech(3).await, 403),
        ] {
            let path = note(app, &case, "shared").await;
            let (one, list) = (by.get(&path).await.expect(200), by.get(&case.url("notes")).await.expect(200));
            assert_eq!(list["data"][0], one);
            let expected = if status == 204 { (&deletion, &none) } else { (&none, &blocked) };
            assert_eq!((&one["allowed_actions"], &one["blocked_actions"]), expected);
            by.delete(&path).await.expect(status);
        }
        let comment = member.post(&case.url("notes"), json!({"body": "a", "visibility": "shared"})).await.expect(201);
        assert_eq!(comment["allowed_actions"], deletion);
    }

    async fn a_list_of_notes_sends_the_same_statements_whatever_its_rows(app) {
        let case = app.a_case().accepted().create().await;
        let mut costs = Vec::new();
        for _ in 0..3 {
            note(app, &case, "shared").await;
            app.as_member().await.post(&case.url("notes"), json!({"body": "a", "visibility": "shared"})).await.expect(201);
            let by = app.as_tech(3).await;
            app.statements();
            by.get(&case.url("notes")).await.expect(200);
            costs.push(app.statements().len());
        }
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    }

    async fn a_note_is_not_deleted_with_another_version(app) {
        let case = app.a_case().accepted().create().await;
        let path = note(app, &case, "shared").await;
        let by = app.as_tech(2).await;
        let seen = by.get(&path).await;
        let stale = by.clone().with("If-Match", "\"2\"").delete(&path).await.expect_problem(412, "version_mismatch");
        assert_eq!(stale["current_version"], 1);
        by.with("If-Match", seen.header("etag")).delete(&path).await.expect(204);
    }

    async fn a_note_of_a_deleted_case_is_not_found(app) {
        let case = app.a_case().accepted().create().await;
        let path = note(app, &case, "shared").await;
        app.as_admin().await.delete(&format!("{}?reason=twice", case.path())).await.expect(204);
        app.as_tech(2).await.get(&path).await.expect_problem(404, "not_found");
        app.as_tech(2).await.get(&case.url("notes")).await.expect_problem(404, "not_found");
    }
}
