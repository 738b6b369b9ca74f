//! Which cases and people the staff read is recorded if a setting says so: once per reader, object and hour.

use crate::app::{TestApp, actions};
use crate::contract::recipes::add_report;
use crate::documents::id;
use api::worker::folding::report_folded;
use chrono::TimeDelta;
use entity::user::Role;
use reqwest::Method;
use serde_json::{Value as Json, json};

async fn record_views(app: &TestApp) {
    app.as_admin().await.patch("settings", json!({"record_views": true})).await.expect(200);
}

fn events(trail: &[Json]) -> Vec<(&Json, &Json)> {
    trail.iter().map(|entry| (&entry["metadata"]["event"], &entry["actor_label"])).collect()
}

on_each_database! {
    async fn nothing_is_recorded_by_default(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        assert_eq!(by.get("settings").await.expect(200)["record_views"], false);
        let mark = app.mark().await;
        for path in [case.path(), case.url("file"), case.url("documents"), case.url("notes"), case.url("reviews"),
            format!("users/{}", case.case.member_id)] {
            by.get(&path).await.expect(200);
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_case_read_by_the_staff_is_recorded_once_per_reader_and_hour(app) {
        let (case, other) = (app.a_case().accepted().create().await, app.a_case().accepted().create().await);
        let note = json!({"body": "They called twice.", "visibility": "shared"});
        let note = id(&app.as_manager().await.post(&case.url("notes"), note).await.expect(201));
        add_report(app, &case, 1).await;
        record_views(app).await;
        let mut paths = vec![case.path(), format!("notes/{note}")];
        paths.extend(["file", "documents", "notes", "reviews"].map(|part| case.url(part)));
        let (manager, tech) = (app.as_manager().await, app.as_tech(3).await);
        let mark = app.mark().await;
        for by in [&manager, &tech] {
            for path in &paths {
                by.get(path).await.expect(200);
            }
        }
        manager.get(&other.path()).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other"; 3]);
        let viewed = json!("case_viewed");
        assert_eq!(events(&trail), [(&viewed, &json!("manager")), (&viewed, &json!("tech3")), (&viewed, &json!("manager"))]);
        assert_eq!((&trail[0]["object_type"], &trail[0]["object_id"]), (&json!("case"), &json!(case.id())));
        assert_eq!((&trail[0]["case"]["id"], &trail[2]["case"]["id"]), (&json!(case.id()), &json!(other.id())));

        app.pass(TimeDelta::minutes(60) - TimeDelta::milliseconds(1));
        let mark = app.mark().await;
        app.as_manager().await.get(&case.path()).await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 0);
        app.pass(TimeDelta::milliseconds(1));
        app.as_manager().await.get(&case.path()).await.expect(200);
        assert_eq!(report_folded(&app.app).await.unwrap(), 2);
        let trail = app.since(&mark).await;
        assert_eq!(events(&trail), [(&viewed, &json!("manager")), (&viewed, &json!("System"))]);
        assert_eq!((&trail[0]["metadata"]["folded_count"], &trail[1]["metadata"]["folded_count"]), (&json!(6), &json!(5)));
        assert_eq!((&trail[1]["related_user"]["username"], &trail[1]["case"]["id"]), (&json!("tech3"), &json!(case.id())));
    }

    async fn an_account_read_by_the_staff_is_recorded_and_ones_own_is_not(app) {
        let case = app.a_case().accepted().create().await;
        record_views(app).await;
        let member = format!("users/{}", case.case.member_id);
        let (admin, tech) = (app.as_admin().await, app.as_tech(2).await);
        let mark = app.mark().await;
        for by in [&admin, &tech] {
            by.get(&member).await.expect(200);
            by.get(&member).await.expect(200);
            by.get(&format!("users/{}", by.id())).await.expect(200);
            by.get("auth/me").await.expect(200);
        }
        let trail = app.since(&mark).await;
        let viewed = json!("user_viewed");
        assert_eq!(events(&trail), [(&viewed, &json!("admin")), (&viewed, &json!("tech2"))]);
        assert_eq!(trail[0]["related_user"]["id"], json!(case.case.member_id));
        let about = admin.get(&format!("{member}/audit-trail?as=subject&action_type=other")).await.expect(200);
        assert_eq!(about["data"].as_array().unwrap().len(), 2);
    }

    async fn what_belongs_to_an_account_is_recorded_as_a_view_of_it(app) {
        let (member, service) = (app.as_member().await, app.user("etl", Role::Service, None).await);
        let allowance = format!("users/{}/credit-allowances/2026-Q4", member.id());
        app.as_admin().await.send(Method::PUT, &allowance, Some(json!({"allowed_credits": 5}))).await.expect(201);
        record_views(app).await;
        let member_paths = ["sessions", "credit-allowances", "credit-allowances/2026-Q4", "sessions?limit=1"];
        let paths = member_paths.map(|path| (member.id(), format!("users/{}/{path}", member.id())));
        let service_path = (service.id.to_string(), format!("users/{}/api-keys", service.id));
        for (user, path) in paths.into_iter().chain([service_path]) {
            let admin = app.as_admin().await;
            let mark = app.mark().await;
            admin.get(&path).await.expect(200);
            let trail = app.since(&mark).await;
            assert_eq!(events(&trail), [(&json!("user_viewed"), &json!("admin"))], "{path}");
            assert_eq!((&trail[0]["object_id"], &trail[0]["related_user"]["id"]), (&json!(user), &json!(user)), "{path}");
            // Together with the account itself, once an hour.
            admin.get(&path).await.expect(200);
            admin.get(&format!("users/{user}")).await.expect(200);
            assert_eq!(app.since(&mark).await.len(), 1, "{path}");
            app.pass(TimeDelta::minutes(60));
            report_folded(&app.app).await.unwrap();
            app.pass(TimeDelta::minutes(60));
        }
        let mark = app.mark().await;
        let own = app.as_admin().await;
        own.get(&format!("users/{}/sessions", own.id())).await.expect(200);
        app.as_member().await.get(&format!("users/{}/sessions", member.id())).await.expect(200);
        let viewed = |entry: &&Json| entry["metadata"]["event"] == "user_viewed";
        assert_eq!(app.since(&mark).await.iter().filter(viewed).count(), 0);
    }

    async fn what_members_read_and_what_is_not_found_is_no_view(app) {
        let case = app.a_case().accepted().create().await;
        record_views(app).await;
        let (member, tech) = (app.as_member().await, app.as_tech(3).await);
        let mark = app.mark().await;
        for path in [case.path(), case.url("documents"), case.url("notes"), format!("users/{}", member.id())] {
            member.get(&path).await.expect(200);
        }
        assert_eq!(app.since(&mark).await.len(), 0);
        tech.get("cases/01a20725-be30-7584-bca5-f00e655c90d6").await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!((trail.len(), &trail[0]["metadata"]["event"]), (1, &json!("access_denied")));
        // Nor does the case's member see who viewed it.
        tech.get(&case.path()).await.expect(200);
        let seen = member.get(&case.url("audit-trail")).await.expect(200);
        assert!(!seen.to_string().contains("case_viewed"));
    }
}
