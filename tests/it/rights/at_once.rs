//! Callers whose rights end during a request: its change is committed before that, or refused after it, on both databases.

use crate::app::{Client, TestApp};
use entity::audit_entry;
use entity::user::{self, Role};
use futures_util::future::{join, join_all};
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value as Json, json};

const ROUNDS: usize = 9;

async fn administrators(app: &TestApp) -> u64 {
    let active = user::active().filter(user::Column::Role.eq(Role::Administrator));
    active.count(&app.outside).await.expect("administrators")
}

/// An administrator ends the rights of another, in a way that depends on the round.
async fn end(by: &Client<'_>, user: &user::Model, way: usize) -> u16 {
    let url = format!("users/{}", user.id);
    let answer = match way % 3 {
        0 => by.post(&format!("{url}/role"), json!({"role": "manager", "reason": "a quarrel"})).await,
        1 => by.post(&format!("{url}/deactivate"), json!({"reason": "a quarrel"})).await,
        _ => by.delete(&format!("{url}?reason=quarrel")).await,
    };
    answer.status()
}

/// No entry by an administrator comes after the one that ended their rights.
fn ensure_acts_of_administrators(trail: &[Json]) {
    let mut ended: Vec<&str> = Vec::new();
    for entry in trail.iter().filter(|entry| entry["outcome"] == "success" && entry["actor_type"] == "user") {
        let actor = entry["actor"]["id"].as_str().expect("an actor");
        assert!(!ended.contains(&actor), "an act after its actor's end: {entry}");
        let ends = ["user_role_changed", "user_updated", "user_deleted"];
        if ends.contains(&entry["action_type"].as_str().expect("an action")) {
            ended.push(entry["object_id"].as_str().expect("an object"));
        }
    }
}

on_each_database! {
    async fn exactly_one_of_two_administrators_who_end_each_others_rights_succeeds(app) {
        app.as_admin().await;
        let mark = app.mark().await;
        for round in 0..ROUNDS {
            let one = app.user(&format!("one{round}"), Role::Administrator, None).await;
            let two = app.user(&format!("two{round}"), Role::Administrator, None).await;
            let (first, second) = (app.as_user(&one).await, app.as_user(&two).await);
            let before = administrators(app).await;
            let (way, other_way) = (round, round / 3);
            let ends = join(end(&first, &two, way), end(&second, &one, other_way)).await;
            let won = [ends.0, ends.1].iter().filter(|status| (200..300).contains(*status)).count();
            assert!(won == 1 && (ends.0 == 401 || ends.1 == 401), "round {round}: {ends:?}");
            assert_eq!(administrators(app).await, before - 1, "round {round}");
        }
        ensure_acts_of_administrators(&app.since(&mark).await);
    }

    async fn concurrent_removals_leave_one_administrator(app) {
        let mut all = Vec::new();
        for number in 0..6 {
            all.push(app.user(&format!("boss{number}"), Role::Administrator, None).await);
        }
        let mut clients = Vec::new();
        for user in &all {
            clients.push(app.as_user(user).await);
        }
        let mark = app.mark().await;
        let removals = clients.iter().enumerate().flat_map(|(number, by)| {
            let others = all.iter().filter(move |user| Some(user.id) != by.user.as_ref().map(|user| user.id));
            others.map(move |user| end(by, user, number))
        });
        let statuses = join_all(removals).await;
        assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
        assert_eq!(administrators(app).await, 1, "{statuses:?}");
        ensure_acts_of_administrators(&app.since(&mark).await);
    }

    async fn of_two_administrators_who_demote_each_other_many_times_at_once_one_remains_and_no_request_fails(app) {
        for round in 0..3 {
            let one = app.user(&format!("one{round}"), Role::Administrator, None).await;
            let two = app.user(&format!("two{round}"), Role::Administrator, None).await;
            let (first, second) = (app.as_user(&one).await, app.as_user(&two).await);
            let (before, mark) = (administrators(app).await, app.mark().await);
            let demotions = (0..32).map(|number| if number % 2 == 0 { end(&first, &two, 0) } else { end(&second, &one, 0) });
            let statuses = join_all(demotions).await;
            let of = |status: u16| statuses.iter().filter(|other| **other == status).count();
            // Demoting a manager to a manager changes nothing.
            assert_eq!((of(200), of(401)), (16, 16), "round {round}: {statuses:?}");
            assert_eq!(administrators(app).await, before - 1, "round {round}");
            let trail = app.since(&mark).await;
            assert_eq!(trail.len(), 1, "round {round}: {trail:?}");
            assert_eq!((&trail[0]["action_type"], &trail[0]["outcome"]), (&json!("user_role_changed"), &json!("success")));
        }
    }

    async fn users_who_change_each_other_concurrently_do_not_deadlock(app) {
        let (one, two) = (app.user("one", Role::Administrator, None).await, app.user("two", Role::Administrator, None).await);
        let (member, tech) = (app.user("member2", Role::Member, None).await, app.tech(3).await);
        for round in 0..ROUNDS {
            let case = app.a_case().accepted().create().await;
            let (first, second) = (app.as_user(&one).await, app.as_user(&two).await);
            let (manager, worker) = (app.as_manager().await, app.as_user(&tech).await);
            let name = |who: &str| json!({"first_name": format!("{who}{round}")});
            let (of_one, of_two) = (format!("users/{}", one.id), format!("users/{}", two.id));
            let (of_member, of_tech) = (format!("users/{}", member.id), format!("users/{}", tech.id));
            let requests = [
                (&first, Method::PATCH, of_two.clone(), name("a")),
                (&second, Method::PATCH, of_one.clone(), name("b")),
                (&first, Method::PATCH, "auth/me".to_owned(), name("c")),
                (&first, Method::PATCH, "auth/me".to_owned(), name("d")),
                (&second, Method::PATCH, "auth/me".to_owned(), name("e")),
                (&second, Method::POST, format!("{of_member}/deactivate"), json!({"reason": "away"})),
                (&first, Method::POST, format!("{of_member}/reactivate"), json!({"reason": "back"})),
                (&first, Method::POST, format!("{of_tech}/password-reset"), json!({"new_password": "twelve green bottles"})),
                (&second, Method::POST, format!("{of_one}/password-reset"), json!({"new_password": "twelve green bottles"})),
                (&first, Method::POST, format!("{of_two}/password-reset"), json!({"new_password": "twelve green bottles"})),
                (&first, Method::POST, case.url("assign"), json!({"assigned_to": two.id, "reason": "work"})),
                (&second, Method::POST, case.url("assign"), json!({"assigned_to": one.id, "reason": "work"})),
                (&manager, Method::POST, case.url("assign"), json!({"assigned_to": tech.id, "reason": "work"})),
                (&worker, Method::POST, case.url("hold"), json!({"reason": "waiting"})),
                (&worker, Method::PATCH, "auth/me".to_owned(), name("f")),
            ];
            let answers = requests.iter().map(|(by, method, path, body)| async move {
                (format!("{method} {path}"), by.send(method.clone(), path, Some(body.clone())).await.status())
            });
            for (request, status) in join_all(answers).await {
                assert!(status < 500, "round {round}: {request} was answered {status}");
            }
        }
    }
}

/// PostgreSQL only: on SQLite there are no locks of rows.
#[tokio::test]
async fn a_user_and_the_administrators_are_locked_in_the_order_of_their_ids() {
    use crate::app::Kind;
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let member = app.user("member2", Role::Member, None).await;
    let (one, two) = (app.user("one", Role::Administrator, None).await, app.user("two", Role::Administrator, None).await);
    assert!(member.id < one.id && one.id < two.id);
    let (first, second) = (app.as_user(&one).await, app.as_user(&two).await);
    for (operation, reason) in [("deactivate", "left"), ("reactivate", "back")] {
        let kept = app.keep("users", &member.id.to_string()).await;
        let path = format!("users/{}/{operation}", member.id);
        let changed = async { first.post(&path, json!({"reason": reason})).await.status() };
        let meanwhile = async {
            app.until_waiting(1).await;
            // It waits for the member, and holds none of the administrators, whose ids are greater.
            let edited = second.patch("auth/me", json!({"first_name": operation})).await.status();
            kept.rollback().await.expect("let go");
            edited
        };
        assert_eq!(join(changed, meanwhile).await, (200, 200), "{operation}");
    }
    app.finish().await;
}

/// PostgreSQL only: SQLite has a single writer, and waiting for its turn is the only wait.
#[tokio::test]
async fn rights_end_after_actions_in_progress_and_before_later_ones() {
    use crate::app::Kind;
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let manager = app.user("manager", Role::Manager, None).await;
    let (by, admin, case) = (app.as_user(&manager).await, app.as_admin().await, app.a_case().accepted().create().await);
    let url = format!("users/{}/deactivate", manager.id);
    let mark = app.mark().await;
    let (hold, leave) = (json!({"reason": "waiting"}), json!({"reason": "left"}));

    // The case is locked, so that the hold is in progress when its actor's rights are to end.
    let held = app.keep("cases", &case.id()).await;
    let (path, active) = (case.url("hold"), by.clone());
    let acts = async { (active.post(&path, hold.clone()).await.status(), tokio::time::Instant::now()) };
    let ends = async {
        app.until_waiting(1).await;
        let deactivated = async { (admin.post(&url, leave.clone()).await.status(), tokio::time::Instant::now()) };
        let let_go = async {
            app.until_waiting(2).await;
            held.rollback().await.expect("let go");
        };
        join(deactivated, let_go).await.0
    };
    let ((acted, _), (ended, _)) = join(acts, ends).await;
    assert_eq!((acted, ended), (200, 200));
    by.post(&case.url("resume"), json!({"reason": "back"})).await.expect_problem(401, "unauthorized");
    let trail = app.since(&mark).await;
    let recorded: Vec<_> = trail.iter().map(|entry| entry["action_type"].as_str().expect("an action")).collect();
    assert_eq!(recorded, ["case_held", "user_updated"]);

    // The other order: the end of the rights is in progress when the change arrives.
    admin.post(&format!("users/{}/reactivate", manager.id), json!({"reason": "back"})).await.expect(200);
    let by = app.as_user(&manager).await;
    let kept = app.keep("users", &manager.id.to_string()).await;
    let ends = async { admin.post(&url, leave.clone()).await.status() };
    let acts = async {
        app.until_waiting(1).await;
        let path = case.url("resume");
        let acted = async { by.post(&path, json!({"reason": "back"})).await.status() };
        let let_go = async {
            app.until_waiting(2).await;
            kept.rollback().await.expect("let go");
        };
        join(acted, let_go).await.0
    };
    assert_eq!(join(ends, acts).await, (200, 401));
    let entries = audit_entry::Entity::find().filter(audit_entry::Column::ActionType.eq("case_resumed"));
    assert_eq!(entries.count(&app.outside).await.expect("entries"), 0);
    app.finish().await;
}
