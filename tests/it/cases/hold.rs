//! Holding a case.

use crate::app::actions;
use serde_json::json;

on_each_database! {
    async fn holding_a_case_is_recorded_with_its_reason(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;

        let answer = by.post(&case.url("hold"), json!({"reason": "passport missing", "hold_duration_days": 1.5})).await;

        let held = answer.expect(200);
        assert!(answer.header("etag").starts_with(&format!("\"{}-", case.case.version + 1)));
        assert_eq!(held["status"], "hold");
        assert_eq!(held["hold"], json!({
            "reason": "passport missing",
            "held_at": "2026-12-01T15:00:00.000Z",
            "duration_days": 1.5,
            "expected_end_at": "2026-12-03T03:00:00.000Z",
        }));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_held"]);
        assert_eq!(trail[0]["changes"], json!({
            "status": {"from": "accepted", "to": "hold"},
            "hold_reason": {"from": null, "to": "passport missing"},
            "held_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"},
            "hold_duration_days": {"from": null, "to": 1.5},
            "hold_expected_end_at": {"from": null, "to": "2026-12-03T03:00:00.000Z"},
        }));
        assert_eq!(trail[0]["metadata"], json!({
            "reason": "passport missing",
            "held_at": "2026-12-01T15:00:00.000Z",
            "expected_duration_days": 1.5,
            "expected_end_at": "2026-12-03T03:00:00.000Z",
            "previous_status": "accepted",
        }));
        assert_eq!(trail[0]["actor"]["username"], "manager");
        assert_eq!((&trail[0]["source"], &trail[0]["outcome"]), (&json!("automatic"), &json!("success")));
        assert_eq!(trail[0]["request_id"], answer.header("x-request-id"));
        assert_eq!(trail[0]["case"], json!({"id": case.case.id, "case_number": case.case.case_number}));
    }

    async fn a_held_case_cannot_be_held_again(app) {
        let case = app.a_case().held().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;

        let problem = by.post(&case.url("hold"), json!({"reason": "again"})).await.expect_problem(409, "invalid_case_state");

        assert_eq!((&problem["current_status"], &problem["allowed_from"]), (&json!("hold"), &json!(["accepted"])));
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_bad_request_names_its_field_and_leaves_nothing(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        for (body, pointer) in [
            (json!({"reason": ""}), "body /reason"),
            (json!({}), "body /reason"),
            (json!({"reason": 7}), "body /reason"),
            (json!({"reason": "a", "until": "tomorrow"}), "body /until"),
            (json!({"reason": "a", "hold_duration_days": 0}), "body /hold_duration_days"),
            (json!({"reason": "a", "hold_duration_days": "x"}), "body /hold_duration_days"),
            (json!({"reason": "a\u{0}"}), "body /reason"),
        ] {
            let answer = by.post(&case.url("hold"), body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [pointer], "{body}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_caller_who_may_not_hold_the_case_is_refused_and_recorded(app) {
        let case = app.a_case().accepted().create().await;
        let mark = app.mark().await;
        let body = json!({"reason": "a"});
        app.as_anonymous().post(&case.url("hold"), body.clone()).await.expect_problem(401, "unauthorized");
        assert_eq!(app.since(&mark).await.len(), 0);

        let member = app.as_member().await;
        let stranger = app.as_tech(2).await;
        let mark = app.mark().await;
        member.post(&case.url("hold"), body.clone()).await.expect_problem(403, "forbidden");
        stranger.post(&case.url("hold"), body.clone()).await.expect_problem(403, "forbidden");
        let absent = "cases/01a20725-be30-7584-bca5-f00e655c90d6/hold";
        stranger.post(absent, body.clone()).await.expect_problem(404, "not_found");

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_held", "case_held", "case_held"]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied" && entry["changes"] == json!({})));
        assert_eq!(trail[0]["metadata"], json!({"operation": "hold_case", "code": "forbidden"}));
        assert_eq!((&trail[1]["object_type"], &trail[1]["object_id"]), (&json!("case"), &json!(case.id())));
        assert_eq!(trail[2]["metadata"]["code"], "not_found");
    }

    async fn a_caller_without_the_right_is_refused_before_the_body_is_validated(app) {
        let case = app.a_case().accepted().create().await;
        let member = app.as_member().await;
        let mark = app.mark().await;

        member.post(&case.url("hold"), json!({"reason": 7})).await.expect_problem(403, "forbidden");

        assert_eq!(actions(&app.since(&mark).await), ["case_held"], "the attempt is on record");
    }

    async fn a_stale_version_is_refused(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await.with("If-Match", "\"1\"");
        let mark = app.mark().await;

        let problem = by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(412, "version_mismatch");

        let version = case.case.version;
        assert_eq!(problem["current_version"], version);
        let detail = format!("The resource was changed since version 1 was read. Its version is now {version}.");
        assert_eq!(problem["detail"], detail);
        let several = app.as_manager().await.with("If-Match", "\"1\", \"2\"");
        let problem = several.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(412, "version_mismatch");
        assert_eq!(problem["detail"], format!("The resource was changed since it was read. Its version is now {version}."));
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_hold_sends_only_the_expected_statements(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        by.get("nothing").await;
        app.statements();

        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);

        let sent = app.statements();
        let verbs: Vec<&str> = sent.iter().map(|sql| sql.split(' ').next().unwrap()).collect();
        // The caller; the write transaction (the caller again with the case, change, entry), the notifications (address and
        // settings, alert, email), the view (people, with the member's updates and the settings).
        let notices = ["SELECT", "INSERT", "INSERT"];
        let expected = [&["SELECT", "SELECT", "UPDATE", "INSERT"], &notices[..], &["SELECT"]].concat();
        assert_eq!(verbs, expected, "{sent:#?}");
    }

    async fn a_duration_finer_than_a_thousandth_is_refused_not_rounded(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let answer = by.post(&case.url("hold"), json!({"reason": "a", "hold_duration_days": 1.23456})).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.faults(), ["body /hold_duration_days"]);
        let held = by.post(&case.url("hold"), json!({"reason": "a", "hold_duration_days": 0.007})).await.expect(200);
        assert_eq!(held["hold"]["duration_days"], 0.007);
    }
}
