//! A case with its documents, notes and review steps in one response.

use super::visibility::with_role;
use crate::app::{Client, Scene, TestApp, actions};
use crate::contract::recipes::add_report;
use crate::documents::pay_stub;
use entity::user::{Level, Role};
use serde_json::{Value as Json, json};

/// A case with something in each part, also in those that members do not see.
async fn a_full_case(app: &TestApp) -> Scene {
    let case = app.a_case().pending_review().create().await;
    add_report(app, &case, 1).await;
    app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    for (body, visibility) in [("They called twice.", "internal"), ("Please send the pay stub.", "shared")] {
        let note = json!({"body": body, "visibility": visibility});
        app.as_manager().await.post(&case.url("notes"), note).await.expect(201);
    }
    case
}

/// What the separate operations return.
async fn parts(by: &Client<'_>, case: &Scene, shows_reviews: bool) -> Json {
    let part = async |path: String| by.get(&path).await.expect(200);
    let list = async |name: &str| part(format!("{}?limit=200", case.url(name))).await;
    let reviews = if shows_reviews { part(case.url("reviews")).await } else { Json::Null };
    let (documents, notes) = (list("documents").await, list("notes").await);
    json!({"case": part(case.path()).await, "documents": documents, "notes": notes, "reviews": reviews})
}

on_each_database! {
    async fn the_file_of_a_case_is_what_its_parts_are_for_each_reader(app) {
        let case = a_full_case(app).await;
        let staff = [app.as_tech(3).await, app.as_manager().await, app.as_admin().await];
        for by in &staff {
            let file = by.get(&case.url("file")).await.expect(200);
            assert_eq!(file, parts(by, &case, true).await);
            assert_eq!(file["documents"]["data"].as_array().map(Vec::len), Some(2));
            assert_eq!(file["notes"]["data"].as_array().map(Vec::len), Some(2));
            assert_ne!(file["reviews"]["data"], json!([]));
        }
        let member = app.as_member().await;
        let file = member.get(&case.url("file")).await.expect(200);
        assert_eq!(file, parts(&member, &case, false).await);
        assert_eq!(file["notes"]["data"].as_array().map(Vec::len), Some(1), "internal notes are hidden from members");
        let names = |file: &Json| -> Vec<Json> {
            let documents = file["documents"]["data"].as_array().into_iter().flatten();
            documents.map(|document| document["filename"].clone()).collect()
        };
        assert_eq!(names(&file), ["pay stub.pdf"], "reports are hidden from members until the release");
        assert!(names(&staff[0].get(&case.url("file")).await.expect(200)).contains(&json!("report-1.pdf")));
    }

    async fn staff_whose_own_case_it_is_see_no_reviews(app) {
        let member = app.user("member2", Role::Member, None).await;
        let case = app.a_case().owned_by(&member).pending_review().create().await;
        for (role, level) in [(Role::Technician, Some(Level::Three)), (Role::Manager, None), (Role::Administrator, None)] {
            let by = app.as_user(&with_role(app, &member, role, level).await).await;
            by.get(&case.url("reviews")).await.expect_problem(403, "forbidden");
            let file = by.get(&case.url("file")).await.expect(200);
            assert_eq!(file, parts(&by, &case, false).await, "{role:?}");
        }
    }

    async fn what_is_over_two_hundred_notes_is_read_page_by_page(app) {
        let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
        for number in 0..202 {
            by.post(&case.url("notes"), json!({"body": format!("Note {number}"), "visibility": "shared"})).await.expect(201);
        }
        let file = by.get(&case.url("file")).await.expect(200);
        let shown = &file["notes"];
        assert_eq!((shown["data"].as_array().map(Vec::len), &shown["page"]["has_more"]), (Some(200), &json!(true)));
        let cursor = shown["page"]["next_cursor"].as_str().expect("a cursor");
        let rest = by.get(&format!("{}?cursor={cursor}", case.url("notes"))).await.expect(200);
        let bodies: Vec<&Json> = rest["data"].as_array().unwrap().iter().map(|note| &note["body"]).collect();
        assert_eq!(bodies, [&json!("Note 1"), &json!("Note 0")]);
        let in_capitals = format!("cases/{}/notes?cursor={cursor}", case.id().to_string().to_uppercase());
        assert_eq!(by.get(&in_capitals).await.expect(200)["data"], rest["data"]);
        let elsewhere = format!("{}?cursor={cursor}", case.url("documents"));
        by.get(&elsewhere).await.expect_problem(400, "invalid_cursor");
    }

    async fn it_has_no_etag_since_parts_change_without_the_case(app) {
        let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
        let answer = by.clone().with("If-None-Match", "*").get(&case.url("file")).await;
        assert_eq!((answer.status(), answer.headers.get("etag")), (200, None));
        let version = answer.expect(200)["case"]["version"].clone();
        let by = by.with("If-Match", &format!("\"{version}\""));
        by.patch(&case.path(), json!({"internal_notes": "x"})).await.expect(200);
    }

    async fn hidden_and_absent_cases_are_not_found_and_recorded(app) {
        let case = app.a_case().create().await;
        let by = app.as_user(&app.user("member2", Role::Member, None).await).await;
        let mark = app.mark().await;
        let hidden = by.get(&case.url("file")).await.expect_problem(404, "not_found");
        let absent = by.get("cases/01a20725-be30-7584-bca5-f00e655c90d6/file").await.expect_problem(404, "not_found");
        by.get("cases/%00/file").await.expect_problem(404, "not_found");
        assert_eq!(hidden["detail"], absent["detail"]);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other"; 3]);
        let denied = json!({"event": "access_denied", "operation": "get_case_file", "code": "not_found"});
        assert_eq!((&trail[0]["metadata"], &trail[0]["object_id"]), (&denied, &json!(case.id())));
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied"));
    }
}
