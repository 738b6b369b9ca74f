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
