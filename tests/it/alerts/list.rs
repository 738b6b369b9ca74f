//! Listing and reading the caller's own alerts.

use super::alerts;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn users_list_their_own_alerts_by_state(app) {
        let (manager, member) = (app.as_manager().await, app.as_member().await);
        let case = app.a_case().accepted().create().await;
        let why = json!({"reason": "because"});
        for verb in ["hold", "resume", "hold"] {
            manager.post(&case.url(verb), why.clone()).await.expect(200);
        }
        let mark = app.mark().await;
        let of = async |filter: &str| -> Vec<Json> {
            let list = member.get(&format!("alerts{filter}")).await.expect(200);
            list["data"].as_array().unwrap().iter().map(|alert| alert["kind"].clone()).collect()
        };
        assert_eq!(of("").await, ["case_held", "case_resumed", "case_held"]);
        assert_eq!(of("?severity=info").await, ["case_resumed"]);
        assert_eq!(of("?severity=info&severity=warning").await.len(), 3);
        assert_eq!(of("?severity=critical").await, [""; 0]);
        assert_eq!(app.since(&mark).await.len(), 0);
        let newest = alerts(&member).await[0]["id"].as_str().unwrap().to_owned();
        member.post(&format!("alerts/{newest}/dismiss"), json!({})).await.expect(200);
        assert_eq!(of("?is_dismissed=true").await, ["case_held"]);
        assert_eq!(of("?is_dismissed=false").await, ["case_resumed", "case_held"]);
        let page = member.get("alerts?limit=2&include_total=true").await;
        let (rows, info) = (&page.json()["data"], &page.json()["page"]);
        assert_eq!((rows.as_array().unwrap().len(), &info["total"], &info["has_more"]), (2, &json!(3), &json!(true)));
        member.get("alerts?recipient_id=1").await.expect_problem(400, "invalid_parameter");
        assert_eq!(alerts(&manager).await, [json!(null); 0], "nobody sees another's");
    }

    async fn marking_an_alert_as_read_is_idempotent_and_writes_no_entry(app) {
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        let path = format!("alerts/{}/read", alerts(&app.as_member().await).await[0]["id"].as_str().unwrap());
        let mark = app.mark().await;
        let read = app.as_member().await.send(reqwest::Method::POST, &path, None).await.expect(200);
        assert_eq!(read["read_at"], "2026-12-01T15:00:00.000Z");
        app.pass(chrono::TimeDelta::minutes(5));
        let again = app.as_member().await.send(reqwest::Method::POST, &path, None).await.expect(200);
        assert_eq!(again, read);
        assert_eq!(app.since(&mark).await.len(), 0);
    }
}
