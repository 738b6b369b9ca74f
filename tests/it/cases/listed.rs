//! What the items of the case list show, and to whom.

use crate::app::{Client, Scene, TestApp, at};
use crate::contract::recipes;
use crate::documents::pay_stub;
use entity::user::Role;
use serde_json::{Value as Json, json};

/// What the list and the case itself have in common.
const SHARED: [&str; 20] = [
    "case_number",
    "version",
    "status",
    "is_on_hold",
    "workshop_code",
    "employee_first_name",
    "employee_last_name",
    "num_reports_requested",
    "urgency",
    "due_on",
    "tier",
    "member",
    "assigned_to",
    "hold",
    "release",
    "submitted_at",
    "accepted_at",
    "completed_at",
    "updated_at",
    "allowed_actions",
];

/// The case as the list shows it.
async fn listed(by: &Client<'_>, case: &Scene) -> Json {
    let list = by.get("cases?limit=200").await.expect(200);
    let found = list["data"].as_array().unwrap().iter().find(|listed| listed["id"] == case.id());
    found.unwrap_or_else(|| panic!("{} is not listed", case.case.case_number)).clone()
}

/// Each field of the list is that of the case, and the numbers are those of the lists of its documents and notes.
async fn assert_listed_as_shown(by: &Client<'_>, case: &Scene) -> Json {
    let (listed, shown) = (listed(by, case).await, by.get(&case.path()).await.expect(200));
    for field in SHARED {
        assert_eq!(listed[field], shown[field], "{field} of {}", case.case.case_number);
    }
    for (field, part) in [("document_count", "documents"), ("note_count", "notes")] {
        let list = by.get(&format!("{}?include_total=true", case.url(part))).await.expect(200);
        assert_eq!(listed[field], list["page"]["total"], "{field} of {}", case.case.case_number);
    }
    listed
}

async fn write_notes(app: &TestApp, case: &Scene) {
    let by = app.as_manager().await;
    for visibility in ["internal", "shared", "internal"] {
        by.post(&case.url("notes"), json!({"body": "They called.", "visibility": visibility})).await.expect(201);
    }
}

on_each_database! {
    async fn a_case_is_listed_as_it_is_shown_to_each_caller(app) {
        let (member, manager) = (app.as_member().await, app.as_manager().await);
        let callers = [member.clone(), app.as_tech(1).await, app.as_tech(3).await, manager.clone(), app.as_admin().await];
        let scheduled = app.a_case().accepted().create().await;
        manager.upload(&scheduled.url("documents"), &recipes::report(1)).await.expect(201);
        let later = json!({"override_incomplete": true, "release": "scheduled", "release_at": "2026-12-10T00:00:00Z"});
        manager.post(&scheduled.url("complete"), later).await.expect(200);
        let released = app.a_case().accepted().create().await;
        manager.upload(&released.url("documents"), &recipes::report(1)).await.expect(201);
        manager.post(&released.url("complete"), json!({"override_incomplete": true, "release": "now"})).await.expect(200);
        let held = app.a_case().accepted().create().await;
        manager.post(&held.url("hold"), json!({"reason": "waiting for pay stub", "hold_duration_days": 14})).await.expect(200);
        let accepted = app.a_case().accepted().create().await;
        member.upload(&accepted.url("documents"), &pay_stub()).await.expect(201);
        let cases = [
            scheduled,
            released,
            held,
            accepted,
            app.a_case().submitted().create().await,
            app.a_case().pending_review().create().await,
        ];
        for case in &cases {
            write_notes(app, case).await;
        }
        let texts = json!({
            "client_email": "ada.moss@example.org", "special_notes": "call first", "internal_notes": "a friend of the house",
            "report_notes_to_member": "see page 3",
        });
        for case in &cases[2..] {
            manager.patch(&case.path(), texts.clone()).await.expect(200);
        }
        for (place, by) in callers.iter().enumerate() {
            let items = [
                assert_listed_as_shown(by, &cases[0]).await,
                assert_listed_as_shown(by, &cases[1]).await,
                assert_listed_as_shown(by, &cases[2]).await,
                assert_listed_as_shown(by, &cases[3]).await,
                assert_listed_as_shown(by, &cases[4]).await,
                assert_listed_as_shown(by, &cases[5]).await,
            ];
            let is_member = place == 0;
            assert_eq!(items[0]["completed_at"].is_null(), is_member, "an unreleased completion is kept from its member");
            assert_eq!(items[0]["release"].is_null(), is_member);
            assert_eq!(items.clone().map(|item| item["note_count"].clone()), if is_member { [1; 6] } else { [3; 6] });
            let documents = items.map(|item| item["document_count"].as_u64().unwrap());
            assert_eq!(documents, if is_member { [0, 1, 0, 1, 0, 0] } else { [1, 1, 0, 1, 0, 0] });
        }
        assert_eq!(listed(&member, &cases[2]).await["hold"]["reason"], "waiting for pay stub");
        assert_eq!(listed(&member, &cases[2]).await["hold"]["expected_end_at"], "2026-12-15T15:00:00.000Z");

        app.clock.set(at("2026-12-10T00:00:00Z"));
        let item = assert_listed_as_shown(&app.as_member().await, &cases[0]).await;
        assert_eq!((&item["document_count"], &item["status"]), (&json!(1), &json!("completed")));
    }

    async fn a_member_is_offered_a_resubmission_once_there_is_something_new(app) {
        let member = app.as_member().await;
        let offers = |item: &Json| item["allowed_actions"].as_array().unwrap().contains(&json!("resubmit"));
        let (bare, with_document, edited, done) = (
            app.a_case().submitted().create().await,
            app.a_case().submitted().create().await,
            app.a_case().submitted().create().await,
            app.a_case().completed().create().await,
        );
        member.upload(&bare.url("documents"), &pay_stub()).await.expect(201);
        app.pass(chrono::TimeDelta::seconds(1));
        for case in [&bare, &with_document, &edited] {
            let rejection = json!({"rejection_reason": "missing_documents", "rejection_notes": "the pay stub"});
            app.as_manager().await.post(&case.url("reject"), rejection).await.expect(200);
        }
        app.pass(chrono::TimeDelta::seconds(1));
        member.upload(&with_document.url("documents"), &pay_stub()).await.expect(201);
        member.patch(&edited.path(), json!({"special_notes": "call first"})).await.expect(200);
        for (case, is_offered) in [(&bare, false), (&with_document, true), (&edited, true), (&done, false)] {
            assert_eq!(offers(&assert_listed_as_shown(&member, case).await), is_offered);
        }
    }

    async fn a_list_of_cases_costs_a_constant_number_of_statements(app) {
        let (member, manager) = (app.as_member().await, app.as_manager().await);
        let mut costs = Vec::new();
        for _ in 0..3 {
            let case = app.a_case().submitted().create().await;
            member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
            let rejection = json!({"rejection_reason": "other", "rejection_notes": "because"});
            manager.post(&case.url("reject"), rejection).await.expect(200);
            write_notes(app, &app.a_case().accepted().create().await).await;
            for by in [&member, &manager] {
                app.statements();
                by.get("cases?sort=member").await.expect(200);
                costs.push(app.statements().len());
            }
        }
        assert_eq!(costs, [3, 2].repeat(3));
    }

    async fn a_list_reads_no_text_that_it_does_not_show(app) {
        app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        app.statements();
        assert_eq!(by.get("cases").await.expect(200)["data"].as_array().unwrap().len(), 1);
        let statements = app.statements();
        let list = statements.iter().find(|sql| sql.contains("listed_text")).expect("the list");
        assert!(list.contains("\"cases\".\"hold_reason\""), "{list}");
        let texts = ["client_email", "special_notes", "internal_notes", "report_notes_to_member", "review_notes"];
        for text in texts.into_iter().chain(["rejection_notes", "resubmission_notes", "search_text"]) {
            assert!(!list.contains(&format!("\"cases\".\"{text}\"")), "{text} in {list}");
        }
    }

    async fn a_foreign_member_counts_nothing_of_a_case(app) {
        let other = app.user("member2", Role::Member, None).await;
        let case = app.a_case().accepted().create().await;
        app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let list = app.as_user(&other).await.get("cases").await.expect(200);
        assert_eq!(list["data"], json!([]));
        let counted = app.as_user(&other).await.get("cases/counts?by=member").await.expect(200);
        assert_eq!(counted, json!({"by": "member", "total_cases": 0, "total_groups": 0, "data": []}));
    }
}
