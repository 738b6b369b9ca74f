//! Getting a case.

use crate::app::actions;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn the_response_lists_what_the_caller_may_do(app) {
        let case = app.a_case().accepted().create().await;
        let open = async |by: crate::app::Client<'_>| by.get(&case.path()).await.expect(200)["allowed_actions"].clone();
        assert_eq!(open(app.as_member().await).await, json!(["edit"]));
        assert_eq!(open(app.as_tech(2).await).await, json!([]));
        assert_eq!(
            open(app.as_tech(3).await).await,
            json!(["assign", "tier", "hold", "edit", "credit", "complete", "acknowledge_updates"])
        );
        assert_eq!(
            open(app.as_manager().await).await,
            json!(["assign", "tier", "hold", "edit", "credit", "complete", "acknowledge_updates"])
        );
        assert_eq!(
            open(app.as_admin().await).await,
            json!(["assign", "tier", "hold", "edit", "credit", "complete", "acknowledge_updates", "delete"])
        );
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
