//! What was only counted is reported: by an entry of the service once the time of its counter is over.

use super::world::{break_audit_log, data, outside};
use crate::app::{Answer, TestApp, actions};
use crate::auth::{PASSWORD, member, sign_in, text};
use api::worker::folding::report_folded;
use chrono::TimeDelta;
use entity::attempt;
use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value as Json, json};

/// The number of counters.
async fn counters(app: &TestApp) -> u64 {
    attempt::Entity::find().count(&app.outside).await.unwrap()
}

/// An attempt to sign in with a wrong password.
async fn fail(app: &TestApp, username: &str) -> Answer {
    app.as_anonymous().post("auth/login", json!({"username": username, "password": "not this one"})).await
}

/// The entries by the service.
fn reported(trail: &[Json]) -> Vec<&Json> {
    trail.iter().filter(|entry| entry["actor_type"] == "system" && entry["metadata"]["folded_count"].is_u64()).collect()
}

on_each_database! {
    async fn refusals_that_were_only_counted_are_told_after_a_minute(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(2).await;
        let mark = app.mark().await;
        for _ in 0..45 {
            by.post(&case.url("hold"), json!({"reason": "because"})).await.expect_problem(403, "forbidden");
        }
        app.pass(TimeDelta::milliseconds(59_999));
        assert_eq!(report_folded(&app.app).await.unwrap(), 0, "the minute is not over");
        app.pass(TimeDelta::milliseconds(1));
        // Replicas look at the same time.
        let deleted = join_all((0..6).map(|_| report_folded(&app.app))).await;
        assert_eq!(deleted.into_iter().map(|deleted| deleted.unwrap()).sum::<u64>(), 1);
        assert_eq!((report_folded(&app.app).await.unwrap(), counters(app).await), (0, 0));

        let trail = app.since(&mark).await;
        assert_eq!((trail.len(), reported(&trail).len()), (21, 1), "{:?}", actions(&trail));
        let entry = &trail[20];
        assert_eq!(entry["metadata"], json!({"operation": "hold_case", "code": "forbidden", "folded_count": 25}));
        assert_eq!((&entry["action_type"], &entry["outcome"]), (&json!("case_held"), &json!("denied")));
        assert_eq!((&entry["actor_label"], &entry["source"]), (&json!("System"), &json!("job")));
        assert_eq!(entry["related_user"]["username"], "tech2");
        assert_eq!(entry["case"], json!({"id": case.id(), "case_number": case.case.case_number}));
        assert_eq!((&entry["object_type"], &entry["object_id"]), (&json!("case"), &json!(case.id())));
        assert_eq!(entry["description"], "Refused: hold_case (25 more times)");
        let query = format!("audit-log?outcome=denied&case_id={}&limit=1", case.id());
        let list = app.as_manager().await.get(&query).await.expect(200);
        assert_eq!(data(&list)[0]["metadata"]["folded_count"], 25);
    }

    async fn what_differed_is_not_told(app) {
        let (one, other) = (app.a_case().create().await, app.a_case().create().await);
        let by = app.as_user(&app.user("member2", entity::user::Role::Member, None).await).await;
        for _ in 0..20 {
            by.get(&one.path()).await.expect_problem(404, "not_found");
        }
        for path in [one.path(), other.path(), one.url("documents"), one.path()] {
            by.get(&path).await.expect_problem(404, "not_found");
        }
        app.pass(TimeDelta::minutes(1));
        let mark = app.mark().await;
        report_folded(&app.app).await.unwrap();
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["related_user"]["username"]), (vec!["other"], &json!("member2")));
        let metadata = json!({"event": "access_denied", "code": "not_found", "folded_count": 4});
        assert_eq!((&trail[0]["metadata"], &trail[0]["case"]), (&metadata, &Json::Null));
        assert_eq!((&trail[0]["object_type"], &trail[0]["object_id"]), (&json!("case"), &json!("various")));
    }

    async fn the_next_entry_of_the_same_kind_tells_it_first(app) {
        let by = app.as_member().await;
        for _ in 0..23 {
            by.get("cases/not-an-id").await.expect_problem(404, "not_found");
        }
        app.pass(TimeDelta::minutes(1));
        let mark = app.mark().await;
        by.get("cases/not-an-id").await.expect_problem(404, "not_found");
        app.pass(TimeDelta::minutes(1));
        assert_eq!(report_folded(&app.app).await.unwrap(), 1);
        let trail = app.since(&mark).await;
        assert_eq!((trail.len(), &trail[0]["metadata"]["folded_count"]), (1, &json!(3)));
        assert_eq!(counters(app).await, 0, "a counter without anything untold is deleted");
    }

    async fn what_cannot_be_recorded_is_told_later(app) {
        let by = app.as_member().await;
        for _ in 0..22 {
            by.get("cases/not-an-id").await.expect_problem(404, "not_found");
        }
        app.pass(TimeDelta::minutes(1));
        let mark = app.mark().await;
        break_audit_log(app).await;
        assert!(report_folded(&app.app).await.is_err());
        assert_eq!(counters(app).await, 1);
        outside(app, "DROP TRIGGER full_disk", "DROP TRIGGER full_disk ON audit_entries").await.unwrap();
        assert_eq!(report_folded(&app.app).await.unwrap(), 1);
        let trail = app.since(&mark).await;
        assert_eq!((trail.len(), &trail[0]["metadata"]["folded_count"]), (1, &json!(2)));
    }

    async fn a_counter_of_version_0_1_0_is_told_too(app) {
        let tech = app.tech(2).await;
        let at = "2026-11-30T12:00:00.000+00:00";
        let (old, idle) = (format!("{} case_held", tech.id), "192.0.2.7 login");
        for (key, count) in [(old.as_str(), 7), (idle, 0)] {
            let insert = "INSERT INTO attempts (attempt_key, minute_started_at, recorded_count, folded_count)";
            let insert = format!("{insert} VALUES ('{key}', '{at}', 20, {count})");
            outside(app, &insert, &insert).await.unwrap();
        }
        let mark = app.mark().await;
        assert_eq!(report_folded(&app.app).await.unwrap(), 2);
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["related_user"]["username"]), (vec!["case_held"], &json!("tech2")));
        assert_eq!((&trail[0]["outcome"], &trail[0]["metadata"]), (&json!("denied"), &json!({"folded_count": 7})));
    }

    async fn failed_sign_ins_of_one_name_do_not_hide_those_of_another(app) {
        member(app).await;
        let other = app.user("other", entity::user::Role::Manager, None).await;
        app.give_password(&other, PASSWORD).await;
        for _ in 0..30 {
            fail(app, "member1").await;
        }
        let mark = app.mark().await;
        fail(app, "other").await.expect(401);
        fail(app, "no-such-user").await.expect(401);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"; 2]);
        assert_eq!((&trail[0]["related_user"]["username"], &trail[1]["related_user"]), (&json!("other"), &Json::Null));

        app.pass(TimeDelta::minutes(1));
        let mark = app.mark().await;
        // Of member1 the failure and the refusals that followed it are counted apart.
        assert_eq!(report_folded(&app.app).await.unwrap(), 4);
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["related_user"]["username"]), (vec!["login"], &json!("member1")));
        assert_eq!((&trail[0]["metadata"]["folded_count"], &trail[0]["ip_address"]), (&json!(9), &json!("127.0.0.1")));
        assert_eq!(trail[0]["metadata"]["event"], "too_many_attempts");
    }

    async fn failures_and_refusals_are_counted_apart(app) {
        let mark = app.mark().await;
        // Each name fails once. Of one name all further attempts have to wait.
        for number in 0..25 {
            fail(app, &format!("unknown{number}")).await.expect(401);
        }
        for _ in 0..33 {
            fail(app, "unknown0").await.expect(429);
        }
        let count = |trail: &[Json], outcome: &str| trail.iter().filter(|entry| entry["outcome"] == outcome).count();
        let trail = app.since(&mark).await;
        assert_eq!((count(&trail, "failure"), count(&trail, "denied")), (20, 20));

        app.pass(TimeDelta::minutes(1));
        let mark = app.mark().await;
        assert_eq!(report_folded(&app.app).await.unwrap(), 2);
        let trail = app.since(&mark).await;
        let reported: Vec<(&Json, &Json)> =
            trail.iter().map(|entry| (&entry["outcome"], &entry["metadata"]["folded_count"])).collect();
        assert_eq!(reported.len(), 2, "{reported:?}");
        for expected in [(&json!("failure"), &json!(5)), (&json!("denied"), &json!(13))] {
            assert!(reported.contains(&expected), "{reported:?}");
        }
    }

    async fn a_used_refresh_token_that_ends_a_session_is_always_recorded(app) {
        member(app).await;
        let first = sign_in(app, "member1").await;
        let refresh = async || {
            let body = json!({"refresh_token": text(&first, "refresh_token")});
            app.as_anonymous().post("auth/refresh", body).await
        };
        refresh().await.expect(200);
        app.pass(TimeDelta::minutes(5));
        for _ in 0..30 {
            fail(app, "member1").await;
        }
        let mark = app.mark().await;
        refresh().await.expect_problem(401, "invalid_refresh_token");
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["metadata"]["event"]), (vec!["login"], &json!("refresh_reuse")));
        // Once more ends nothing: an attempt like any other.
        let mark = app.mark().await;
        refresh().await.expect_problem(401, "invalid_refresh_token");
        assert_eq!(app.since(&mark).await.len(), 0);
    }
}
