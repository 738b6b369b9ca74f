//! Adjusting the credit of a case.

use crate::app::actions;
use serde_json::json;

on_each_database! {
    async fn an_adjusted_credit_is_a_case_update(app) {
        let case = app.a_case().completed().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        by.post(&case.url("credit"), json!({"credit_value": "3.0", "reason": "a fourth report"})).await.expect(200);
        by.post(&case.url("credit"), json!({"credit_value": "3.0", "reason": "again"})).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_updated"]);
        assert_eq!(trail[0]["metadata"], json!({"event": "credit_adjusted", "reason": "a fourth report"}));
        assert_eq!(trail[0]["changes"], json!({"credit_value": {"from": "2.0", "to": "3.0"}}));
    }

    async fn a_draft_has_no_credit_to_adjust(app) {
        let case = app.a_case().create().await;
        let body = json!({"credit_value": "3.0", "reason": "x"});
        app.as_manager().await.post(&case.url("credit"), body).await.expect_problem(409, "invalid_case_state");
    }
}
