//! Deleting a case.

use crate::app::actions;
use serde_json::json;

on_each_database! {
    async fn a_member_deletes_their_draft(app) {
        let case = app.a_case().create().await;
        let by = app.as_member().await;
        let mark = app.mark().await;
        assert_eq!(by.delete(&case.path()).await.status(), 204);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other"]);
        assert_eq!(trail[0]["metadata"], json!({"event": "case_deleted", "reason": null, "status": "draft"}));
        assert_eq!(trail[0]["case"]["case_number"], json!(case.case.case_number));
        by.get(&case.path()).await.expect_problem(404, "not_found");
    }

    async fn only_an_administrator_can_delete_a_submitted_case_and_needs_a_reason(app) {
        let case = app.a_case().submitted().create().await;
        app.as_member().await.delete(&case.path()).await.expect_problem(409, "invalid_case_state");
        app.as_manager().await.delete(&case.path()).await.expect_problem(403, "forbidden");
        let by = app.as_admin().await;
        let answer = by.delete(&case.path()).await;
        answer.expect_problem(400, "invalid_parameter");
        assert_eq!(answer.faults(), ["query /reason"]);
        let mark = app.mark().await;
        assert_eq!(by.delete(&format!("{}?reason=a+duplicate", case.path())).await.status(), 204);
        assert_eq!(app.since(&mark).await[0]["metadata"]["reason"], "a duplicate");
    }
}
