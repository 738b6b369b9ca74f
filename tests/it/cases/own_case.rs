//! No one handles a case of their own, whatever role they have by now.

use super::visibility::with_role;
use crate::alerts::kinds;
use crate::app::{Answer, Client, Scene, TestApp, at};
use crate::documents::pay_stub;
use entity::user::{self, Level, Role};
use reqwest::Method;
use serde_json::{Value as Json, json};

/// The roles that a member may have got, with their level.
const ROLES: [(&str, Role, Option<Level>); 3] = [
    ("technician", Role::Technician, Some(Level::Three)),
    ("manager", Role::Manager, None),
    ("administrator", Role::Administrator, None),
];

/// A case in one state, with the requests that the staff could make there.
type Attempts = (Scene, Vec<(&'static str, Json)>);

async fn attempts(app: &TestApp, member: &user::Model) -> Vec<Attempts> {
    let (senior, why) = (app.tech(3).await.id, json!({"reason": "because"}));
    let accept = json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": senior});
    let own = || app.a_case().owned_by(member);
    let queued = own().accepted().create().await;
    app.as_manager().await.post(&queued.url("assign"), json!({"assigned_to": null, "reason": "queue"})).await.expect(200);
    let notes = json!({"notes": "because"});
    vec![
        (
            own().submitted().create().await,
            vec![("accept", accept), ("reject", json!({"rejection_reason": "other", "rejection_notes": "because"}))],
        ),
        (
            own().accepted().create().await,
            vec![
                ("hold", why.clone()),
                ("tier", json!({"tier": "tier_2", "reason": "because"})),
                ("credit", json!({"credit_value": "0.5", "reason": "because"})),
                ("assign", json!({"assigned_to": null, "reason": "because"})),
                ("complete", json!({"override_incomplete": true})),
                ("acknowledge-updates", json!({})),
            ],
        ),
        (queued, vec![("take", json!({})), ("assign", json!({"assigned_to": senior, "reason": "because"}))]),
        (own().held().create().await, vec![("resume", why.clone())]),
        (
            own().pending_review().create().await,
            vec![("review/approve", json!({})), ("review/correct", notes.clone()), ("review/request-revisions", notes)],
        ),
        (own().completed_until(at("2026-12-20T00:00:00Z")).create().await, vec![("release", json!({})), ("reopen", why)]),
    ]
}

/// A change without a request body of its own, of the case as a whole.
async fn others(by: &Client<'_>, case: &Scene) -> Vec<u16> {
    let changed = by.patch(&case.path(), json!({"internal_notes": "fine"})).await;
    let prolonged = by.patch(&case.url("hold"), json!({"reason": "another"})).await;
    let uploaded = by.upload(&case.url("documents"), &pay_stub()).await;
    let deleted = by.delete(&format!("{}?reason=because", case.path())).await;
    [changed, prolonged, uploaded, deleted].iter().map(Answer::status).collect()
}

on_each_database! {
    async fn a_former_member_can_do_nothing_to_their_case_that_the_staff_does(app) {
        for (name, role, level) in ROLES {
            let member = app.user(&format!("former.{name}"), Role::Member, None).await;
            let cases = attempts(app, &member).await;
            let by = app.as_user(&with_role(app, &member, role, level).await).await;
            for (case, requests) in &cases {
                let before = app.as_manager().await.get(&case.path()).await.expect(200);
                let seen = by.get(&case.path()).await.expect(200);
                assert_eq!(seen["allowed_actions"], json!(["comment"]), "{name}");
                let blocked = seen["blocked_actions"].as_array().unwrap();
                assert!(blocked.iter().all(|blocked| blocked["code"] == "forbidden"), "{blocked:?}");
                let hold = blocked.iter().find(|blocked| blocked["action"] == "hold").unwrap();
                assert_eq!(hold["detail"], "You cannot handle a case of your own.");
                for (verb, body) in requests {
                    by.send(Method::POST, &case.url(verb), Some(body.clone())).await.expect_problem(403, "forbidden");
                }
                assert_eq!(others(&by, case).await, [403; 4], "{name}");
                let after = app.as_manager().await.get(&case.path()).await.expect(200);
                assert_eq!(after["version"], before["version"], "{name}");
            }
        }
    }

    async fn a_refusal_says_why_and_is_recorded_with_the_case(app) {
        let member = app.user("member1", Role::Member, None).await;
        let case = app.a_case().submitted().create().await;
        let by = app.as_user(&with_role(app, &member, Role::Technician, Some(Level::Three)).await).await;
        let mark = app.mark().await;
        let body = json!({"tier": "tier_1", "credit_value": "1.0"});
        let problem = by.post(&case.url("accept"), body).await.expect_problem(403, "forbidden");
        assert_eq!(problem["detail"], "You cannot handle a case of your own. The attempt has been logged.");
        let trail = app.since(&mark).await;
        assert_eq!((&trail[0]["action_type"], &trail[0]["outcome"]), (&json!("case_status_changed"), &json!("denied")));
        assert_eq!(trail[0]["case"]["id"], case.id());
    }

    async fn a_case_cannot_be_assigned_to_its_own_member(app) {
        let member = app.user("member1", Role::Member, None).await;
        let (submitted, accepted) = (app.a_case().submitted().create().await, app.a_case().accepted().create().await);
        let former = with_role(app, &member, Role::Technician, Some(Level::Three)).await;
        let callers = [app.as_manager().await, app.as_admin().await, app.as_tech(3).await];
        let mark = app.mark().await;
        for by in callers {
            let body = json!({"assigned_to": former.id, "reason": "because"});
            let problem = by.post(&accepted.url("assign"), body).await.expect_problem(409, "not_assignable");
            assert_eq!(problem["detail"], "A case cannot be assigned to its own member.");
            let body = json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": former.id});
            by.post(&submitted.url("accept"), body).await.expect_problem(409, "not_assignable");
            for case in [&submitted, &accepted] {
                let list = by.get(&format!("{}?limit=200", case.url("assignees"))).await.expect(200);
                assert!(list["data"].as_array().unwrap().iter().all(|row| row["id"] != json!(former.id)), "{list}");
            }
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_former_member_is_neither_notified_of_the_review_of_their_case_nor_shown_it_as_pending(app) {
        let member = app.user("member1", Role::Member, None).await;
        let case = app.a_case().assigned_to(&app.tech(1).await).accepted().create().await;
        let former = with_role(app, &member, Role::Technician, Some(Level::Three)).await;
        app.as_tech(1).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        assert_eq!(kinds(app, &former).await, [""; 0]);
        assert_eq!(app.as_user(&former).await.get("reviews").await.expect(200)["data"], json!([]));
        assert_eq!(app.as_manager().await.get("reviews").await.expect(200)["data"].as_array().unwrap().len(), 1);
    }

    async fn the_documents_and_notes_of_others_in_their_case_are_not_theirs_to_delete(app) {
        let member = app.user("member1", Role::Member, None).await;
        let case = app.a_case().accepted().create().await;
        let staff = app.as_manager().await;
        let document = staff.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let note = staff.post(&case.url("notes"), json!({"body": "odd", "visibility": "internal"})).await.expect(201);
        let by = app.as_user(&with_role(app, &member, Role::Administrator, None).await).await;
        let path = |kind: &str, row: &Json| format!("{kind}/{}", row["id"].as_str().unwrap());
        by.delete(&path("documents", &document)).await.expect_problem(403, "forbidden");
        by.delete(&path("notes", &note)).await.expect_problem(403, "forbidden");
        let other = app.as_admin().await;
        other.delete(&path("documents", &document)).await.expect(204);
        other.delete(&path("notes", &note)).await.expect(204);
    }
}
