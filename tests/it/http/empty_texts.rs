//! An empty text in a body: the same as null where null is possible, refused elsewhere.

use crate::app::{Form, actions};
use crate::documents::PDF;
use entity::user::Role;
use reqwest::Method;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn an_empty_text_changes_nothing_where_there_is_none(app) {
        let case = app.a_case().submitted().create().await;
        let (by, admin) = (app.as_member().await, app.as_admin().await);
        let own = format!("users/{}", by.id());
        let before = by.get(&case.path()).await.expect(200);
        let mark = app.mark().await;
        for field in ["special_notes", "client_email", "reason"] {
            assert_eq!(by.patch(&case.path(), json!({field: ""})).await.expect(200)["version"], before["version"], "{field}");
        }
        for field in ["internal_notes", "report_notes_to_member", "client_email", "special_notes"] {
            admin.patch(&case.path(), json!({field: ""})).await.expect(200);
        }
        by.patch("auth/me", json!({"phone_number": ""})).await.expect(200);
        admin.patch(&own, json!({"phone_number": ""})).await.expect(200);
        admin.patch("settings", json!({"reply_email_address": ""})).await.expect(200);
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        let after = by.get(&case.path()).await.expect(200);
        assert_eq!((&after["version"], &after["has_member_updates"]), (&before["version"], &json!(false)));
    }

    async fn an_empty_text_clears_what_null_clears(app) {
        let case = app.a_case().submitted().create().await;
        let (by, admin) = (app.as_member().await, app.as_admin().await);
        let body = json!({"special_notes": "call first", "client_email": "ada@example.org"});
        by.patch(&case.path(), body).await.expect(200);
        by.patch("auth/me", json!({"phone_number": "312-555-0142"})).await.expect(200);
        admin.patch("settings", json!({"reply_email_address": "desk@example.org"})).await.expect(200);
        let mark = app.mark().await;

        let case = by.patch(&case.path(), json!({"special_notes": "", "client_email": ""})).await.expect(200);
        let own = by.patch("auth/me", json!({"phone_number": ""})).await.expect(200);
        let settings = admin.patch("settings", json!({"reply_email_address": ""})).await.expect(200);

        let cleared = [&case["special_notes"], &case["client_email"], &own["phone_number"], &settings["reply_email_address"]];
        assert_eq!(cleared, [&Json::Null; 4]);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_details_edited", "case_updated", "member_profile_updated", "settings_updated"]);
        assert_eq!(trail[0]["changes"], json!({"client_email": {"from": "ada@example.org", "to": null}}));
        assert_eq!(trail[1]["changes"]["special_notes"]["to"], Json::Null);
        assert_eq!(trail[2]["changes"], json!({"phone_number": {"from": "312-555-0142", "to": null}}));
    }

    async fn an_empty_text_in_a_new_row_is_null_or_the_default(app) {
        let (by, admin) = (app.as_member().await, app.as_admin().await);
        let case = json!({
            "employee_first_name": "Ada", "employee_last_name": "Moss", "client_email": "", "special_notes": "",
            "workshop_code": "",
        });
        let case = by.post("cases", case).await.expect(201);
        let of_case = ["client_email", "special_notes", "workshop_code"].map(|field| case[field].clone());
        assert_eq!(of_case, [Json::Null, Json::Null, json!("WS001")]);
        let boss = json!({
            "username": "boss", "email": "boss@example.org", "first_name": "A", "last_name": "B", "role": "manager",
            "phone_number": "", "workshop_code": "", "password": "eleven green bottles",
        });
        let boss = admin.post("users", boss).await.expect(201);
        assert_eq!((&boss["phone_number"], &boss["workshop_code"]), (&Json::Null, &Json::Null));
        let path = format!("users/{}/credit-allowances/2026-Q4", by.id());
        let allowance = json!({"allowed_credits": 10, "notes": ""});
        assert_eq!(admin.send(Method::PUT, &path, Some(allowance)).await.expect(201)["notes"], Json::Null);
        let form = Form::new().text("document_type", "other").text("notes", "").file("a.pdf", "application/pdf", PDF);
        let case = format!("cases/{}/documents", case["id"].as_str().unwrap());
        assert_eq!(by.upload(&case, &form).await.expect(201)["notes"], Json::Null);
    }

    async fn an_empty_reason_is_none(app) {
        let (manager, admin, tech) = (app.as_manager().await, app.as_admin().await, app.as_tech(2).await);
        let case = app.a_case().submitted().create().await;
        // A technician may not override the level rule; an empty reason doesn't ask for it.
        let terms = json!({"tier": "tier_1", "credit_value": "1.0", "notes": "", "override_reason": ""});
        let mark = app.mark().await;
        tech.post(&case.url("accept"), terms).await.expect(200);
        let accepted = app.since(&mark).await;
        assert_eq!(accepted[0]["metadata"], json!({"event": "accepted", "reason": null, "docs_verified": false}));
        assert_eq!(accepted[1]["metadata"]["level_override"], json!(false));
        let body = json!({"tier": "tier_3", "reason": "hard", "override_reason": ""});
        tech.post(&case.url("tier"), body).await.expect_problem(409, "level_too_low");
        let body = json!({"assigned_to": null, "reason": "queue", "override_reason": ""});
        manager.post(&case.url("assign"), body).await.expect(200);
        let mark = app.mark().await;
        tech.post(&case.url("take"), json!({"reason": ""})).await.expect(200);
        assert_eq!(app.since(&mark).await[0]["metadata"]["reason"], Json::Null);

        let later = app.a_case().completed_until(crate::app::at("2026-12-10T00:00:00Z")).create().await;
        let mark = app.mark().await;
        manager.post(&later.url("release"), json!({"reason": ""})).await.expect(200);
        assert_eq!(app.since(&mark).await[0]["metadata"]["reason"], Json::Null);
        let reviewed = app.a_case().pending_review().create().await;
        let approved = manager.post(&reviewed.url("review/approve"), json!({"notes": ""})).await.expect(200);
        assert_eq!(approved["review"]["notes"], Json::Null);
        app.pass(chrono::TimeDelta::seconds(1));
        let member = app.as_member().await;
        let alerts = member.get("alerts?limit=1").await.expect(200);
        let mark = app.mark().await;
        let path = format!("alerts/{}/dismiss", alerts["data"][0]["id"].as_str().unwrap());
        member.post(&path, json!({"reason": ""})).await.expect(200);
        assert_eq!(app.since(&mark).await[0]["metadata"]["reason"], Json::Null);
        let sent = json!({"recipient": "a@example.org", "delivery_status": "sent", "error_message": ""});
        admin.post("ingest/email-notifications", sent).await.expect(201);
        let ran = json!({"job_name": "nightly-sync", "records_processed": 7, "status": "success", "error_message": ""});
        admin.post("ingest/cron-runs", ran).await.expect(201);
    }

    async fn an_empty_text_is_refused_where_null_is_and_in_place_of_anything_but_a_text(app) {
        let case = app.a_case().accepted().create().await;
        let (manager, admin, member) = (app.as_manager().await, app.as_admin().await, app.as_member().await);
        let own = format!("users/{}", member.id());
        let promotion = json!({"role": "manager", "user_level": "", "reason": "x"});
        let mark = app.mark().await;
        for (by, method, path, body, field) in [
            (&manager, Method::POST, case.url("hold"), json!({"reason": ""}), "/reason"),
            (&manager, Method::POST, case.url("assign"), json!({"assigned_to": "", "reason": "x"}), "/assigned_to"),
            (&manager, Method::POST, case.url("complete"), json!({"release": ""}), "/release"),
            (&manager, Method::POST, case.url("complete"), json!({"release_at": ""}), "/release_at"),
            (&manager, Method::PATCH, case.path(), json!({"employee_first_name": ""}), "/employee_first_name"),
            (&manager, Method::PATCH, case.path(), json!({"due_on": ""}), "/due_on"),
            (&manager, Method::PATCH, case.path(), json!({"urgency": ""}), "/urgency"),
            (&manager, Method::PATCH, case.path(), json!({"num_reports_requested": ""}), "/num_reports_requested"),
            (&manager, Method::POST, case.url("notes"), json!({"body": "", "visibility": "shared"}), "/body"),
            (&admin, Method::PATCH, own.clone(), json!({"email": ""}), "/email"),
            (&admin, Method::PATCH, own.clone(), json!({"workshop_code": ""}), "/workshop_code"),
            (&admin, Method::PATCH, "settings".to_owned(), json!({"time_zone": ""}), "/time_zone"),
            (&admin, Method::POST, format!("{own}/role"), promotion, "/user_level"),
        ] {
            let problem = by.send(method.clone(), &path, Some(body)).await.expect_problem(422, "validation_failed");
            assert_eq!(problem["errors"][0]["pointer"], json!(field), "{method} {path}: {problem}");
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        assert_eq!(app.user("member1", Role::Member, None).await.version, 1);
    }
}
