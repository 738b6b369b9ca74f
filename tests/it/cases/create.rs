//! Creating a case.

use crate::app::{actions, at};
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn a_new_case_is_recorded_with_all_its_facts(app) {
        let by = app.as_member().await;
        let mark = app.mark().await;
        let body = json!({
            "employee_first_name": "Ada", "employee_last_name": "Moss", "num_reports_requested": 3,
            "client_email": "ada@example.org", "due_on": "2026-12-20", "special_notes": "call first",
        });

        let answer = by.post("cases", body).await;

        let case = answer.expect(201);
        assert_eq!(answer.header("location"), format!("/api/v1/cases/{}", case["id"].as_str().unwrap()));
        assert!(answer.header("etag").starts_with("\"1-"));
        assert_eq!(case["case_number"], "WS001-2026-12-0001");
        assert_eq!(
            (&case["status"], &case["credit_value"], &case["urgency"]),
            (&json!("draft"), &json!("2.0"), &json!("normal"))
        );
        assert_eq!(case["member"]["username"], "member1");
        assert_eq!(case["created_at"], "2026-12-01T15:00:00.000Z");
        assert_eq!(case["allowed_actions"], json!(["submit", "edit", "delete", "upload", "comment"]));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_created"]);
        assert_eq!(trail[0]["metadata"], json!({"case_number": "WS001-2026-12-0001", "workshop_code": "WS001"}));
        assert_eq!(trail[0]["changes"]["status"], json!({"from": null, "to": "draft"}));
        assert_eq!(trail[0]["changes"]["credit_value"], json!({"from": null, "to": "2.0"}));
        assert_eq!(trail[0]["changes"]["special_notes"]["to"]["length"], 10);
    }

    async fn creating_and_submitting_in_one_request_writes_two_entries_that_chain(app) {
        let by = app.as_member().await;
        let mark = app.mark().await;
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "urgency": "rush", "submit": true});

        let case = by.post("cases", body).await.expect(201);

        assert_eq!((&case["status"], &case["version"]), (&json!("submitted"), &json!(2)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_created", "case_submitted"]);
        assert_eq!(trail[1]["changes"]["status"], json!({"from": "draft", "to": "submitted"}));
        assert_eq!(trail[1]["metadata"], json!({"urgency": "rush", "rush_fee": 20}));
    }

    async fn the_default_due_date_is_a_civil_day_of_the_settings_zone(app) {
        // Still the evening of November 30 in Chicago.
        app.clock.set(at("2026-12-01T05:30:00Z"));
        let by = app.as_member().await;
        let case = by.post("cases", json!({"employee_first_name": "Ada", "employee_last_name": "Moss"})).await.expect(201);
        assert_eq!((&case["due_on"], &case["case_number"]), (&json!("2026-12-07"), &json!("WS001-2026-11-0001")));
    }

    async fn concurrently_created_cases_get_distinct_numbers(app) {
        let by = app.as_member().await;
        let body = || json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
        let answers = futures_util::future::join_all((0..20).map(|_| by.post("cases", body()))).await;
        let mut numbers: Vec<String> =
            answers.iter().map(|answer| answer.expect(201)["case_number"].as_str().unwrap().to_owned()).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 20);
    }

    async fn an_administrator_creates_for_a_member_but_does_not_submit(app) {
        let member = app.user("member2", Role::Member, None).await;
        let by = app.as_admin().await;
        let mut body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
        let answer = by.post("cases", body.clone()).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.faults(), ["body /member_id"]);
        body["member_id"] = json!(member.id);
        let case = by.post("cases", body.clone()).await.expect(201);
        assert_eq!((&case["member"]["username"], &case["created_by"]["username"]), (&json!("member2"), &json!("admin")));
        body["submit"] = json!(true);
        by.post("cases", body.clone()).await.expect_problem(403, "forbidden");
        body["submit"] = json!(false);
        body["member_id"] = json!(app.tech(1).await.id);
        by.post("cases", body).await.expect_problem(422, "validation_failed");
    }

    async fn invalid_fields_are_refused_by_name(app) {
        let by = app.as_member().await;
        let mark = app.mark().await;
        let good = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
        for (field, value, pointer) in [
            ("due_on", json!("2026-11-30"), "/due_on"),
            ("due_on", json!("2026-02-30"), "/due_on"),
            ("num_reports_requested", json!(11), "/num_reports_requested"),
            ("num_reports_requested", json!(1.5), "/num_reports_requested"),
            ("client_email", json!("nowhere"), "/client_email"),
            ("employee_first_name", json!("a\u{202e}b"), "/employee_first_name"),
            ("employee_first_name", json!(null), "/employee_first_name"),
            ("urgency", json!("asap"), "/urgency"),
            ("status", json!("completed"), "/status"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let answer = by.post("cases", body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body {pointer}")], "{body}");
        }
        let twice = (r#"{"employee_first_name":"a","employee_first_name":"b"}"#, "application/json");
        let answer = by.send_raw(reqwest::Method::POST, "cases", Some((twice.1, twice.0.into()))).await;
        answer.expect_problem(400, "malformed_json");
        by.send_raw(reqwest::Method::POST, "cases", Some(("text/plain", "{}".into())))
            .await
            .expect_problem(415, "unsupported_media_type");
        by.send_raw(reqwest::Method::POST, "cases", Some(("application/json", vec![b' '; 70_000])))
            .await
            .expect_problem(413, "payload_too_large");
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_technician_cannot_create_a_case(app) {
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
        let by = app.as_tech(2).await;
        let mark = app.mark().await;
        by.post("cases", body).await.expect_problem(403, "forbidden");
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["case_created"], &json!("denied")));
    }

    async fn a_workshop_code_of_an_invalid_length_is_refused(app) {
        let by = app.as_member().await;
        for code in ["W".to_owned(), "W".repeat(51)] {
            let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "workshop_code": code});
            let answer = by.post("cases", body).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), ["body /workshop_code"]);
        }
    }
}
