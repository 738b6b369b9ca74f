//! Handing a case over to another member.

use super::visibility::{sees, with_role};
use crate::alerts::{alerts, kinds};
use crate::app::{actions, at};
use crate::documents::{id, pay_stub};
use entity::user::Role;
use reqwest::Method;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn a_case_is_handed_over_with_all_that_belongs_to_it(app) {
        let (old, new) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let case = app.a_case().accepted().create().await;
        let former = app.as_user(&old).await;
        let document = id(&former.upload(&case.url("documents"), &pay_stub()).await.expect(201));
        former.post(&case.url("notes"), json!({"body": "On Monday.", "visibility": "shared"})).await.expect(201);
        let (by, mark) = (app.as_admin().await, app.mark().await);
        let body = json!({"member_id": new.id, "reason": "member1 has left the workshop"});

        let handed_over = by.post(&case.url("member"), body.clone()).await.expect(200);

        let names = ["member", "created_by", "assigned_to"].map(|who| handed_over[who]["username"].clone());
        assert_eq!(json!(names), json!(["member2", "member1", "tech3"]));
        assert_eq!(handed_over["status"], "accepted");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_updated"]);
        assert_eq!(trail[0]["changes"], json!({"member_id": {"from": old.id, "to": new.id}}));
        assert_eq!(trail[0]["metadata"], json!({
            "event": "member_changed", "reason": "member1 has left the workshop", "from_username": "member1",
            "to_username": "member2",
        }));
        assert_eq!(trail[0]["related_user"]["username"], "member2");
        assert_eq!(trail[0]["description"], format!("Case {} handed over to member2", case.case.case_number));

        let again = by.post(&case.url("member"), body).await.expect(200);
        assert_eq!((&again["version"], app.since(&mark).await.len()), (&handed_over["version"], 1), "the same member");
        let member = app.as_user(&new).await;
        assert!(sees(&member, &case).await && !sees(&former, &case).await);
        member.get(&format!("documents/{document}")).await.expect(200);
        former.get(&format!("documents/{document}")).await.expect_problem(404, "not_found");
        former.patch(&case.path(), json!({"special_notes": "x"})).await.expect_problem(404, "not_found");
        member.patch(&case.path(), json!({"special_notes": "x"})).await.expect(200);
        let notes = member.get(&case.url("notes")).await.expect(200);
        assert_eq!(notes["data"][0]["author"]["username"], "member1");
    }

    async fn both_members_are_notified_and_later_only_the_new_one(app) {
        let (old, new) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let case = app.a_case().accepted().create().await;
        let body = json!({"member_id": new.id, "reason": "because"});
        app.as_admin().await.post(&case.url("member"), body).await.expect(200);
        let number = &case.case.case_number;
        let received = alerts(&app.as_user(&new).await).await;
        assert_eq!(received[0]["title"], format!("Case {number} was handed over to you"));
        assert_eq!((&received[0]["kind"], &received[0]["case"]["id"]), (&json!("case_member_changed"), &json!(case.id())));
        let former = alerts(&app.as_user(&old).await).await;
        assert_eq!(former[0]["title"], format!("Case {number} was handed over to another member"));
        assert_eq!((&former[0]["kind"], &former[0]["case"]), (&json!("case_member_changed"), &json!(null)));
        let outbox = app.as_manager().await.get("outbox").await.expect(200);
        let mails = outbox["data"].as_array().unwrap().iter();
        let mails: Vec<_> = mails.map(|mail| [&mail["template"], &mail["recipient"]]).collect();
        assert_eq!(json!(mails), json!([["case_member_changed", "member2@example.org"]]));

        app.as_manager().await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        assert_eq!(kinds(app, &new).await, ["case_held", "case_member_changed"]);
        assert_eq!(kinds(app, &old).await, ["case_member_changed"]);
    }

    async fn a_case_is_handed_over_in_any_status_and_only_its_current_member_sees_it(app) {
        let [a, b, c] = ["member1", "member2", "member3"].map(|name| app.user(name, Role::Member, None));
        let (a, b, c) = (a.await, b.await, c.await);
        let (by, clients) = (app.as_admin().await, [app.as_user(&a).await, app.as_user(&b).await, app.as_user(&c).await]);
        for case in [
            app.a_case().create().await,
            app.a_case().submitted().create().await,
            app.a_case().held().create().await,
            app.a_case().pending_review().create().await,
            app.a_case().completed_until(at("2026-12-20T00:00:00Z")).create().await,
            app.a_case().completed().create().await,
        ] {
            for (to, expected) in [(&b, [false, true, false]), (&a, [true, false, false]), (&c, [false, false, true])] {
                by.post(&case.url("member"), json!({"member_id": to.id, "reason": "because"})).await.expect(200);
                let seen = [sees(&clients[0], &case).await, sees(&clients[1], &case).await, sees(&clients[2], &case).await];
                assert_eq!(seen, expected, "{:?}", case.case.status);
            }
        }
        // The creator of a draft who is not its former member keeps seeing it.
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "member_id": a.id});
        let former = app.user("former", Role::Administrator, None).await;
        let created = app.as_user(&former).await.post("cases", body).await.expect(201);
        let path = format!("cases/{}", created["id"].as_str().unwrap());
        by.post(&format!("{path}/member"), json!({"member_id": b.id, "reason": "because"})).await.expect(200);
        let former = with_role(app, &former, Role::Member, None).await;
        app.as_user(&former).await.get(&path).await.expect(200);
        app.as_user(&a).await.get(&path).await.expect_problem(404, "not_found");
    }

    async fn the_new_member_goes_on_where_the_former_one_stopped(app) {
        let (old, new) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let (admin, manager) = (app.as_admin().await, app.as_manager().await);
        let hand_over = json!({"member_id": new.id, "reason": "because"});
        let draft = app.a_case().create().await;
        admin.post(&draft.url("member"), hand_over.clone()).await.expect(200);
        app.as_user(&new).await.post(&draft.url("submit"), json!({})).await.expect(200);

        let case = app.a_case().submitted().create().await;
        let rejection = json!({"rejection_reason": "missing_documents", "rejection_notes": "the pay stub, please"});
        manager.post(&case.url("reject"), rejection).await.expect(200);
        app.as_user(&old).await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        admin.post(&case.url("member"), hand_over).await.expect(200);
        let mark = app.mark().await;
        app.as_user(&new).await.post(&case.url("resubmit"), json!({})).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["metadata"]["new_documents"]), (vec!["case_resubmitted"], &json!(1)));
    }

    async fn the_credits_of_a_case_are_those_of_its_member(app) {
        let (old, new) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let (case, by) = (app.a_case().submitted().create().await, app.as_admin().await);
        let allowance = |member: &entity::user::Model| format!("users/{}/credit-allowances/2026-Q4", member.id);
        for member in [&old, &new] {
            by.send(Method::PUT, &allowance(member), Some(json!({"allowed_credits": 10}))).await.expect(201);
        }
        let used = async || {
            let of = async |member| by.get(&allowance(member)).await.expect(200)["used_credits"].clone();
            (of(&old).await, of(&new).await)
        };
        assert_eq!(used().await, (json!("2.0"), json!("0.0")));
        by.post(&case.url("member"), json!({"member_id": new.id, "reason": "because"})).await.expect(200);
        assert_eq!(used().await, (json!("0.0"), json!("2.0")));
    }

    async fn a_case_is_not_handed_to_a_member_who_worked_on_it(app) {
        let (case, by) = (app.a_case().completed().create().await, app.as_admin().await);
        let worker = app.tech(3).await;
        let worker = with_role(app, &worker, Role::Member, None).await;
        let mark = app.mark().await;
        let body = json!({"member_id": worker.id, "reason": "because"});
        by.post(&case.url("member"), body).await.expect_problem(409, "not_assignable");
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn only_an_active_member_can_be_given_a_case(app) {
        let (case, by) = (app.a_case().accepted().create().await, app.as_admin().await);
        let away = app.user("away", Role::Member, None).await;
        let gone = app.user("gone", Role::Member, None).await;
        by.post(&format!("users/{}/deactivate", away.id), json!({"reason": "on leave"})).await.expect(200);
        by.delete(&format!("users/{}?reason=left", gone.id)).await.expect(204);
        let (tech, service) = (app.tech(3).await, app.user("service1", Role::Service, None).await);
        let mark = app.mark().await;
        let absent = json!("01a20725-be30-7584-bca5-f00e655c90d6");
        for member in [json!(away.id), json!(gone.id), json!(tech.id), json!(service.id), json!(by.id()), absent] {
            let answer = by.post(&case.url("member"), json!({"member_id": member, "reason": "because"})).await;
            let problem = answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), ["body /member_id"]);
            assert_eq!(problem["errors"][0]["code"], "unknown_user");
        }
        let new = app.user("member2", Role::Member, None).await;
        for (body, pointer) in [
            (json!({"reason": "because"}), "body /member_id"),
            (json!({"member_id": null, "reason": "because"}), "body /member_id"),
            (json!({"member_id": "me", "reason": "because"}), "body /member_id"),
            (json!({"member_id": new.id}), "body /reason"),
            (json!({"member_id": new.id, "reason": " "}), "body /reason"),
        ] {
            let answer = by.post(&case.url("member"), body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [pointer], "{body}");
        }
        assert_eq!(actions(&app.since(&mark).await), ["user_created"], "the new member");
    }

    async fn no_case_is_handed_to_a_member_who_gets_another_role_at_the_same_time(app) {
        let admin = app.as_admin().await;
        for name in ["member2", "member3", "member4"] {
            let (case, new) = (app.a_case().accepted().create().await, app.user(name, Role::Member, None).await);
            let (place, role) = (case.url("member"), format!("users/{}/role", new.id));
            let handed_over = admin.post(&place, json!({"member_id": new.id, "reason": "because"}));
            let changed = admin.post(&role, json!({"role": "manager", "reason": "because"}));
            let (handed_over, changed) = tokio::join!(handed_over, changed);
            let statuses = (handed_over.status(), changed.status());
            assert!([(200, 409), (422, 200)].contains(&statuses), "{} {}", handed_over.text, changed.text);
        }
    }

    async fn only_an_administrator_hands_a_case_over_and_never_one_of_their_own(app) {
        let (member, new) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let case = app.a_case().accepted().create().await;
        let body = json!({"member_id": new.id, "reason": "because"});
        let (manager, admin) = (app.as_manager().await, app.as_admin().await);
        let mark = app.mark().await;
        for by in [&app.as_user(&member).await, &app.as_tech(3).await, &manager] {
            by.post(&case.url("member"), body.clone()).await.expect_problem(403, "forbidden");
        }
        let stale = app.as_admin().await.with("If-Match", "\"1\"");
        stale.post(&case.url("member"), body.clone()).await.expect_problem(412, "version_mismatch");
        let absent = "cases/01a20725-be30-7584-bca5-f00e655c90d6/member";
        admin.post(absent, body.clone()).await.expect_problem(404, "not_found");
        let own = app.as_user(&with_role(app, &member, Role::Administrator, None).await).await;
        own.post(&case.url("member"), body).await.expect_problem(403, "forbidden");
        let denied: Vec<Json> = app.since(&mark).await.into_iter().filter(|entry| entry["outcome"] == "denied").collect();
        assert_eq!(actions(&denied), ["case_updated"; 5]);
        assert_eq!(admin.get(&case.path()).await.expect(200)["member"]["username"], "member1");
    }
}
