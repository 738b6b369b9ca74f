//! Changing the reason and the expected length of a hold.

use crate::alerts::alerts;
use crate::app::{Scene, TestApp, actions};
use chrono::TimeDelta;
use entity::outbox;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value as Json, json};

/// A case that is on hold for two days since the first instant of the test.
async fn held(app: &TestApp) -> Scene {
    let case = app.a_case().accepted().create().await;
    let body = json!({"reason": "passport missing", "hold_duration_days": 2});
    app.as_manager().await.post(&case.url("hold"), body).await.expect(200);
    case
}

on_each_database! {
    async fn a_hold_is_prolonged_from_its_start(app) {
        let case = held(app).await;
        app.pass(TimeDelta::days(1));
        let (by, mark) = (app.as_tech(3).await, app.mark().await);

        let changed = by.patch(&case.url("hold"), json!({"hold_duration_days": 10.5})).await.expect(200);

        assert_eq!(changed["hold"], json!({
            "reason": "passport missing",
            "held_at": "2026-12-01T15:00:00.000Z",
            "duration_days": 10.5,
            "expected_end_at": "2026-12-12T03:00:00.000Z",
        }));
        assert_eq!((&changed["status"], &changed["version"]), (&json!("hold"), &json!(case.case.version + 2)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_updated"]);
        assert_eq!(trail[0]["metadata"], json!({"event": "hold_changed", "reason": null}));
        assert_eq!(trail[0]["description"], format!("Hold of case {} changed", case.case.case_number));
        let changes = trail[0]["changes"].as_object().unwrap();
        assert_eq!(changes.keys().collect::<Vec<_>>(), ["hold_duration_days", "hold_expected_end_at"]);
        let end = json!({"from": "2026-12-03T15:00:00.000Z", "to": "2026-12-12T03:00:00.000Z"});
        assert_eq!(changes["hold_expected_end_at"], end);
        assert_eq!(changes["hold_duration_days"]["to"], 10.5);

        let mark = app.mark().await;
        by.post(&case.url("resume"), json!({"reason": "it came"})).await.expect(200);
        let resumed = &app.since(&mark).await[0]["metadata"];
        assert_eq!((&resumed["expected_duration_days"], &resumed["overdue"]), (&json!(10.5), &json!(false)));
    }

    async fn only_what_differs_is_recorded(app) {
        let case = held(app).await;
        let by = app.as_manager().await;
        let change = async |body: Json| {
            let mark = app.mark().await;
            let changed = by.patch(&case.url("hold"), body).await.expect(200);
            (changed, app.since(&mark).await)
        };
        for same in [
            json!({}),
            json!({"reason": "passport missing"}),
            json!({"hold_duration_days": 2}),
            json!({"reason": "passport missing", "hold_duration_days": 2.0}),
        ] {
            let (answer, trail) = change(same.clone()).await;
            assert_eq!((&answer["version"], trail.len()), (&json!(case.case.version + 1), 0), "{same}");
        }
        let (_, trail) = change(json!({"reason": "passport and pay stub missing", "hold_duration_days": 2})).await;
        let reason = json!({"hold_reason": {"from": "passport missing", "to": "passport and pay stub missing"}});
        assert_eq!((actions(&trail), &trail[0]["changes"]), (vec!["case_updated"], &reason));
        let (answer, trail) = change(json!({"hold_duration_days": null})).await;
        assert_eq!((&answer["hold"]["duration_days"], &answer["hold"]["expected_end_at"]), (&json!(null), &json!(null)));
        assert_eq!((actions(&trail), &trail[0]["changes"]["hold_expected_end_at"]["to"]), (vec!["case_updated"], &json!(null)));
        let (answer, _) = change(json!({"reason": "both", "hold_duration_days": 1})).await;
        assert_eq!((&answer["hold"]["reason"], &answer["hold"]["duration_days"]), (&json!("both"), &json!(1.0)));
    }

    async fn the_member_is_notified_of_a_new_end_and_sees_the_change(app) {
        let case = held(app).await;
        let by = app.as_manager().await;
        by.patch(&case.url("hold"), json!({"reason": "passport and pay stub missing"})).await.expect(200);
        assert_eq!(alerts(&app.as_member().await).await.len(), 1, "the hold itself");
        by.patch(&case.url("hold"), json!({"hold_duration_days": 3})).await.expect(200);

        let member = app.as_member().await;
        let alert = alerts(&member).await[0].clone();
        let title = format!("The hold of case {} has a new expected end", case.case.case_number);
        assert_eq!((&alert["kind"], &alert["title"]), (&json!("case_hold_changed"), &json!(title)));
        assert_eq!((&alert["message"], &alert["case"]["id"]), (&json!("passport and pay stub missing"), &json!(case.id())));
        let mails = outbox::Entity::find().order_by_asc(outbox::Column::Id).all(&app.outside).await.unwrap();
        assert_eq!(mails.iter().map(|mail| mail.template.as_str()).collect::<Vec<_>>(), ["case_held", "case_hold_changed"]);
        let words: Json = serde_json::from_str(&mails[1].parameters).unwrap();
        assert_eq!(words["expected_end_at"], "2026-12-04T15:00:00.000Z");
        let trail = member.get(&case.url("audit-trail")).await.expect(200);
        assert_eq!(trail["data"][0]["changes"]["hold_expected_end_at"]["to"], "2026-12-04T15:00:00.000Z");
        assert_eq!(trail["data"][1]["changes"]["hold_reason"]["to"], "passport and pay stub missing");
    }

    async fn a_hold_is_changed_only_while_it_lasts_and_by_those_who_work_on_the_case(app) {
        let case = held(app).await;
        let (manager, body) = (app.as_manager().await, json!({"reason": "another"}));
        let mark = app.mark().await;
        let (draft, accepted) = (app.a_case().create().await, app.a_case().accepted().create().await);
        for other in [draft, accepted, app.a_case().completed().create().await] {
            let problem = manager.patch(&other.url("hold"), body.clone()).await.expect_problem(409, "invalid_case_state");
            assert_eq!(problem["allowed_from"], json!(["hold"]));
            assert!(problem["detail"].as_str().unwrap().starts_with("Cannot change the hold of a case in status `"), "{problem}");
        }
        let written = app.since(&mark).await;
        assert!(written.iter().all(|entry| entry["metadata"]["event"] != "hold_changed"), "{written:?}");
        for by in [app.as_member().await, app.as_tech(2).await] {
            let mark = app.mark().await;
            by.patch(&case.url("hold"), body.clone()).await.expect_problem(403, "forbidden");
            let trail = app.since(&mark).await;
            assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["case_updated"], &json!("denied")));
        }
        let absent = "cases/01a20725-be30-7584-bca5-f00e655c90d6/hold";
        manager.patch(absent, body.clone()).await.expect_problem(404, "not_found");
        let stale = app.as_manager().await.with("If-Match", "\"1\"");
        let problem = stale.patch(&case.url("hold"), body.clone()).await.expect_problem(412, "version_mismatch");
        assert_eq!(problem["current_version"], case.case.version + 1);
        let current = format!("\"{}\"", case.case.version + 1);
        let changed = app.as_manager().await.with("If-Match", &current).patch(&case.url("hold"), body).await;
        changed.expect(200);
        assert!(changed.header("etag").starts_with(&format!("\"{}-", case.case.version + 2)));
    }

    async fn an_invalid_change_of_a_hold_is_refused_by_field(app) {
        let case = held(app).await;
        let (by, mark) = (app.as_manager().await, app.mark().await);
        for (body, field) in [
            (json!({"reason": ""}), "reason"),
            (json!({"reason": " "}), "reason"),
            (json!({"reason": null}), "reason"),
            (json!({"reason": "a".repeat(2_001)}), "reason"),
            (json!({"hold_duration_days": 0}), "hold_duration_days"),
            (json!({"hold_duration_days": 1_000}), "hold_duration_days"),
            (json!({"hold_duration_days": 1.2345}), "hold_duration_days"),
            (json!({"hold_duration_days": "3"}), "hold_duration_days"),
            (json!({"held_at": "2026-12-01T15:00:00.000Z"}), "held_at"),
        ] {
            let answer = by.patch(&case.url("hold"), body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{field}")], "{body}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }
}
