//! Getting a case.

use crate::app::actions;
use crate::documents::pay_stub;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn the_response_lists_what_the_caller_may_do(app) {
        let case = app.a_case().accepted().create().await;
        let open = async |by: crate::app::Client<'_>| by.get(&case.path()).await.expect(200)["allowed_actions"].clone();
        assert_eq!(open(app.as_member().await).await, json!(["edit", "upload", "comment"]));
        assert_eq!(open(app.as_tech(2).await).await, json!(["comment"]));
        let work = ["assign", "tier", "hold", "edit", "credit", "complete", "acknowledge_updates"];
        let around = ["upload", "comment"];
        assert_eq!(open(app.as_tech(3).await).await, json!([&work[..], &around].concat()));
        assert_eq!(open(app.as_manager().await).await, json!([&work[..], &around].concat()));
        assert_eq!(open(app.as_admin().await).await, json!([&work[..], &["change_member", "delete"], &around].concat()));
    }

    async fn the_response_says_why_the_other_actions_are_blocked(app) {
        let case = app.a_case().accepted().create().await;
        let blocked = async |by: crate::app::Client<'_>, action: &str| {
            let case = by.get(&case.path()).await.expect(200);
            let of_it = case["blocked_actions"].as_array().unwrap().iter().find(|blocked| blocked["action"] == action);
            of_it.map(|blocked| (blocked["code"].clone(), blocked["detail"].clone()))
        };
        let forbidden = Some((json!("forbidden"), json!("You do not have permission to perform this action.")));
        assert_eq!(blocked(app.as_member().await, "hold").await, forbidden);
        assert_eq!(blocked(app.as_tech(2).await, "upload").await, forbidden);
        let taken = Some((json!("already_assigned"), json!("This case is already assigned.")));
        assert_eq!(blocked(app.as_tech(2).await, "take").await, taken);
        assert_eq!(blocked(app.as_tech(3).await, "take").await, None, "it would change nothing");
        let state = "Cannot resume a case in status `accepted`. Allowed from: `hold`.";
        assert_eq!(blocked(app.as_tech(3).await, "resume").await, Some((json!("invalid_case_state"), json!(state))));
    }

    async fn a_case_in_the_queue_is_offered_to_the_technicians_whose_level_suffices(app) {
        let (case, manager) = (app.a_case().accepted().create().await, app.as_manager().await);
        manager.post(&case.url("tier"), json!({"tier": "tier_3", "reason": "x"})).await.expect(200);
        manager.post(&case.url("assign"), json!({"assigned_to": null, "reason": "x"})).await.expect(200);
        for (level, is_open) in [(1, false), (2, false), (3, true)] {
            let by = app.as_tech(level).await;
            let seen = by.get(&case.path()).await.expect(200);
            let blocked = seen["blocked_actions"].as_array().unwrap().iter().find(|blocked| blocked["action"] == "take");
            assert_eq!(seen["allowed_actions"].as_array().unwrap().contains(&json!("take")), is_open, "level {level}");
            assert_eq!(blocked.map(|blocked| &blocked["code"]), (!is_open).then_some(&json!("level_too_low")), "level {level}");
            let answer = by.post(&case.url("take"), json!({})).await;
            if is_open { drop(answer.expect(200)) } else { drop(answer.expect_problem(409, "level_too_low")) }
        }
    }

    async fn a_resubmission_is_blocked_until_something_is_new(app) {
        let case = app.a_case().submitted().create().await;
        let rejection = json!({"rejection_reason": "other", "rejection_notes": "because"});
        app.as_manager().await.post(&case.url("reject"), rejection).await.expect(200);
        let by = app.as_member().await;
        let tag = by.get(&case.path()).await.header("etag").to_owned();
        let code = async || {
            let case = by.get(&case.path()).await.expect(200);
            let of_it = case["blocked_actions"].as_array().unwrap().iter().find(|blocked| blocked["action"] == "resubmit");
            of_it.map(|blocked| blocked["code"].clone())
        };
        assert_eq!(code().await, Some(json!("no_changes")));
        by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        assert_eq!(code().await, None);
        let again = by.clone().with("If-None-Match", &tag).get(&case.path()).await;
        assert_eq!(again.status(), 200, "what the caller may do has changed");
    }

    async fn an_unchanged_case_is_not_sent_again(app) {
        let case = app.a_case().create().await;
        let tag = app.as_member().await.get(&case.path()).await.header("etag").to_owned();
        let by = app.as_member().await.with("If-None-Match", &tag);
        let answer = by.get(&case.path()).await;
        assert_eq!((answer.status(), answer.text.as_str()), (304, ""));
        let answer = app.as_member().await.get(&case.path()).await;
        assert_eq!((answer.status(), answer.header("cache-control")), (200, "no-store"));
    }

    async fn more_versions_than_fit_are_refused(app) {
        let case = app.a_case().create().await;
        let versions = ["\"1\""; 51].join(",");
        for name in ["If-None-Match", "If-Match"] {
            let by = app.as_member().await.with(name, &versions);
            let refused = by.get(&case.path()).await.expect_problem(400, "invalid_header");
            assert_eq!(refused["errors"][0]["pointer"], json!(format!("/{name}")));
        }
    }

    async fn hidden_and_absent_cases_are_both_not_found_and_recorded(app) {
        let case = app.a_case().create().await;
        let stranger = app.user("member2", Role::Member, None).await;
        let by = app.as_user(&stranger).await;
        let mark = app.mark().await;
        let hidden = by.get(&case.path()).await.expect_problem(404, "not_found");
        let absent = by.get("cases/01a20725-be30-7584-bca5-f00e655c90d6").await.expect_problem(404, "not_found");
        by.get("cases/not-an-id").await.expect_problem(404, "not_found");
        assert_eq!(hidden["detail"], absent["detail"]);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other", "other", "other"]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied"));
        assert_eq!(trail[0]["metadata"], json!({"event": "access_denied", "operation": "get_case", "code": "not_found"}));
        assert_eq!(trail[0]["object_id"], json!(case.id()));
        app.as_tech(3).await.get(&case.path()).await.expect_problem(404, "not_found");
    }

    async fn after_twenty_refusals_a_minute_the_rest_is_counted(app) {
        let by = app.as_member().await;
        let mark = app.mark().await;
        for _ in 0..25 {
            by.get("cases/not-an-id").await.expect_problem(404, "not_found");
        }
        assert_eq!(app.since(&mark).await.len(), 20);
        app.pass(chrono::TimeDelta::seconds(60));
        by.get("cases/not-an-id").await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!((trail.len(), &trail[20]["metadata"]["folded_count"]), (21, &json!(5)));
    }
}
