//! Listing the log.

use super::world::{break_audit_log, data, happened, ids, newest_first, pages};
use crate::app::actions;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn a_list_contains_the_entries_before_it_and_is_recorded(app) {
        let known = newest_first(happened(app).await);
        let by = app.as_manager().await;
        let mark = app.mark().await;

        let answer = by.get("audit-log?limit=200&outcome=success&action_type=case_held&q=stub").await;

        let list = answer.expect(200);
        let seen = app.since(&mark).await;
        let expected: Vec<Json> = known
            .iter()
            .filter(|entry| entry["action_type"] == "case_held" && entry["description"].as_str().unwrap().contains("stub"))
            .cloned()
            .collect();
        assert_eq!(ids(&data(&list)), ids(&expected));
        let page = json!({"next_cursor": null, "has_more": false, "limit": 200, "total": null, "total_is_capped": false});
        assert_eq!(list["page"], page);
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""));
        assert_eq!(actions(&seen), ["audit_log_accessed"]);
        assert_eq!(seen[0]["metadata"], json!({
            "view_type": "main_dashboard",
            "filters": {"outcome": ["success"], "action_type": ["case_held"], "q": "stub"},
        }));
        assert_eq!((&seen[0]["actor"]["username"], &seen[0]["source"]), (&json!("manager"), &json!("endpoint")));
        assert_eq!(seen[0]["request_id"], answer.header("x-request-id"));
    }

    async fn a_list_does_not_contain_its_own_entry_but_the_next_one_does(app) {
        let by = app.as_manager().await;
        let mark = app.mark().await;

        let first = by.get("audit-log").await.expect(200);

        assert_eq!(data(&first).len(), mark.len());
        let own = app.since(&mark).await;
        let second = by.get("audit-log").await.expect(200);
        assert_eq!(data(&second)[0]["id"], own[0]["id"]);
        assert_eq!(data(&second).len(), mark.len() + 1);
    }

    async fn an_entry_has_every_field_of_the_contract(app) {
        happened(app).await;
        let by = app.as_manager().await;

        let list = by.get("audit-log?request_id=request-of-a-hold").await.expect(200);

        let mut entry = data(&list)[0].clone();
        let case = entry["case"]["id"].clone();
        let number = entry["case"]["case_number"].as_str().unwrap().to_owned();
        assert_eq!(entry["actor"]["id"].as_str().unwrap(), by.id());
        assert_eq!((&entry["object_type"], &entry["object_id"]), (&json!("case"), &case));
        for volatile in ["id", "case", "object_id", "actor"] {
            entry[volatile] = json!("…");
        }
        let held_at = "2026-12-02T05:03:00.000Z";
        assert_eq!(entry, json!({
            "id": "…", "sequence": null, "occurred_at": held_at, "action_type": "case_held",
            "action_label": "Case Placed on Hold",
            "category": "case", "outcome": "success", "source": "automatic", "actor_type": "user", "actor": "…",
            "api_key_id": null, "api_key_name": null, "actor_label": "manager",
            "description": format!("Case {number} placed on hold: 100% Ärger_with \\ pay stub"),
            "case": "…", "document": null, "related_user": null, "object_type": "case", "object_id": "…",
            "changes": {
                "status": change("Status", json!("accepted"), json!("hold")),
                "hold_reason": change("Hold reason", json!(null), json!("100% Ärger_with \\ pay stub")),
                "held_at": change("Held at", json!(null), json!(held_at)),
                "hold_duration_days": change("Hold duration (days)", json!(null), json!(14.0)),
                "hold_expected_end_at": change("Hold expected end at", json!(null), json!("2026-12-16T05:03:00.000Z")),
            },
            "metadata": {
                "reason": "100% Ärger_with \\ pay stub", "held_at": held_at, "expected_duration_days": 14.0,
                "expected_end_at": "2026-12-16T05:03:00.000Z", "previous_status": "accepted",
            },
            "ip_address": "127.0.0.1", "user_agent": null, "request_id": "request-of-a-hold",
        }).as_object().map(|whole| json!(whole)).map(normalised).unwrap());
    }

    async fn paging_neither_skips_nor_duplicates_entries_while_others_write(app) {
        let known = newest_first(happened(app).await);
        let by = app.as_manager().await;
        let mark = newest_first(app.mark().await);
        let (mut entries, mut path) = (Vec::new(), "audit-log?limit=7".to_owned());
        let mut pages_read = 0;
        loop {
            let answer = by.get(&path).await;
            let list = answer.expect(200);
            entries.extend(data(&list));
            app.a_case().accepted().create().await;
            pages_read += 1;
            let Some(cursor) = list["page"]["next_cursor"].as_str() else { break };
            assert_eq!(answer.header("link"), format!("</api/v1/audit-log?limit=7&cursor={cursor}>; rel=\"next\""));
            path = format!("audit-log?limit=7&cursor={cursor}");
        }
        assert_eq!(ids(&entries), ids(&mark));
        assert!(pages_read > 4 && entries.len() >= known.len());
        let accesses = app.all_entries().await.into_iter().filter(|entry| {
            entry["action_type"] == "audit_log_accessed" && entry["actor_label"] == "manager"
        });
        assert_eq!(accesses.count(), 1, "one look, however many pages");
    }

    async fn several_categories_are_paginated_as_one_list(app) {
        let known = newest_first(happened(app).await);
        let by = app.as_manager().await;

        let found = pages(&by, "audit-log?category=case&category=review&limit=3").await;

        let is_wanted = |entry: &&Json| {
            let action = entry["action_type"].as_str().unwrap();
            action.starts_with("case_") || action.starts_with("review_")
        };
        assert_eq!(ids(&found), ids(&known.iter().filter(is_wanted).cloned().collect::<Vec<_>>()));
    }

    async fn a_cursor_is_valid_only_for_its_caller_list_and_filters(app) {
        happened(app).await;
        let (by, other) = (app.as_manager().await, app.as_admin().await);
        let list = by.get("audit-log?limit=2&outcome=success").await.expect(200);
        let cursor = list["page"]["next_cursor"].as_str().unwrap();
        let mark = app.mark().await;
        for (who, path) in [
            (&other, format!("audit-log?limit=2&outcome=success&cursor={cursor}")),
            (&by, format!("audit-log?limit=2&outcome=denied&cursor={cursor}")),
            (&by, format!("audit-log?limit=2&cursor={cursor}")),
            (&by, format!("auth/me/activity?limit=2&cursor={cursor}")),
            (&by, format!("audit-log?limit=2&outcome=success&cursor=x{cursor}")),
        ] {
            who.get(&path).await.expect_problem(400, "invalid_cursor");
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        by.get(&format!("audit-log?outcome=success&limit=5&cursor={cursor}")).await.expect(200);
    }

    async fn a_page_costs_the_same_statements_whatever_its_size(app) {
        happened(app).await;
        let by = app.as_manager().await;
        // A caller who was read a moment ago is not read before the page.
        by.get("auth/me").await.expect(200);
        let mut costs = Vec::new();
        for limit in [1, 20, 200] {
            app.statements();
            by.get(&format!("audit-log?limit={limit}&include_total=true")).await.expect(200);
            costs.push(app.statements().len());
        }
        assert!(costs.iter().all(|cost| *cost == costs[0]) && costs[0] <= 10, "{costs:?}");
    }

    async fn a_list_that_cannot_be_recorded_shows_nothing(app) {
        let case = app.a_case().accepted().create().await;
        let (by, member) = (app.as_manager().await, app.as_member().await);
        let mark = app.mark().await;
        let entry = mark[0]["id"].as_str().unwrap().to_owned();
        break_audit_log(app).await;
        for path in [
            "audit-log".to_owned(),
            format!("audit-log/{entry}"),
            "audit-log/export.csv".to_owned(),
            "audit-log/export.ndjson".to_owned(),
            case.url("audit-trail"),
            format!("users/{}/audit-trail", by.id()),
        ] {
            let answer = by.get(&path).await;
            let problem = answer.expect_problem(503, "audit_unavailable");
            assert!(problem["data"].is_null() && !answer.text.contains("case_created"), "{path}");
            assert_eq!(answer.header("retry-after"), "1");
        }
        member.get(&case.url("audit-trail")).await.expect_problem(503, "audit_unavailable");
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
    }

    async fn members_and_technicians_cannot_read_the_log_and_service_accounts_with_the_scope_can(app) {
        let refused = [app.as_member().await, app.as_tech(3).await];
        let mark = app.mark().await;
        app.as_anonymous().get("audit-log").await.expect_problem(401, "unauthorized");
        assert_eq!(app.since(&mark).await.len(), 0);
        for by in &refused {
            for path in
                ["audit-log", "audit-log?actor=x", "audit-log/export.csv", "audit-log/01a20725-be30-7584-bca5-f00e655c90d6"]
            {
                by.get(path).await.expect_problem(403, "forbidden");
            }
        }
        let seen = app.since(&mark).await;
        assert_eq!(seen.len(), 8);
        assert!(seen.iter().all(|entry| entry["action_type"] == "audit_log_accessed" && entry["outcome"] == "denied"));
        assert_eq!(seen[0]["metadata"], json!({"operation": "list_audit_log", "code": "forbidden"}));

        let service = app.user("service1", entity::user::Role::Service, None).await;
        app.as_user(&service).await.get("audit-log").await.expect(200);
        assert_eq!(app.mark().await.last().unwrap()["source"], "service");
    }
}

/// A change of a field that doesn't refer to people.
fn change(field_label: &str, from: Json, to: Json) -> Json {
    json!({"field_label": field_label, "from": from, "from_label": null, "to": to, "to_label": null})
}

/// As a JSON reader sees numbers: 14 and 14.0 are the same.
fn normalised(value: Json) -> Json {
    match value {
        Json::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 => json!(whole as i64),
            _ => Json::Number(number),
        },
        Json::Object(fields) => fields.into_iter().map(|(name, value)| (name, normalised(value))).collect(),
        Json::Array(items) => items.into_iter().map(normalised).collect(),
        other => other,
    }
}
