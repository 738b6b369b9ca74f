//! Events of a case are reported to the users concerned, in the transaction of the event.

use super::{alerts, kinds};
use crate::app::{TestApp, actions, at};
use crate::cases::visibility::with_role;
use crate::documents::pay_stub;
use entity::alert;
use entity::audit::CarryOut;
use entity::case::{self, effects};
use entity::job::{self, overdue_hold};
use entity::outbox::{self, MailStatus};
use entity::setting;
use entity::user::{self, Level, Role};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value as Json, json};

/// The number of a user's alerts, also if they cannot sign in.
async fn raised_for(app: &TestApp, user: &user::Model) -> u64 {
    alert::Entity::find().filter(alert::Column::RecipientId.eq(user.id)).count(&app.outside).await.unwrap()
}

on_each_database! {
    async fn the_member_is_notified_of_a_hold_with_its_reason(app) {
        let case = app.a_case().accepted().create().await;
        let body = json!({"reason": "passport missing", "hold_duration_days": 2});
        app.as_manager().await.post(&case.url("hold"), body).await.expect(200);

        let received = alerts(&app.as_member().await).await;

        assert_eq!(received.len(), 1);
        let (case_number, id) = (&case.case.case_number, received[0]["id"].clone());
        assert_eq!(received[0], json!({
            "id": id, "kind": "case_held", "severity": "warning", "title": format!("Case {case_number} is on hold"),
            "message": "passport missing", "case": {"id": case.id(), "case_number": case_number},
            "raised_at": "2026-12-01T15:00:00.000Z", "read_at": null, "dismissed_at": null,
        }));
        let mails = outbox::Entity::find().all(&app.outside).await.unwrap();
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert_eq!(
            (mail.status, mail.template.as_str(), mail.recipient.as_str()),
            (MailStatus::Pending, "case_held", "member1@example.org")
        );
        assert_eq!(
            (mail.case_id, mail.case_number.as_ref(), mail.related_user_id),
            (Some(case.case.id), Some(case_number), Some(case.case.member_id))
        );
        assert_eq!((mail.queued_at, mail.send_after, mail.attempts), (at(crate::app::START), Some(at(crate::app::START)), 0));
        assert_eq!(serde_json::from_str::<Json>(&mail.parameters).unwrap(), json!({
            "first_name": "Ada", "case_number": case_number, "employee_name": "Ada Moss",
            "reason": "passport missing", "expected_end_at": "2026-12-03T15:00:00.000Z",
        }));
    }

    async fn the_member_is_notified_of_hold_resumption_rejection_and_release(app) {
        let (manager, member) = (app.as_manager().await, app.user("member1", Role::Member, None).await);
        let why = json!({"reason": "because"});
        let case = app.a_case().accepted().create().await;
        manager.post(&case.url("hold"), why.clone()).await.expect(200);
        manager.post(&case.url("resume"), why.clone()).await.expect(200);
        manager.post(&case.url("complete"), json!({"release": "now", "override_incomplete": true})).await.expect(200);
        let handed_in = app.a_case().submitted().create().await;
        let rejection = json!({"rejection_reason": "missing_documents", "rejection_notes": "the pay stub, please"});
        manager.post(&handed_in.url("reject"), rejection).await.expect(200);

        assert_eq!(kinds(app, &member).await, ["case_rejected", "case_released", "case_resumed", "case_held"]);
        let mails = outbox::Entity::find().order_by_asc(outbox::Column::Id).all(&app.outside).await.unwrap();
        let templates: Vec<&str> = mails.iter().map(|mail| mail.template.as_str()).collect();
        assert_eq!(templates, ["case_held", "case_resumed", "case_released", "case_rejected"]);
        let words: Json = serde_json::from_str(&mails[3].parameters).unwrap();
        assert_eq!(
            (&words["rejection_reason"], &words["rejection_notes"]),
            (&json!("missing_documents"), &json!("the pay stub, please"))
        );
        assert_eq!(kinds(app, &app.tech(3).await).await, [""; 0], "no one else is notified");
        assert_eq!(kinds(app, manager.user.as_ref().unwrap()).await, [""; 0]);
    }

    async fn alerts_for_the_staff_reach_only_those_who_can_be_assigned_the_case(app) {
        let active = app.tech(3).await;
        for (name, role, level, is_active) in [
            ("has.become.member", Role::Member, None, true),
            ("is.away", Role::Technician, Some(Level::Three), false),
            ("is.there", Role::Technician, Some(Level::Three), true),
        ] {
            let worker = app.user(name, Role::Technician, Some(Level::Three)).await;
            let author = app.user(&format!("of.{name}"), Role::Member, None).await;
            let [released, reviewed] = [
                app.a_case().owned_by(&author).assigned_to(&worker).completed().create().await,
                app.a_case().owned_by(&author).assigned_to(&worker).completed().create().await,
            ];
            let worker = with_role(app, &worker, role, level).await;
            if !is_active {
                let path = format!("users/{}/deactivate", worker.id);
                app.as_admin().await.post(&path, json!({"reason": "on leave"})).await.expect(200);
            }
            let by = app.as_user(&author).await;
            by.post(&reviewed.url("notes"), json!({"body": "a question", "visibility": "shared"})).await.expect(201);
            by.upload(&released.url("documents"), &pay_stub()).await.expect(201);
            let mark = app.mark().await;
            let again = by.post(&released.url("resubmit"), json!({"notes": "corrected"})).await.expect(200);
            assert_eq!(again["assigned_to"]["id"] == json!(worker.id), is_active && role != Role::Member, "{name}");
            let trail = app.since(&mark).await;
            if is_active && role != Role::Member {
                assert_eq!(actions(&trail), ["case_resubmitted"]);
                assert_eq!(kinds(app, &worker).await, ["case_resubmitted", "member_comment"]);
            } else {
                assert_eq!(actions(&trail), ["case_resubmitted", "case_reassigned"]);
                assert_eq!(trail[1]["changes"]["assigned_to_id"], json!({"from": worker.id, "to": null}));
                assert_eq!(raised_for(app, &worker).await, 0, "{name}");
                let open = app.as_admin().await.get("cases?unassigned=true&status=resubmitted").await.expect(200);
                assert!(open.to_string().contains(&released.id()), "{name}: it is in the queue");
            }
        }
        assert_eq!(raised_for(app, &active).await, 0);
    }

    async fn the_member_of_a_case_is_not_alerted_as_staff_whatever_their_role(app) {
        let member = app.user("member1", Role::Member, None).await;
        let case = app.a_case().held().create().await;
        let former = with_role(app, &member, Role::Manager, None).await;
        let tx = app.write().await;
        let row = case::Entity::find_by_id(case.case.id).one(&app.outside).await.unwrap().unwrap();
        effects::hold_overdue(&row, &setting::current(&tx).await.unwrap()).carry_out(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(raised_for(app, &former).await, 0);
        assert_eq!(kinds(app, &app.tech(3).await).await, ["hold_overdue"]);
    }

    async fn the_member_is_notified_of_a_scheduled_release_when_it_takes_effect(app) {
        let (manager, member) = (app.as_manager().await, app.user("member1", Role::Member, None).await);
        let case = app.a_case().accepted().create().await;
        let later = json!({"release": "scheduled", "release_at": "2026-12-05T15:00:00.000Z", "override_incomplete": true});
        manager.post(&case.url("complete"), later).await.expect(200);
        assert_eq!(kinds(app, &member).await, [""; 0]);
        manager.post(&case.url("release"), json!({})).await.expect(200);
        assert_eq!(kinds(app, &member).await, ["case_released"]);
    }

    async fn reviewers_are_notified_of_work_and_its_technician_of_the_decision(app) {
        let (worker, member) = (app.tech(1).await, app.user("member1", Role::Member, None).await);
        let (two, three) = (app.tech(2).await, app.tech(3).await);
        let (manager, admin) =
            (app.user("manager", Role::Manager, None).await, app.user("admin", Role::Administrator, None).await);
        let gone = app.user("gone", Role::Manager, None).await;
        app.as_admin().await.post(&format!("users/{}/deactivate", gone.id), json!({"reason": "left"})).await.expect(200);
        let case = app.a_case().assigned_to(&worker).accepted().create().await;

        app.as_user(&worker).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);

        for reviewer in [&two, &three, &manager] {
            assert_eq!(kinds(app, reviewer).await, ["review_needed"], "{}", reviewer.username);
        }
        for other in [&worker, &admin, &member] {
            assert_eq!(kinds(app, other).await, [""; 0], "{}", other.username);
        }
        assert_eq!(alert::Entity::find().all(&app.outside).await.unwrap().len(), 3, "no user who is gone");

        let by = app.as_user(&two).await;
        by.post(&case.url("review/request-revisions"), json!({"notes": "the second report"})).await.expect(200);
        app.as_user(&worker).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        by.post(&case.url("review/approve"), json!({"release": "now"})).await.expect(200);

        let received = alerts(&app.as_user(&worker).await).await;
        let said: Vec<_> =
            received.iter().map(|alert| (alert["severity"].as_str().unwrap(), alert["message"].as_str().unwrap())).collect();
        assert_eq!(said, [("info", "The reviewer left no notes."), ("warning", "the second report")]);
        assert!(received.iter().all(|alert| alert["kind"] == "review_decided"));
        assert_eq!(kinds(app, &member).await, ["case_released"]);
        assert_eq!(kinds(app, &three).await, ["review_needed", "review_needed"]);
    }

    async fn the_assignee_is_notified_of_comments_and_resubmissions(app) {
        let (case, worker) = (app.a_case().accepted().create().await, app.tech(3).await);
        let member = app.as_member().await;
        member.post(&case.url("notes"), json!({"body": "On Monday.", "visibility": "shared"})).await.expect(201);
        app.as_tech(2).await.post(&case.url("notes"), json!({"body": "fine", "visibility": "shared"})).await.expect(201);
        app.as_user(&worker)
            .await
            .post(&case.url("complete"), json!({"release": "now", "override_incomplete": true}))
            .await
            .expect(200);
        app.pass(chrono::TimeDelta::seconds(1));
        let sealed = app.a_case().completed().create().await;
        let member = { drop(member); app.as_member().await };
        app.pass(chrono::TimeDelta::seconds(1));
        let rejected = app.a_case().submitted().create().await;
        member.post(&rejected.url("notes"), json!({"body": "without a recipient yet", "visibility": "shared"})).await.expect(201);

        assert_eq!(kinds(app, &worker).await, ["member_comment"], "the staff's own notes are no news");
        let received = alerts(&app.as_user(&worker).await).await;
        assert!(!received[0].to_string().contains("Monday"), "an alert outlives a note that is taken away");
        assert_eq!(received[0]["case"]["id"], case.id());
        let tx = app.write().await;
        effects::resubmitted(&sealed.case).expect("an assignee").carry_out(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(kinds(app, &worker).await, ["case_resubmitted", "member_comment"]);
    }

    async fn jobs_notify_of_overdue_holds_and_of_failures(app) {
        let (worker, manager) = (app.tech(3).await, app.user("manager", Role::Manager, None).await);
        let (admin, member) = (app.user("admin", Role::Administrator, None).await, app.user("member1", Role::Member, None).await);
        let held = app.a_case().held().create().await;
        let tx = app.write().await;
        let settings = setting::current(&tx).await.unwrap();
        overdue_hold::remind(&tx, &held.case, &settings).await.unwrap();
        job::failed("send_scheduled_emails", "no connection").carry_out(&tx).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(
            (kinds(app, &worker).await, kinds(app, &manager).await),
            (vec!["hold_overdue".to_owned()], vec!["hold_overdue".to_owned()])
        );
        assert_eq!(kinds(app, &member).await, [""; 0]);
        let received = alerts(&app.as_user(&admin).await).await;
        assert_eq!(
            (&received[0]["kind"], &received[0]["severity"], &received[0]["message"]),
            (&json!("job_failed"), &json!("critical"), &json!("no connection"))
        );
        assert_eq!(received[0]["case"], json!(null));
        let mails = outbox::Entity::find().all(&app.outside).await.unwrap();
        assert_eq!(
            (mails.len(), mails[0].template.as_str(), mails[0].recipient.as_str()),
            (1, "job_failed", "admin@example.org")
        );
        let words: Json = serde_json::from_str(&mails[0].parameters).unwrap();
        assert_eq!(words, json!({"first_name": "Ada", "job_name": "send_scheduled_emails", "error_message": "no connection"}));
    }

    async fn a_member_who_was_deleted_is_not_notified(app) {
        let case = app.a_case().accepted().create().await;
        app.as_admin()
            .await
            .post(&format!("users/{}/deactivate", case.case.member_id), json!({"reason": "left"}))
            .await
            .expect(200);
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        assert!(alert::Entity::find().all(&app.outside).await.unwrap().is_empty());
        assert!(outbox::Entity::find().all(&app.outside).await.unwrap().is_empty());
    }

    async fn a_rolled_back_change_sends_no_notification(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        app.refuse_entries().await;
        by.post(&case.url("hold"), json!({"reason": "because"})).await.expect_problem(503, "audit_unavailable");
        app.accept_entries().await;
        by.post(&case.url("resume"), json!({"reason": "because"})).await.expect_problem(409, "invalid_case_state");
        assert!(alert::Entity::find().all(&app.outside).await.unwrap().is_empty());
        assert!(outbox::Entity::find().all(&app.outside).await.unwrap().is_empty());
    }
}
