//! The audit entries of a case, and what its member may see of them.

use super::world::{change, data, ids, is_about_case, is_success, newest_first, pages};
use crate::app::{actions, at, incomplete};
use crate::documents::pay_stub;
use chrono::TimeDelta;
use entity::case::Tier;
use entity::case::lifecycle::Release;
use sea_orm::ActiveValue::Set;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn reading_the_entries_of_a_visible_case_is_recorded(app) {
        let case = app.a_case().held().create().await;
        app.a_case().held().create().await;
        let by = app.as_tech(2).await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(403, "forbidden");
        let mark = app.mark().await;

        let list = by.get(&format!("{}?limit=200", case.url("audit-trail"))).await.expect(200);

        let own: Vec<Json> = mark.iter().filter(|entry| entry["case"]["id"] == case.id()).cloned().collect();
        assert_eq!(ids(&data(&list)), ids(&newest_first(own)));
        assert!(mark.iter().filter(|entry| is_success(entry)).any(|entry| is_about_case(entry, case.case.id)));
        let seen = app.since(&mark).await;
        assert_eq!(actions(&seen), ["audit_log_accessed"]);
        assert_eq!(seen[0]["metadata"], json!({"view_type": "case_trail", "filters": {}}));
        assert_eq!(seen[0]["case"], json!({"id": case.id(), "case_number": case.case.case_number}));
        let again = by.get(&case.url("audit-trail")).await.expect(200);
        assert_eq!((&data(&again)[0]["id"], &again["page"]["limit"]), (&seen[0]["id"], &json!(25)));
    }

    async fn entries_of_a_case_are_filtered_by_type_and_period_and_paginated(app) {
        let case = app.a_case().held().create().await;
        app.pass(TimeDelta::days(1));
        change(app, case.case.id, |case, _| case.resume()).await;
        let by = app.as_manager().await;
        let trail = case.url("audit-trail");
        let found = by.get(&format!("{trail}?action_type=case_held&action_type=case_resumed")).await.expect(200);
        assert_eq!(actions(&data(&found)), ["case_resumed", "case_held"]);
        let found = by.get(&format!("{trail}?since=2026-12-02&until=2026-12-02")).await.expect(200);
        assert!(actions(&data(&found)).contains(&"case_resumed") && !actions(&data(&found)).contains(&"case_held"));
        let mark = newest_first(app.mark().await.into_iter().filter(|entry| entry["case"]["id"] == case.id()).collect());
        assert_eq!(ids(&pages(&by, &format!("{trail}?limit=2")).await), ids(&mark));
        by.get(&format!("{trail}?actor_id={}", by.id())).await.expect_problem(400, "invalid_parameter");
        by.get(&format!("{trail}?since=2026-12-02&until=2026-12-01")).await.expect_problem(400, "invalid_period");
    }

    async fn the_entry_that_set_a_field_is_found(app) {
        let case = app.a_case().accepted().create().await;
        change(app, case.case.id, |case, _| case.change_tier(Tier::Two, None, true)).await;
        change(app, case.case.id, |case, _| case.adjust_credit(25)).await;
        change(app, case.case.id, |case, _| case.change_tier(Tier::Three, None, true)).await;
        app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let own = newest_first(app.mark().await.into_iter().filter(|entry| entry["case"]["id"] == case.id()).collect());
        let trail = case.url("audit-trail");
        let service = app.user("service1", entity::user::Role::Service, None).await;
        for by in [app.as_tech(2).await, app.as_tech(3).await, app.as_manager().await, app.as_admin().await] {
            let fields = ["tier", "credit_value", "status", "filename", "assigned_to_id", "rejection_reason"];
            let mark = app.mark().await;
            for field in fields {
                let found = by.get(&format!("{trail}?changed_field={field}&include_total=true")).await.expect(200);
                let expected: Vec<Json> = own.iter().filter(|entry| !entry["changes"][field].is_null()).cloned().collect();
                assert_eq!(ids(&data(&found)), ids(&expected), "{field}");
                assert_eq!(found["page"]["total"], expected.len(), "{field}");
            }
            let seen = app.since(&mark).await;
            let filters: Vec<Json> = seen.iter().map(|entry| entry["metadata"]["filters"].clone()).collect();
            assert_eq!(filters, fields.map(|field| json!({"changed_field": field})));
            let newest = by.get(&format!("{trail}?changed_field=tier&limit=1")).await.expect(200);
            assert_eq!(data(&newest)[0]["changes"]["tier"]["to"], "tier_3");
            let oldest = by.get(&format!("{trail}?changed_field=tier&limit=1&sort=occurred_at")).await.expect(200);
            assert_eq!(data(&oldest)[0]["changes"]["tier"]["to"], "tier_1");
        }
        app.as_user(&service).await.get(&format!("{trail}?changed_field=tier")).await.expect_problem(404, "not_found");
    }

    async fn a_field_that_no_entry_can_show_is_refused_by_name(app) {
        let case = app.a_case().accepted().create().await;
        for by in [app.as_member().await, app.as_tech(3).await, app.as_manager().await] {
            for field in ["", "Tier", "secret_moves", "no_such_field", "tier,status"] {
                let refused = by.get(&format!("{}?changed_field={field}", case.url("audit-trail"))).await;
                refused.expect_problem(400, "invalid_parameter");
                assert_eq!(refused.faults(), ["query /changed_field"], "{field}");
            }
            let refused = by.get(&format!("{}?changed_field=tier&changed_field=status", case.url("audit-trail"))).await;
            refused.expect_problem(400, "invalid_parameter");
        }
    }

    async fn what_a_member_does_not_see_is_not_found_by_its_field(app) {
        let case = app.a_case().accepted().create().await;
        let id = case.case.id;
        let (manager, member) = (app.as_manager().await, app.as_member().await);
        change(app, id, |case, _| case.change_tier(Tier::Two, None, true)).await;
        change(app, id, |case, _| edited(case, |row| {
            row.internal_notes = Set(Some("secret".to_owned()));
            row.special_notes = Set(Some("for all".to_owned()));
        })).await;
        member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        manager.post(&case.url("notes"), json!({"body": "call", "visibility": "shared"})).await.expect(201);
        manager.post(&case.url("hold"), json!({"reason": "passport missing"})).await.expect(200);
        change(app, id, |case, _| case.resume()).await;
        let assignee = app.tech(3).await;
        let later = app.clock.now() + TimeDelta::days(1);
        change(app, id, |case, tx| case.complete(incomplete(&assignee, Release::At(later)), tx.now())).await;
        let all = data(&member.get(&format!("{}?limit=200", case.url("audit-trail"))).await.expect(200));
        let mut found_by_any = 0;
        for field in entity::registry::changed_fields() {
            let found = member.get(&format!("{}?changed_field={field}&include_total=true", case.url("audit-trail"))).await;
            let found = found.expect(200);
            let shown: Vec<Json> = all.iter().filter(|entry| !entry["changes"][field].is_null()).cloned().collect();
            assert_eq!(data(&found), shown, "{field}");
            assert_eq!(found["page"]["total"], shown.len(), "{field}: the total gives nothing away");
            found_by_any += shown.len();
        }
        assert!(found_by_any > 10);
        for field in ["tier", "assigned_to_id", "internal_notes", "filename", "visibility", "completed_at"] {
            assert!(all.iter().all(|entry| entry["changes"][field].is_null()), "{field}");
        }
    }

    async fn a_hidden_case_and_an_absent_one_are_both_not_found(app) {
        let (draft, case) = (app.a_case().create().await, app.a_case().accepted().create().await);
        let stranger = app.user("member2", entity::user::Role::Member, None).await;
        let (stranger, technician) = (app.as_user(&stranger).await, app.as_tech(1).await);
        let service = app.user("service1", entity::user::Role::Service, None).await;
        let service = app.as_user(&service).await;
        let mark = app.mark().await;
        stranger.get(&case.url("audit-trail")).await.expect_problem(404, "not_found");
        technician.get(&draft.url("audit-trail")).await.expect_problem(404, "not_found");
        service.get(&case.url("audit-trail")).await.expect_problem(404, "not_found");
        technician.get("cases/01a20725-be30-7584-bca5-f00e655c90d6/audit-trail").await.expect_problem(404, "not_found");
        technician.get("cases/1/audit-trail").await.expect_problem(404, "not_found");
        let seen = app.since(&mark).await;
        assert_eq!(seen.len(), 5);
        assert!(seen.iter().all(|entry| entry["action_type"] == "audit_log_accessed" && entry["outcome"] == "denied"));
        let named: Vec<_> = seen.iter().map(|entry| entry["case"]["id"].clone()).collect();
        let hidden = [case.id(), draft.id(), case.id()].map(Json::from);
        assert_eq!(named[..3], hidden, "those who read the log find it");
        assert!(named[3..].iter().all(Json::is_null));
    }

    async fn the_trail_of_a_deleted_case_is_read_by_those_who_read_the_log(app) {
        let (draft, case) = (app.a_case().create().await, app.a_case().accepted().create().await);
        let (member, admin) = (app.as_member().await, app.as_admin().await);
        assert_eq!(member.delete(&draft.path()).await.status(), 204);
        assert_eq!(admin.delete(&format!("{}?reason=twice", case.path())).await.status(), 204);
        let service = app.user("service1", entity::user::Role::Service, None).await;
        let service = app.as_user(&service).await;
        for case in [&draft, &case] {
            for by in [&app.as_manager().await, &admin, &service] {
                let mark = app.mark().await;
                let own = mark.iter().filter(|entry| entry["case"]["id"] == case.id()).cloned().collect();
                let list = by.get(&format!("{}?limit=200", case.url("audit-trail"))).await.expect(200);
                assert_eq!(ids(&data(&list)), ids(&newest_first(own)));
                let of_deletion = data(&list).into_iter().find(|entry| entry["metadata"]["event"] == "case_deleted");
                assert_eq!(of_deletion.unwrap()["changes"]["deleted_at"]["to"], "2026-12-01T15:00:00.000Z");
                let seen = app.since(&mark).await;
                assert_eq!((actions(&seen), &seen[0]["case"]["id"]), (vec!["audit_log_accessed"], &json!(case.id())));
            }
            // The case itself remains hidden from everyone.
            admin.get(&case.path()).await.expect_problem(404, "not_found");
            for by in [&member, &app.as_tech(3).await] {
                by.get(&case.url("audit-trail")).await.expect_problem(404, "not_found");
            }
        }
    }

    async fn a_service_account_without_the_scope_reads_no_trail_of_a_deleted_case(app) {
        let case = app.a_case().create().await;
        let body = json!({
            "username": "etl", "email": "etl@example.org", "first_name": "Data", "last_name": "Warehouse", "role": "service",
            "scopes": ["ingest", "reports:read"],
        });
        let key = app.as_admin().await.post("users", body).await.expect(201)["api_key"].as_str().unwrap().to_owned();
        assert_eq!(app.as_member().await.delete(&case.path()).await.status(), 204);
        app.with_token(&key).get(&case.url("audit-trail")).await.expect_problem(404, "not_found");
    }

    async fn a_member_sees_the_changes_of_a_case_and_no_internal_work_of_the_staff(app) {
        let case = app.a_case().accepted().create().await;
        let id = case.case.id;
        let manager = app.as_manager().await;
        app.as_tech(2).await.post(&case.url("hold"), json!({"reason": "secret attempt"})).await.expect_problem(403, "forbidden");
        change(app, id, |case, _| case.change_tier(Tier::Two, None, true)).await;
        change(app, id, |case, _| case.adjust_credit(25)).await;
        change(app, id, |case, _| edited(case, |row| row.internal_notes = Set(Some("secret".to_owned())))).await;
        change(app, id, |case, _| edited(case, |row| {
            row.internal_notes = Set(Some("secret too".to_owned()));
            row.special_notes = Set(Some("for all".to_owned()));
        })).await;
        manager.post(&case.url("hold"), json!({"reason": "passport missing"})).await.expect(200);
        change(app, id, |case, _| case.resume()).await;
        manager.get(&case.url("audit-trail")).await.expect(200);
        let member = app.as_member().await;
        let mark = app.mark().await;

        let list = member.get(&format!("{}?include_total=true", case.url("audit-trail"))).await.expect(200);

        let entries = data(&list);
        assert_eq!(actions(&entries), [
            "case_resumed", "case_held", "case_updated", "case_updated", "case_status_changed", "case_submitted", "case_created",
        ]);
        assert_eq!(list["page"]["total"], 7, "the total gives nothing away");
        assert!(entries.iter().all(|entry| entry["ip_address"].is_null() && entry["user_agent"].is_null()));
        let metadata: Vec<&Json> = entries.iter().map(|entry| &entry["metadata"]).collect();
        let (resumed, held) = (json!({"hold_reason": "passport missing"}), json!({"reason": "passport missing"}));
        assert_eq!(metadata[..2], [&resumed, &held]);
        assert!(metadata[2..].iter().all(|metadata| **metadata == json!({})));
        let credit = json!({
            "field_label": "Credit value", "from": "2.0", "from_label": null, "to": "2.5", "to_label": null,
        });
        assert_eq!(entries[3]["changes"], json!({"credit_value": credit}));
        assert_eq!(entries[2]["changes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["special_notes"]);
        assert!(
            entries
                .iter()
                .all(|entry| ["tier", "assigned_to_id", "internal_notes"].iter().all(|f| entry["changes"][f].is_null()))
        );
        assert!(!list.to_string().contains("secret") && !list.to_string().contains("tier"));
        let seen = app.since(&mark).await;
        assert_eq!((actions(&seen), &seen[0]["actor"]["role"]), (vec!["audit_log_accessed"], &json!("member")));
    }

    async fn a_member_sees_a_completion_once_its_result_is_released(app) {
        let case = app.a_case().completed_until(at("2026-12-03T15:00:00Z")).create().await;
        let url = format!("{}?action_type=case_status_changed", case.url("audit-trail"));
        let moves = async || -> Vec<Json> {
            let list = app.as_member().await.get(&url).await.expect(200);
            data(&list).iter().map(|entry| entry["changes"]["status"]["to"].clone()).collect()
        };
        assert_eq!(moves().await, ["accepted"]);
        // Undone before anyone was notified: for the member it never happened.
        let assignee = app.tech(3).await;
        change(app, case.case.id, |case, _| case.reopen(Some(&assignee))).await;
        assert_eq!(moves().await, ["accepted"]);
        app.pass(TimeDelta::days(3));
        let later = app.clock.now() + TimeDelta::days(1);
        change(app, case.case.id, |case, tx| case.complete(incomplete(&assignee, Release::At(later)), tx.now())).await;
        assert_eq!(moves().await, ["accepted"]);
        app.pass(TimeDelta::days(1));
        assert_eq!(moves().await, ["completed", "accepted"]);
    }

    async fn a_member_sees_no_review(app) {
        let case = app.a_case().pending_review().create().await;
        let list = app.as_member().await.get(&case.url("audit-trail")).await.expect(200);
        assert_eq!(actions(&data(&list)), ["case_status_changed", "case_status_changed", "case_submitted", "case_created"]);
        let staff = app.as_manager().await.get(&case.url("audit-trail")).await.expect(200);
        assert!(actions(&data(&staff)).contains(&"review_submitted"));
    }
}

fn edited(
    case: entity::case::Model,
    change: impl FnOnce(&mut entity::case::ActiveModel),
) -> Result<entity::case::ActiveModel, entity::case::CaseRefusal> {
    let mut row = sea_orm::IntoActiveModel::into_active_model(case);
    change(&mut row);
    Ok(row)
}
