//! If an entry can't be written, nothing is changed and nothing is returned.

use serde_json::json;

on_each_database! {
    async fn a_change_that_cannot_be_recorded_is_not_made(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let (before, mark) = (by.get(&case.path()).await.json(), app.mark().await);
        app.refuse_entries().await;

        let answer = by.post(&case.url("hold"), json!({"reason": "a"})).await;
        answer.expect_problem(503, "audit_unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        app.as_member()
            .await
            .post("cases", json!({"employee_first_name": "a", "employee_last_name": "b"}))
            .await
            .expect_problem(503, "audit_unavailable");

        assert_eq!(by.get(&case.path()).await.json(), before);
        assert_eq!(app.since(&mark).await.len(), 0);
        app.accept_entries().await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    }

    async fn a_refusal_that_cannot_be_recorded_is_answered_as_unavailable(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(2).await;
        app.refuse_entries().await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(503, "audit_unavailable");
        app.accept_entries().await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(403, "forbidden");
    }
}
