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
        assert_eq!(alerts(&manager).await, [json!(null); 0], "alerts of others are not listed");
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

    async fn unread_alerts_are_listed_counted_and_read_at_once(app) {
        let (manager, member) = (app.as_manager().await, app.as_member().await);
        let why = json!({"reason": "because"});
        for _ in 0..2 {
            let case = app.a_case().accepted().create().await;
            for verb in ["hold", "resume"] {
                manager.post(&case.url(verb), why.clone()).await.expect(200);
            }
        }
        let unread = async |by: &crate::app::Client<'_>| {
            let list = by.get("alerts?is_read=false&include_total=true").await.expect(200);
            assert!(list["data"].as_array().unwrap().iter().all(|alert| alert["read_at"].is_null()));
            let account = by.get("auth/me").await.expect(200);
            assert_eq!(account["unread_alerts"], list["page"]["total"]);
            account["unread_alerts"].as_u64().unwrap()
        };
        assert_eq!((unread(&member).await, unread(&manager).await), (4, 0));
        let first = alerts(&member).await;
        let id = |place: usize| first[place]["id"].as_str().unwrap().to_owned();
        member.send(reqwest::Method::POST, &format!("alerts/{}/read", id(0)), None).await.expect(200);
        assert_eq!(unread(&member).await, 3);
        member.post(&format!("alerts/{}/dismiss", id(1)), json!({})).await.expect(200);
        assert_eq!(unread(&member).await, 2, "what was dismissed needs no reading");
        let read = member.get("alerts?is_read=true").await.expect(200);
        let read: Vec<_> = read["data"].as_array().unwrap().iter().map(|alert| alert["id"].clone()).collect();
        assert_eq!(read, [json!(id(0)), json!(id(1))]);

        let mark = app.mark().await;
        app.pass(chrono::TimeDelta::minutes(5));
        let member = app.as_member().await;
        app.statements();
        assert_eq!(member.send(reqwest::Method::POST, "alerts/read-all", None).await.expect(200), json!({"read_count": 2}));
        let updates = app.statements().into_iter().filter(|sql| sql.starts_with("UPDATE \"alerts\"")).count();
        assert_eq!(updates, 1, "one statement, however many alerts");
        assert_eq!(unread(&member).await, 0);
        let later = alerts(&member).await;
        assert_eq!(later[0]["read_at"], "2026-12-01T15:00:00.000Z", "the first time counts");
        assert_eq!(later[3]["read_at"], "2026-12-01T15:05:00.000Z");
        assert_eq!(member.post("alerts/read-all", json!({})).await.expect(200), json!({"read_count": 0}));
        assert_eq!(app.since(&mark).await.len(), 0, "as reading one");
    }

    async fn reading_all_alerts_leaves_those_of_others_unread(app) {
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        for by in [app.as_manager().await, app.as_admin().await, app.as_tech(3).await] {
            assert_eq!(by.post("alerts/read-all", json!({})).await.expect(200), json!({"read_count": 0}));
        }
        assert_eq!(app.as_member().await.get("auth/me").await.expect(200)["unread_alerts"], 1);
        let service = app.user("service1", entity::user::Role::Service, None).await;
        let service = app.as_user(&service).await;
        let mark = app.mark().await;
        service.post("alerts/read-all", json!({})).await.expect_problem(403, "forbidden");
        let denied = app.since(&mark).await;
        assert_eq!((denied.len(), &denied[0]["metadata"]["operation"]), (1, &json!("mark_all_alerts_read")));
        assert_eq!(service.get("auth/me").await.expect(200)["unread_alerts"], 0);
    }

    async fn reading_all_alerts_can_be_retried(app) {
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        let by = app.as_member().await.with("Idempotency-Key", "read-them-all");
        for _ in 0..2 {
            assert_eq!(by.post("alerts/read-all", json!({})).await.expect(200), json!({"read_count": 1}));
        }
    }
}
