//! Changing a user's role.

use super::url;
use crate::app::{actions, at};
use crate::cases::visibility::with_role;
use entity::user::{Level, Role};
use serde_json::json;

on_each_database! {
    async fn a_change_of_role_and_level_is_one_entry_and_ends_the_sessions(app) {
        let user = app.user("manager", Role::Manager, None).await;
        let their_client = app.as_user(&user).await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        let body = json!({"role": "technician", "user_level": "level_3", "reason": "wants to work on cases again"});

        let changed = by.post(&url(&user, "role"), body.clone()).await.expect(200);

        assert_eq!((&changed["role"], &changed["user_level"]), (&json!("technician"), &json!("level_3")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_role_changed"]);
        assert_eq!(trail[0]["changes"], json!({
            "role": {"from": "manager", "to": "technician"},
            "user_level": {"from": null, "to": "level_3"},
        }));
        assert_eq!(trail[0]["metadata"], json!({
            "changed_by": "admin", "previous_role": "manager", "new_role": "technician", "previous_level": null,
            "new_level": "level_3", "reason": "wants to work on cases again",
        }));
        their_client.get("auth/me").await.expect_problem(401, "unauthorized");

        let their_client = app.as_user(&user).await;
        let mark = app.mark().await;
        assert_eq!(by.post(&url(&user, "role"), body).await.expect(200)["version"], changed["version"]);
        assert_eq!(app.since(&mark).await.len(), 0, "the same role again changes nothing");
        their_client.get("auth/me").await.expect(200);
    }

    async fn a_change_of_the_level_alone_is_one_entry(app) {
        let user = app.tech(1).await;
        let case = app.a_case().accepted().assigned_to(&user).create().await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        let body = json!({"role": "technician", "user_level": "level_2", "reason": "passed the examination"});
        by.post(&url(&user, "role"), body).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_role_changed"]);
        assert_eq!(trail[0]["changes"], json!({"user_level": {"from": "level_1", "to": "level_2"}}));
        assert_eq!(case.case.assigned_to_id, Some(user.id));
    }

    async fn users_cannot_change_their_own_role(app) {
        let by = app.as_admin().await;
        let admin = by.user.clone().unwrap();
        let mark = app.mark().await;
        let body = json!({"role": "manager", "reason": "tired"});
        by.post(&url(&admin, "role"), body).await.expect_problem(409, "own_account");
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_technician_with_open_cases_cannot_change_role(app) {
        let user = app.tech(3).await;
        app.a_case().accepted().assigned_to(&user).create().await;
        app.a_case().held().assigned_to(&user).create().await;
        app.a_case().completed().assigned_to(&user).create().await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        let body = json!({"role": "manager", "reason": "promoted"});
        let problem = by.post(&url(&user, "role"), body).await.expect_problem(409, "open_cases");
        assert_eq!(problem["open_cases"], 2);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_member_keeps_the_role_until_their_open_cases_are_handed_over(app) {
        let (user, other) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let open = [app.a_case().create().await, app.a_case().held().create().await];
        app.a_case().completed().create().await;
        let by = app.as_admin().await;
        for body in [
            json!({"role": "technician", "user_level": "level_3", "reason": "a"}),
            json!({"role": "manager", "reason": "a"}),
            json!({"role": "administrator", "reason": "a"}),
            json!({"role": "service", "scopes": ["ingest"], "reason": "a"}),
        ] {
            let mark = app.mark().await;
            let problem = by.post(&url(&user, "role"), body.clone()).await.expect_problem(409, "open_cases");
            let detail = "The user still has 2 open cases of their own: hand them over to another member first.";
            assert_eq!((&problem["open_cases"], &problem["detail"]), (&json!(2), &json!(detail)), "{body}");
            assert_eq!(app.since(&mark).await.len(), 0);
        }
        let body = json!({"role": "technician", "user_level": "level_3", "reason": "passed the examination"});
        for case in &open {
            let to_another = json!({"member_id": other.id, "reason": "becomes a technician"});
            by.post(&case.url("member"), to_another).await.expect(200);
        }
        by.post(&url(&user, "role"), body).await.expect(200);
        assert_eq!(by.get(&open[1].path()).await.expect(200)["member"]["username"], "member2");
    }

    async fn a_member_keeps_the_role_while_a_result_is_kept_from_them(app) {
        let user = app.user("member1", Role::Member, None).await;
        let case = app.a_case().completed_until(at("2026-12-11T15:00:00Z")).create().await;
        let by = app.as_admin().await;
        let body = json!({"role": "manager", "reason": "a"});
        let problem = by.post(&url(&user, "role"), body.clone()).await.expect_problem(409, "open_cases");
        assert_eq!(problem["open_cases"], 1);
        by.post(&case.url("release"), json!({})).await.expect(200);
        by.post(&url(&user, "role"), body).await.expect(200);
    }

    async fn a_technician_with_open_cases_of_both_kinds_is_told_of_both_and_can_become_a_member_again(app) {
        let member = app.user("member1", Role::Member, None).await;
        let own = app.a_case().create().await;
        let user = with_role(app, &member, Role::Technician, Some(Level::Three)).await;
        let by = app.as_admin().await;
        let other = app.user("member2", Role::Member, None).await;
        let assigned = app.a_case().owned_by(&other).accepted().assigned_to(&user).create().await;
        let level = json!({"role": "technician", "user_level": "level_2", "reason": "a"});
        by.post(&url(&user, "role"), level).await.expect(200);

        let problem = by.post(&url(&user, "role"), json!({"role": "manager", "reason": "a"})).await;

        let problem = problem.expect_problem(409, "open_cases");
        let detail = "The user still has 1 open case assigned to them and 1 open case of their own: reassign or hand them over \
                      first.";
        assert_eq!((&problem["open_cases"], &problem["detail"]), (&json!(2), &json!(detail)));
        let back = json!({"role": "member", "reason": "a"});
        let problem = by.post(&url(&user, "role"), back.clone()).await.expect_problem(409, "open_cases");
        assert_eq!(problem["open_cases"], 1);
        by.post(&assigned.url("assign"), json!({"assigned_to": null, "reason": "a"})).await.expect(200);
        by.post(&url(&user, "role"), back).await.expect(200);
        app.as_user(&member).await.post(&own.url("submit"), json!({})).await.expect(200);
    }

    async fn two_administrators_cannot_remove_each_other(app) {
        let (first, second) = (app.as_admin().await, app.user("admin2", Role::Administrator, None).await);
        let one = first.user.clone().unwrap();
        let other = app.as_user(&second).await;
        let body = json!({"role": "manager", "reason": "a quarrel"});

        let (ours, theirs) = (url(&second, "role"), url(&one, "role"));
        let (a, b) = tokio::join!(first.post(&ours, body.clone()), other.post(&theirs, body.clone()));

        let mut statuses = [a.status(), b.status()];
        statuses.sort_unstable();
        // The loser is either no longer an administrator when the request arrives, or the last one when it is processed.
        assert!(statuses[0] == 200 && [401, 403, 409].contains(&statuses[1]), "{} {}", a.text, b.text);
    }

    async fn the_fields_of_a_role_are_required_and_those_of_other_roles_are_refused(app) {
        let user = app.user("manager", Role::Manager, None).await;
        let by = app.as_admin().await;
        for (body, pointer) in [
            (json!({"role": "technician", "reason": "a"}), "user_level"),
            (json!({"role": "manager", "user_level": "level_1", "reason": "a"}), "user_level"),
            (json!({"role": "service", "reason": "a"}), "scopes"),
            (json!({"role": "member", "scopes": [], "reason": "a"}), "scopes"),
            (json!({"role": "member"}), "reason"),
            (json!({"role": "member", "reason": ""}), "reason"),
            (json!({"role": "member", "reason": "  "}), "reason"),
            (json!({"role": "owner", "reason": "a"}), "role"),
        ] {
            let answer = by.post(&url(&user, "role"), body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{pointer}")], "{body}");
        }
    }

    async fn only_an_administrator_changes_roles(app) {
        let user = app.user("tech1", Role::Technician, Some(Level::One)).await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        by.post(&url(&user, "role"), json!({"role": "manager", "reason": "a"})).await.expect_problem(403, "forbidden");
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["user_role_changed"], &json!("denied")));

        let mark = app.mark().await;
        let odd = by.with("If-Match", "seven");
        odd.post(&url(&user, "role"), json!({"role": 7})).await.expect_problem(403, "forbidden");
        assert_eq!(app.since(&mark).await.len(), 1, "the role of the caller is checked before the rest of the request");
    }

    async fn a_stale_version_is_refused(app) {
        let user = app.user("manager", Role::Manager, None).await;
        let by = app.as_admin().await.with("If-Match", "\"9\"");
        let body = json!({"role": "administrator", "reason": "a"});
        by.post(&url(&user, "role"), body).await.expect_problem(412, "version_mismatch");
    }
}
