//! Thirty-two callers, one case.

use crate::app::{Scene, TestApp};
use serde_json::{Value as Json, json};

/// Sends the same request thirty-two times at once: one succeeds, the others receive the reason for their refusal.
async fn race(app: &TestApp, case: &Scene, operation: &str, body: Json, action: &str) {
    let by = app.as_manager().await;
    let mark = app.mark().await;
    let path = case.url(operation);
    let answers = futures_util::future::join_all((0..32).map(|_| by.post(&path, body.clone()))).await;
    let won = answers.iter().filter(|answer| answer.status() == 200).count();
    assert_eq!(won, 1, "{operation}: {:?}", answers.iter().map(|answer| answer.status()).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| [200, 409, 412].contains(&answer.status())));
    let trail = app.since(&mark).await;
    assert_eq!(trail.iter().filter(|entry| entry["action_type"] == action).count(), 1);
    assert!(trail.iter().all(|entry| entry["outcome"] == "success"));
}

on_each_database! {
    async fn one_of_thirty_two_concurrent_accepts_holds_or_resumes_succeeds(app) {
        let case = app.a_case().submitted().create().await;
        let tech = app.tech(3).await;
        let terms = json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": tech.id});
        race(app, &case, "accept", terms, "case_status_changed").await;
        race(app, &case, "hold", json!({"reason": "race"}), "case_held").await;
        race(app, &case, "resume", json!({"reason": "race"}), "case_resumed").await;
    }

    async fn one_of_sixteen_concurrent_requests_with_the_same_version_succeeds(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await.with("If-Match", &format!("\"{}\"", case.case.version));
        let path = case.url("credit");
        let credits = ["0.5", "1.0", "1.5", "2.5", "3.0"];
        let body = |n: usize| json!({"credit_value": credits[n % 5], "reason": "race"});
        let answers = futures_util::future::join_all((0..16).map(|n| by.post(&path, body(n)))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status() == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status() == 412).count(), 15);
    }
}
