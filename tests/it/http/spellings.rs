//! Dates, instants, integers and ids have one spelling, in a body, a query and a form alike; any other is refused by name.

use crate::app::{Answer, TestApp};
use crate::documents::PDF;
use serde_json::{Value as Json, json};

/// A path with a query parameter.
fn with(path: &str, name: &str, value: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://localhost/", [(name, value)]).unwrap();
    format!("{path}?{}", url.query().unwrap())
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str, fault: &str, value: &str) {
    answer.expect_problem(status, code);
    assert_eq!(answer.faults(), [fault], "{value:?}: {}", answer.text);
}

/// Everything that takes an instant in its body: the caller, the path, and the body without it.
async fn takers_of_instants(app: &TestApp) -> Vec<(String, &'static str, Json)> {
    let completed = app.a_case().accepted().create().await.url("complete");
    let reviewed = app.a_case().pending_review().create().await.url("review/approve");
    let email = json!({"recipient": "x@example.com", "delivery_status": "sent"});
    let run = json!({"job_name": "nightly", "records_processed": 1, "status": "success"});
    vec![
        (completed, "release_at", json!({"release": "scheduled", "override_incomplete": true})),
        (reviewed, "release_at", json!({"release": "scheduled"})),
        ("ingest/email-notifications".to_owned(), "sent_at", email),
        ("ingest/cron-runs".to_owned(), "started_at", run.clone()),
        ("ingest/cron-runs".to_owned(), "finished_at", run),
    ]
}

on_each_database! {
    async fn a_date_is_complete(app) {
        let case = app.a_case().create().await;
        let (member, manager) = (app.as_member().await, app.as_manager().await);
        let names = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
        let dated = |day: &str| json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "due_on": day});
        let mark = app.mark().await;
        for day in [
            "", "2028-2-29", "2026-12-5", "2027-02-29", "2026-13-01", "+2026-12-20", "-2026-12-20", "12026-12-20", "20261220",
            "2026/12/20", "2026-12-20 ", " 2026-12-20", "2026- 2-20", "2026-12-20T00:00:00Z", "2026-W51-7", "２０２６-12-20",
        ] {
            assert_refused(&member.post("cases", dated(day)).await, 422, "validation_failed", "body /due_on", day);
            let edit = member.patch(&case.path(), json!({"due_on": day})).await;
            assert_refused(&edit, 422, "validation_failed", "body /due_on", day);
            let list = manager.get(&with("cases", "due_before", day)).await;
            assert_refused(&list, 400, "invalid_parameter", "query /due_before", day);
            // A complete instant is a bound of a period.
            if !day.contains('T') {
                for path in ["cases", "audit-log", "reports/case-changes", "exports/cases.csv", "auth/me/activity"] {
                    for name in ["since", "until"] {
                        let fault = format!("query /{name}");
                        assert_refused(&manager.get(&with(path, name, day)).await, 400, "invalid_parameter", &fault, day);
                    }
                }
            }
        }
        for value in [json!(20_261_220), json!(true), json!(["2026-12-20"])] {
            let mut body = names.clone();
            body["due_on"] = value.clone();
            let answer = member.post("cases", body).await;
            let problem = answer.expect_problem(422, "validation_failed");
            assert_eq!(problem["detail"], "1 field is invalid: due_on must be a date, such as 2026-11-22.", "{value}");
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        assert_eq!(member.post("cases", dated("2028-02-29")).await.expect(201)["due_on"], "2028-02-29");
        let list = manager.get("cases?due_before=2028-03-01&include_total=true").await.expect(200);
        assert_eq!(list["page"]["total"], 2);
    }

    async fn an_instant_is_complete(app) {
        let takers = takers_of_instants(app).await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        for at in [
            "", "2026-12-05", "2026-12-5T12:00:00Z", "2026-12-05T12:00Z", "2026-12-05T12:00:00", "2026-12-05 12:00:00Z",
            "2026-12-05t12:00:00Z", "2026-12-05T12:00:00z", "2026-12-05T12:00:00+0100", "2026-12-05T12:00:00+1:00",
            "2026-12-05T12:00:00.Z", "2026-12-05T12:00:00.1234567891Z", "2026-12-05T12:00:00\u{2212}01:00",
            "+2026-12-05T12:00:00Z", " 2026-12-05T12:00:00Z", "2026-12-05T12:00:00Z ", "2026-12-05T24:00:00Z", "1796472000",
        ] {
            for (path, field, body) in &takers {
                let mut body = body.clone();
                body[*field] = json!(at);
                assert_refused(&by.post(path, body).await, 422, "validation_failed", &format!("body /{field}"), at);
            }
            if at != "2026-12-05" {
                let list = by.get(&with("audit-log", "since", at)).await;
                assert_refused(&list, 400, "invalid_parameter", "query /since", at);
            }
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        // An offset and more decimals than are kept; a leap second is the first second of the next minute.
        for (path, field, body) in &takers {
            let (mut body, is_report) = (body.clone(), path.starts_with("ingest/"));
            let at = if is_report { "2026-06-30T23:59:60.25Z" } else { "2026-12-05T12:00:00.123999999+01:00" };
            body[*field] = json!(at);
            let mark = app.mark().await;
            let status = if is_report { 201 } else { 200 };
            let answer = by.post(path, body).await.expect(status);
            let entries = app.since(&mark).await;
            if is_report {
                assert_eq!(entries[0]["metadata"][*field], "2026-07-01T00:00:00.250Z");
            } else {
                assert_eq!(answer["release"]["scheduled_release_at"], "2026-12-05T11:00:00.123Z");
            }
        }
    }

    async fn an_integer_has_no_sign_and_no_leading_zeros(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        for number in ["", "+2", "02", "002", " 2", "2 ", "2.0", "2e0", "0x2", "٢", "two"] {
            for path in ["cases", "users", "alerts", "reviews", "audit-log", "job-runs", "outbox", "reports/system-events"] {
                let list = by.get(&with(path, "limit", number)).await;
                assert_refused(&list, 400, "invalid_parameter", "query /limit", number);
            }
            let form = crate::app::Form::new().text("document_type", "report").text("report_number", number);
            let answer = by.upload(&case.url("documents"), &form.file("r.pdf", "application/pdf", PDF)).await;
            assert_refused(&answer, 422, "validation_failed", "body /report_number", number);
            let answer = by.patch("settings", json!({"default_case_due_days": number})).await;
            assert_refused(&answer, 422, "validation_failed", "body /default_case_due_days", number);
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        assert_eq!(by.get("cases?limit=2").await.expect(200)["page"]["limit"], 2);
    }

    async fn an_id_is_hyphenated(app) {
        let case = app.a_case().accepted().create().await;
        let (by, tech) = (app.as_admin().await, app.tech(2).await);
        let id = tech.id.to_string();
        let mark = app.mark().await;
        for spelled in [id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}"), format!(" {id}"), String::new()] {
            let assign = by.post(&case.url("assign"), json!({"assigned_to": spelled, "reason": "a"})).await;
            assert_refused(&assign, 422, "validation_failed", "body /assigned_to", &spelled);
            let export = json!({"export_type": "cases", "format": "csv", "record_count": 1, "user_id": spelled});
            let export = by.post("ingest/bulk-exports", export).await;
            assert_refused(&export, 422, "validation_failed", "body /user_id", &spelled);
            let reset = json!({"quarter": "2026-Q4", "resets": [{"user_id": spelled, "new_allowance": 1}]});
            let reset = by.post("ingest/credit-resets", reset).await;
            assert_refused(&reset, 422, "validation_failed", "body /resets/0/user_id", &spelled);
            let filters = [("cases", "assigned_to"), ("audit-log", "actor_id"), ("reviews", "reviewer_id")];
            for (path, name) in filters.into_iter().chain([("reports/user-activity", "user_id")]) {
                let list = by.get(&with(path, name, &spelled)).await;
                assert_refused(&list, 400, "invalid_parameter", &format!("query /{name}"), &spelled);
            }
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        let body = json!({"assigned_to": id.to_uppercase(), "reason": "a"});
        assert_eq!(by.post(&case.url("assign"), body).await.expect(200)["assigned_to"]["id"], id);
        let list = by.get(&format!("cases?assigned_to={}", id.to_uppercase())).await.expect(200);
        assert_eq!(list["data"][0]["id"], case.id());
    }
}
