//! Creating a note about a case.

use crate::app::actions;
use chrono::TimeDelta;
use entity::user::Role;
use reqwest::Method;
use serde_json::json;

on_each_database! {
    async fn a_staff_note_is_recorded_without_its_text(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(2).await;
        let mark = app.mark().await;

        let answer = by.post(&case.url("notes"), json!({"body": "We called twice.", "visibility": "internal"})).await;

        let note = answer.expect(201);
        assert_eq!(
            (&note["body"], &note["visibility"], &note["version"]),
            (&json!("We called twice."), &json!("internal"), &json!(1))
        );
        assert_eq!(note["case"], json!({"id": case.id(), "case_number": case.case.case_number}));
        assert_eq!(note["author"]["username"], "tech2");
        assert_eq!(answer.header("location"), format!("/api/v1/notes/{}", note["id"].as_str().unwrap()));
        assert_eq!(by.get(answer.header("location")).await.expect(200), note);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["note_added"]);
        assert_eq!(trail[0]["metadata"], json!({"visibility": "internal", "length": 16}));
        assert_eq!((&trail[0]["object_type"], &trail[0]["object_id"]), (&json!("note"), &note["id"]));
        assert_eq!(trail[0]["case"], note["case"]);
        let changes = &trail[0]["changes"];
        assert_eq!(changes["body"]["to"]["length"], 16);
        assert_eq!(changes["case_id"], json!({"from": null, "to": case.id()}));
        assert_eq!(changes["author_id"], json!({"from": null, "to": by.id()}));
        assert!(!trail[0].to_string().contains("called twice"), "the text itself stays out of the trail");
        assert_eq!(app.as_tech(2).await.get(&case.path()).await.expect(200)["has_member_updates"], false);
    }

    async fn a_members_note_is_a_comment_and_is_flagged_for_the_staff(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        app.pass(TimeDelta::minutes(5));
        let mark = app.mark().await;

        let note = by.post(&case.url("notes"), json!({"body": "On Monday.", "visibility": "shared"})).await.expect(201);

        assert_eq!(note["author"]["username"], "member1");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["member_comment_added"]);
        assert_eq!((&trail[0]["metadata"], &trail[0]["object_id"]), (&json!({"length": 10}), &note["id"]));
        let seen = app.as_tech(3).await.get(&case.path()).await.expect(200);
        assert_eq!((&seen["has_member_updates"], &seen["member_last_update_at"]), (&json!(true), &note["created_at"]));
        assert_eq!(seen["version"], case.case.version, "the case itself did not change");
        app.as_tech(3).await.send(Method::POST, &case.url("acknowledge-updates"), None).await.expect(200);
    }

    async fn drafts_and_held_cases_accept_comments_and_only_held_cases_are_flagged(app) {
        let (draft, held) = (app.a_case().create().await, app.a_case().held().create().await);
        let by = app.as_member().await;
        let body = json!({"body": "On Monday.", "visibility": "shared"});
        by.post(&draft.url("notes"), body.clone()).await.expect(201);
        by.post(&held.url("notes"), body).await.expect(201);
        assert_eq!(by.get(&draft.path()).await.expect(200)["has_member_updates"], false);
        assert_eq!(by.get(&held.path()).await.expect(200)["has_member_updates"], true);
    }

    async fn a_note_that_the_caller_may_not_write_is_refused_and_recorded(app) {
        let (case, draft) = (app.a_case().accepted().create().await, app.a_case().create().await);
        let (member, tech) = (app.as_member().await, app.as_tech(2).await);
        let stranger = app.user("member2", Role::Member, None).await;
        let stranger = app.as_user(&stranger).await;
        let shared = json!({"body": "a", "visibility": "shared"});
        let mark = app.mark().await;
        member.post(&case.url("notes"), json!({"body": "a", "visibility": "internal"})).await.expect_problem(403, "forbidden");
        stranger.post(&case.url("notes"), shared.clone()).await.expect_problem(404, "not_found");
        tech.post(&draft.url("notes"), shared.clone()).await.expect_problem(404, "not_found");
        tech.post("cases/1/notes", shared).await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["note_added"; 4]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied" && entry["object_type"] == "case"));
    }

    async fn a_bad_request_names_its_field_and_leaves_nothing(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        for (body, pointer) in [
            (json!({"body": "a"}), "body /visibility"),
            (json!({"body": "a", "visibility": "public"}), "body /visibility"),
            (json!({"visibility": "shared"}), "body /body"),
            (json!({"body": " ", "visibility": "shared"}), "body /body"),
            (json!({"body": "a".repeat(10_001), "visibility": "shared"}), "body /body"),
            (json!({"body": "a", "visibility": "shared", "title": "b"}), "body /title"),
        ] {
            let answer = by.post(&case.url("notes"), body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [pointer], "{body}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn the_member_sees_only_entries_about_shared_notes(app) {
        let case = app.a_case().accepted().create().await;
        let tech = app.as_tech(3).await;
        tech.post(&case.url("notes"), json!({"body": "secret", "visibility": "internal"})).await.expect(201);
        let shared = tech.post(&case.url("notes"), json!({"body": "for you", "visibility": "shared"})).await.expect(201);
        let member = app.as_member().await;
        let own = member.post(&case.url("notes"), json!({"body": "thank you", "visibility": "shared"})).await.expect(201);
        tech.delete(&format!("notes/{}", shared["id"].as_str().unwrap())).await.expect(204);

        let trail = member.get(&case.url("audit-trail")).await.expect(200);

        let rows: Vec<_> =
            trail["data"].as_array().unwrap().iter().take(3).map(|entry| (&entry["action_type"], &entry["object_id"])).collect();
        let note = |action: &'static str, note: &serde_json::Value| (json!(action), note["id"].clone());
        let expected = [note("note_deleted", &shared), note("member_comment_added", &own), note("note_added", &shared)];
        assert_eq!(rows, expected.iter().map(|(action, id)| (action, id)).collect::<Vec<_>>());
        assert!(
            trail["data"]
                .as_array()
                .unwrap()
                .iter()
                .take(3)
                .all(|entry| entry["metadata"] == json!({}) && entry["changes"] == json!({}))
        );
    }

    async fn a_note_sends_only_the_expected_statements(app) {
        let case = app.a_case().accepted().create().await;
        let (tech, member) = (app.as_tech(3).await, app.as_member().await);
        let body = json!({"body": "a", "visibility": "shared"});
        let cost = async |by: &crate::app::Client<'_>| {
            app.statements();
            by.post(&case.url("notes"), body.clone()).await.expect(201);
            app.statements().iter().map(|sql| sql.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        // The caller; the write transaction (the caller again, the case's lock, note, entry).
        let written = ["SELECT", "SELECT", "SELECT", "INSERT", "INSERT"];
        assert_eq!(cost(&tech).await, written);
        // Whom of the staff to alert, the alert, the flag for them.
        assert_eq!(cost(&member).await, [&written[..], &["SELECT", "INSERT", "INSERT"]].concat());
    }
}
