//! Refused attempts: readers of the log find them by what they were about, and the refused caller learns nothing from them.

use super::world::{data, ids, newest_first};
use crate::app::{Client, Scene, TestApp, actions};
use crate::contract::recipes::add_report;
use crate::documents::{id, pay_stub};
use entity::user::Role;
use reqwest::Method;
use serde_json::{Value as Json, json};

/// No object has this id.
const ABSENT: &str = "01a20725-be30-7584-bca5-f00e655c90d6";

/// An accepted case of member1 with a report, an internal note, and an alert of its member.
struct World {
    case: Scene,
    document: String,
    note: String,
    alert: String,
}

async fn arrange(app: &TestApp) -> World {
    let case = app.a_case().accepted().create().await;
    let manager = app.as_manager().await;
    let document = add_report(app, &case, 1).await;
    let note = json!({"body": "They called twice.", "visibility": "internal"});
    let note = id(&manager.post(&case.url("notes"), note).await.expect(201));
    manager.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
    let alert = id(&app.as_member().await.get("alerts?limit=1").await.expect(200)["data"][0]);
    World { case, document, note, alert }
}

async fn stranger(app: &TestApp) -> Client<'_> {
    app.as_user(&app.user("member2", Role::Member, None).await).await
}

/// The denied entries of a list, newest first.
async fn denied(by: &Client<'_>, path: &str) -> Vec<String> {
    let list = by.get(path).await.expect(200);
    ids(&data(&list).into_iter().filter(|entry| entry["outcome"] == "denied").collect::<Vec<_>>())
}

on_each_database! {
    async fn refusals_are_found_by_the_case_its_number_and_its_member(app) {
        let World { case, document, note, alert } = arrange(app).await;
        let (stranger, member, tech) = (stranger(app).await, app.as_member().await, app.as_tech(2).await);
        let manager = app.as_manager().await;
        let document = format!("documents/{document}");
        let why = Some(json!({"reason": "because"}));
        let mark = app.mark().await;
        let attempts = [
            (&stranger, Method::GET, case.path(), None, 404),
            (&stranger, Method::GET, format!("cases/{}", case.id().to_uppercase()), None, 404),
            (&stranger, Method::GET, case.url("documents"), None, 404),
            (&stranger, Method::GET, case.url("audit-trail"), None, 404),
            (&stranger, Method::POST, case.url("resubmit"), None, 404),
            (&stranger, Method::GET, document.clone(), None, 404),
            (&stranger, Method::GET, format!("{document}/content"), None, 404),
            (&stranger, Method::DELETE, document.clone(), None, 404),
            (&stranger, Method::GET, format!("notes/{note}"), None, 404),
            (&stranger, Method::DELETE, format!("notes/{note}"), None, 404),
            (&member, Method::GET, format!("notes/{note}"), None, 404),
            (&member, Method::GET, document.clone(), None, 404),
            (&member, Method::POST, case.url("hold"), why.clone(), 403),
            (&tech, Method::POST, case.url("hold"), why.clone(), 403),
            (&tech, Method::DELETE, document.clone(), None, 403),
            (&tech, Method::DELETE, format!("notes/{note}"), None, 403),
            (&manager, Method::POST, format!("alerts/{alert}/read"), None, 404),
            (&manager, Method::POST, format!("alerts/{alert}/dismiss"), Some(json!({})), 404),
        ];
        for (by, method, path, body, status) in &attempts {
            let answer = by.send(method.clone(), path, body.clone()).await;
            assert_eq!(answer.status(), *status, "{method} {path}: {}", answer.text);
        }

        let trail = app.since(&mark).await;
        assert_eq!(trail.len(), attempts.len(), "{trail:#?}");
        let member_id = case.case.member_id;
        for entry in &trail {
            assert_eq!(entry["case"], json!({"id": case.id(), "case_number": case.case.case_number}), "{entry}");
            assert_eq!(entry["related_user"]["id"], json!(member_id), "{entry}");
            let is_document = entry["object_type"] == "document";
            assert_eq!(entry["document"]["filename"], if is_document { json!("report-1.pdf") } else { Json::Null }, "{entry}");
        }
        let expected = ids(&newest_first(trail));
        for path in [
            format!("audit-log?limit=200&outcome=denied&case_id={}", case.id()),
            format!("audit-log?limit=200&outcome=denied&case_number={}", case.case.case_number),
            format!("audit-log?limit=200&outcome=denied&related_user_id={member_id}"),
            format!("{}?limit=200", case.url("audit-trail")),
            format!("users/{member_id}/audit-trail?limit=200"),
        ] {
            assert_eq!(denied(&manager, &path).await, expected, "{path}");
        }
        assert_eq!(denied(&tech, &format!("{}?limit=200", case.url("audit-trail"))).await, expected, "the staff's view");
        assert_eq!(denied(&member, &format!("{}?limit=200", case.url("audit-trail"))).await, [""; 0], "the member's view");
    }

    async fn refusals_are_found_by_the_person_they_are_about(app) {
        let (member, service) = (app.user("member1", Role::Member, None).await, app.user("etl", Role::Service, None).await);
        let (manager, tech) = (app.as_manager().await, app.as_tech(2).await);
        let stranger = stranger(app).await;
        for (user, attempts) in [
            (&member, vec![
                (&stranger, Method::GET, "", None, 404),
                (&stranger, Method::GET, "/credit-allowances", None, 404),
                (&stranger, Method::PATCH, "", Some(json!({"first_name": "Mia"})), 404),
                (&manager, Method::DELETE, "?reason=x", None, 403),
                (&manager, Method::PUT, "/credit-allowances/2026-Q4", Some(json!({"allowed_credits": 1})), 403),
                (&tech, Method::POST, "/role", Some(json!({"role": "manager", "reason": "because"})), 403),
                (&tech, Method::GET, "/audit-trail", None, 403),
            ]),
            (&service, vec![
                (&tech, Method::GET, "", None, 404),
                (&tech, Method::POST, "/deactivate", Some(json!({"reason": "because"})), 404),
                (&manager, Method::GET, "/api-keys", None, 403),
                (&manager, Method::POST, "/api-keys", None, 403),
            ]),
        ] {
            let mark = app.mark().await;
            for (by, method, path, body, status) in &attempts {
                let path = format!("users/{}{path}", user.id);
                let answer = by.send(method.clone(), &path, body.clone()).await;
                assert_eq!(answer.status(), *status, "{method} {path}: {}", answer.text);
            }
            let trail = app.since(&mark).await;
            assert_eq!(trail.len(), attempts.len(), "{trail:#?}");
            let expected = ids(&newest_first(trail));
            let found = format!("audit-log?limit=200&outcome=denied&related_user_id={}", user.id);
            for path in [found, format!("users/{}/audit-trail?limit=200", user.id)] {
                assert_eq!(denied(&manager, &path).await, expected, "{path}");
            }
        }
    }

    async fn refusals_are_found_by_the_case_and_the_people_that_their_query_names(app) {
        let case = app.a_case().accepted().create().await;
        let (member, tech) = (case.case.member_id, app.tech(2).await);
        let (number, id) = (&case.case.case_number, case.id());
        let (by, manager) = (app.as_tech(1).await, app.as_manager().await);
        let of_case = json!({"id": id, "case_number": number});
        let mut expected = Vec::new();
        for (path, case, person) in [
            (format!("reports/user-activity?user_id={}", tech.id), Json::Null, json!(tech.id)),
            (format!("reports/user-activity?user_id={}", tech.id.to_string().to_uppercase()), Json::Null, json!(tech.id)),
            (format!("reports/case-changes?case_id={id}"), of_case.clone(), json!(member)),
            (format!("reports/case-changes?assigned_to={}&case_id={id}", tech.id), of_case.clone(), json!(tech.id)),
            (format!("reports/case-changes?member_id={member}"), Json::Null, json!(member)),
            (format!("reports/case-changes?assigned_to={ABSENT}&actor_id={}", tech.id), Json::Null, json!(tech.id)),
            (format!("audit-log?related_user_id={member}&case_id={ABSENT}"), Json::Null, json!(member)),
            (format!("audit-log/export.csv?case_id={ABSENT}&case_id={id}"), Json::Null, Json::Null),
            (format!("exports/cases.csv?since=2026-11-01&case_id=nonsense&user_id={ABSENT}"), Json::Null, Json::Null),
        ] {
            let mark = app.mark().await;
            by.get(&path).await.expect_problem(403, "forbidden");
            let trail = app.since(&mark).await;
            assert_eq!((trail.len(), &trail[0]["outcome"]), (1, &json!("denied")), "{path}");
            assert_eq!((&trail[0]["case"], &trail[0]["related_user"]["id"]), (&case, &person), "{path}");
            assert_eq!(trail[0]["object_type"], "operation", "{path}");
            if person == json!(tech.id) {
                expected.insert(0, trail[0]["id"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(denied(&manager, &format!("users/{}/audit-trail?limit=200&as=subject", tech.id)).await, expected);
        assert_eq!(denied(&manager, &format!("audit-log?outcome=denied&case_id={id}")).await.len(), 2);
        let own = by.get("auth/me/activity").await.expect(200);
        assert!(!own.to_string().contains(&tech.id.to_string()), "the refused caller learns nothing from it");
    }

    async fn a_refusal_costs_the_same_whether_what_its_query_names_exists(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(1).await;
        let mut costs = Vec::new();
        for (case_id, user_id) in [(case.id(), case.case.member_id.to_string()), (ABSENT.to_owned(), ABSENT.to_owned())] {
            by.get("auth/me").await.expect(200);
            app.statements();
            by.get(&format!("reports/case-changes?case_id={case_id}&member_id={user_id}")).await.expect_problem(403, "forbidden");
            costs.push(app.statements());
        }
        assert_eq!(costs[0], costs[1]);
    }

    async fn refusals_about_what_was_deleted_are_found_too(app) {
        let case = app.a_case().submitted().create().await;
        let member = app.as_member().await;
        let document = id(&member.upload(&case.url("documents"), &pay_stub()).await.expect(201));
        assert_eq!(member.delete(&format!("documents/{document}")).await.status(), 204);
        assert_eq!(app.as_admin().await.delete(&format!("{}?reason=twice", case.path())).await.status(), 204);
        let mark = app.mark().await;
        member.get(&case.path()).await.expect_problem(404, "not_found");
        member.get(&format!("documents/{document}")).await.expect_problem(404, "not_found");
        let found = denied(&app.as_manager().await, &format!("audit-log?outcome=denied&case_id={}", case.id())).await;
        assert_eq!(found, ids(&newest_first(app.since(&mark).await[..2].to_vec())));
    }

    async fn a_refused_read_of_an_entry_is_found_by_the_case_of_the_entry(app) {
        let case = app.a_case().accepted().create().await;
        let entry = app.all_entries().await.into_iter().rev().find(|entry| entry["case"]["id"] == case.id()).unwrap();
        let path = format!("audit-log/{}", entry["id"].as_str().unwrap());
        let tech = app.as_tech(2).await;
        let mark = app.mark().await;
        tech.get(&path).await.expect_problem(403, "forbidden");
        let trail = app.since(&mark).await;
        assert_eq!((&trail[0]["case"], &trail[0]["related_user"]), (&entry["case"], &entry["related_user"]));
        assert_eq!(trail[0]["object_type"], "audit_entry");
    }

    async fn a_refused_caller_does_not_learn_what_exists(app) {
        let World { case, document, note, alert } = arrange(app).await;
        let (stranger, user) = (stranger(app).await, app.user("member1", Role::Member, None).await);
        let mark = app.mark().await;
        for (method, path, hidden) in [
            (Method::GET, "cases/{}", case.id()),
            (Method::GET, "cases/{}/notes", case.id()),
            (Method::GET, "cases/{}/audit-trail", case.id()),
            (Method::POST, "cases/{}/submit", case.id()),
            (Method::GET, "documents/{}", document.clone()),
            (Method::GET, "documents/{}/content", document.clone()),
            (Method::DELETE, "documents/{}", document.clone()),
            (Method::GET, "notes/{}", note.clone()),
            (Method::DELETE, "notes/{}", note.clone()),
            (Method::POST, "alerts/{}/read", alert.clone()),
            (Method::GET, "users/{}", user.id.to_string()),
            (Method::DELETE, "users/{}?reason=x", user.id.to_string()),
        ] {
            let mut seen = Vec::new();
            for id in [hidden.as_str(), ABSENT] {
                app.statements();
                let answer = stranger.send(method.clone(), &path.replace("{}", id), None).await;
                let problem = answer.json();
                let same = ["title", "status", "code", "detail", "errors"].map(|member| problem[member].clone());
                seen.push((answer.status(), same, app.statements().len()));
            }
            assert_eq!(seen[0], seen[1], "{method} {path}");
        }
        let trail = app.since(&mark).await;
        assert!(trail.len() == 24 && trail.iter().all(|entry| entry["outcome"] == "denied"), "{}", trail.len());

        let own = data(&stranger.get("auth/me/activity?limit=200").await.expect(200));
        assert_eq!(own.len(), 24);
        for entry in own {
            let named = ["case", "document", "related_user"].map(|part| entry[part].clone());
            assert!(named.iter().all(Json::is_null), "{entry}");
        }
        let of_member = data(&app.as_member().await.get(&case.url("audit-trail")).await.expect(200));
        assert!(!of_member.is_empty() && of_member.iter().all(|entry| entry["outcome"] == "success"));
    }

    async fn an_id_of_nothing_is_recorded_without_a_case_or_a_person(app) {
        let by = app.as_manager().await;
        let mark = app.mark().await;
        for path in ["cases", "documents", "notes", "users", "audit-log"] {
            by.get(&format!("{path}/{ABSENT}")).await.expect_problem(404, "not_found");
            by.get(&format!("{path}/1")).await.expect_problem(404, "not_found");
        }
        let trail = app.since(&mark).await;
        assert_eq!(trail.len(), 10, "{:?}", actions(&trail));
        for entry in trail {
            assert!(entry["case"].is_null() && entry["document"].is_null() && entry["related_user"].is_null(), "{entry}");
        }
    }
}
