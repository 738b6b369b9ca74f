//! Creating a user.

use crate::app::{Client, actions};
use api::users::NewUser;
use entity::user::{self, Role};
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};

const PASSWORD: &str = "eleven green bottles";

fn member() -> Json {
    json!({
        "username": "Member7", "email": "Member7@Example.org", "first_name": "Ada", "last_name": "Moss",
        "role": "member", "workshop_code": "ws007", "password": PASSWORD,
    })
}

fn with(changes: Json) -> Json {
    let mut body = member();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Json::Null => drop(body.as_object_mut().unwrap().remove(name)),
            value => body[name] = value.clone(),
        }
    }
    body
}

async fn refused(by: &Client<'_>, changes: Json, pointer: &str) {
    let answer = by.post("users", with(changes.clone())).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.faults(), [format!("body /{pointer}")], "{changes}");
}

on_each_database! {
    async fn an_administrator_creates_a_member_who_can_sign_in(app) {
        let by = app.as_admin().await;
        let mark = app.mark().await;

        let answer = by.post("users", member()).await;

        let mut user = answer.expect(201);
        assert_eq!(user.as_object_mut().unwrap().remove("api_key"), Some(Json::Null));
        assert_eq!(answer.header("location"), format!("/api/v1/users/{}", user["id"].as_str().unwrap()));
        assert_eq!((&user["username"], &user["email"]), (&json!("member7"), &json!("member7@example.org")));
        assert_eq!((&user["workshop_code"], &user["last_login_at"]), (&json!("WS007"), &Json::Null));
        assert_eq!(by.get(answer.header("location")).await.expect(200), user);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_created"]);
        assert_eq!(trail[0]["metadata"], json!({"role": "member", "user_level": null, "email": "member7@example.org"}));
        assert_eq!((&trail[0]["related_user"]["id"], &trail[0]["actor"]["username"]), (&user["id"], &json!("admin")));
        assert_eq!(trail[0]["changes"]["is_active"], json!({"from": null, "to": true}));
        app.as_anonymous().post("auth/login", json!({"username": "member7", "password": PASSWORD})).await.expect(200);
    }

    async fn a_technician_creates_members_only(app) {
        let by = app.as_tech(1).await;
        by.post("users", member()).await.expect(201);
        let mark = app.mark().await;
        let manager = with(json!({"username": "boss", "email": "boss@example.org", "role": "manager", "workshop_code": null}));
        by.post("users", manager.clone()).await.expect_problem(403, "forbidden");
        app.as_manager().await.post("users", manager).await.expect_problem(403, "forbidden");
        app.as_member().await.post("users", json!({})).await.expect_problem(403, "forbidden");
        let trail: Vec<_> = app.since(&mark).await.into_iter().filter(|entry| entry["outcome"] == "denied").collect();
        assert_eq!(actions(&trail), ["user_created"; 3]);
    }

    async fn the_fields_of_a_role_are_required_and_those_of_other_roles_are_refused(app) {
        let by = app.as_admin().await;
        let mark = app.mark().await;
        refused(&by, json!({"workshop_code": null}), "workshop_code").await;
        refused(&by, json!({"user_level": "level_1"}), "user_level").await;
        refused(&by, json!({"scopes": ["ingest"]}), "scopes").await;
        refused(&by, json!({"role": "technician", "workshop_code": null}), "user_level").await;
        refused(&by, json!({"role": "technician", "user_level": "level_1"}), "workshop_code").await;
        refused(&by, json!({"role": "service", "workshop_code": null, "password": null}), "scopes").await;
        refused(&by, json!({"role": "service", "workshop_code": null, "scopes": ["ingest"]}), "password").await;
        refused(&by, json!({"password": null}), "password").await;
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn invalid_fields_are_refused_by_name(app) {
        let by = app.as_admin().await;
        refused(&by, json!({"username": "ab"}), "username").await;
        refused(&by, json!({"username": "mia chen"}), "username").await;
        refused(&by, json!({"username": "żaneta"}), "username").await;
        refused(&by, json!({"email": "nowhere"}), "email").await;
        refused(&by, json!({"first_name": " "}), "first_name").await;
        refused(&by, json!({"last_name": "a\u{200B}b"}), "last_name").await;
        refused(&by, json!({"role": "owner"}), "role").await;
        refused(&by, json!({"password": "too short"}), "password").await;
        refused(&by, json!({"password": "Welcome2026"}), "password").await;
        refused(&by, json!({"username": "mia.chen.2", "password": "MIA.CHEN.2"}), "password").await;
        refused(&by, json!({"is_active": false}), "is_active").await;
    }

    async fn usernames_and_email_addresses_are_unique_and_only_usernames_stay_taken_after_a_deletion(app) {
        let by = app.as_admin().await;
        let user = by.post("users", member()).await.expect(201);
        let mark = app.mark().await;
        by.post("users", with(json!({"email": "other@example.org"}))).await.expect_problem(409, "duplicate_username");
        by.post("users", with(json!({"username": "other"}))).await.expect_problem(409, "duplicate_email");
        assert_eq!(app.since(&mark).await.len(), 0);

        by.delete(&format!("users/{}?reason=left", user["id"].as_str().unwrap())).await.expect(204);
        by.post("users", with(json!({"email": "other@example.org"}))).await.expect_problem(409, "duplicate_username");
        // As often as its owner is deleted, and in any case.
        for name in ["second", "third"] {
            let body = with(json!({"username": name, "email": "MEMBER7@example.org"}));
            let next = by.post("users", body).await.expect(201);
            assert_eq!(next["email"], "member7@example.org");
            by.post("users", with(json!({"username": "other"}))).await.expect_problem(409, "duplicate_email");
            by.delete(&format!("users/{}?reason=left", next["id"].as_str().unwrap())).await.expect(204);
        }
        let all = by.get("users?include_deleted=true&q=member7@example.org").await.expect(200);
        let names: Vec<_> = all["data"].as_array().unwrap().iter().map(|user| user["username"].clone()).collect();
        assert_eq!(names, [json!("member7"), json!("second"), json!("third")], "deleted accounts are still found by it");
    }

    async fn the_address_of_a_deleted_user_can_be_taken_over_in_a_profile(app) {
        let admin = app.as_admin().await;
        let (first, second) = (app.user("gone1", Role::Member, None).await, app.user("gone2", Role::Technician, None).await);
        let member = app.user("member1", Role::Member, None).await;
        let taken = json!({"email": "Gone1@example.org"});
        app.as_user(&member).await.patch("auth/me", taken.clone()).await.expect_problem(409, "duplicate_email");
        for user in [&first, &second] {
            admin.delete(&format!("users/{}?reason=left", user.id)).await.expect(204);
        }
        let mark = app.mark().await;
        assert_eq!(app.as_user(&member).await.patch("auth/me", taken).await.expect(200)["email"], "gone1@example.org");
        let edit = json!({"email": "gone2@example.org"});
        assert_eq!(admin.patch(&format!("users/{}", member.id), edit).await.expect(200)["email"], "gone2@example.org");
        assert_eq!(actions(&app.since(&mark).await), ["member_profile_updated"; 2]);
    }

    async fn of_concurrent_requests_for_a_free_address_one_succeeds(app) {
        let by = app.as_admin().await;
        let gone = app.user("gone", Role::Manager, None).await;
        by.delete(&format!("users/{}?reason=left", gone.id)).await.expect(204);
        let body = |number: usize| with(json!({"username": format!("next{number}"), "email": "gone@example.org"}));
        let answers = futures_util::future::join_all((0..8).map(|number| by.post("users", body(number)))).await;
        let of = |status: u16| answers.iter().filter(|answer| answer.status() == status).count();
        assert_eq!((of(201), of(409)), (1, 7), "{answers:?}");
        let refused = answers.iter().filter(|answer| answer.status() == 409);
        refused.for_each(|answer| drop(answer.expect_problem(409, "duplicate_email")));
    }

    async fn a_service_account_has_scopes_and_no_password(app) {
        let by = app.as_admin().await;
        let body =
            with(json!({"role": "service", "workshop_code": null, "password": null, "scopes": ["reports:read", "ingest"]}));
        let user = by.post("users", body).await.expect(201);
        assert_eq!(user["scopes"], json!(["ingest", "reports:read"]));
        let login = json!({"username": "member7", "password": PASSWORD});
        app.as_anonymous().post("auth/login", login).await.expect_problem(401, "invalid_credentials");
    }

    async fn the_command_line_creates_the_first_administrator_by_the_same_rules(app) {
        let admin = with(json!({"role": "administrator", "workshop_code": null}));
        assert!(NewUser::read(&with(json!({"password": "short"}))).is_err());
        let new = NewUser::read(&admin).unwrap();
        let hash = app.app.passwords().hash(new.password.as_deref().unwrap()).await.unwrap();
        let tx = app.write().await;
        let (user, _) = new.create(&tx, Some(hash)).await.unwrap();
        tx.commit().await.unwrap();
        let stored = user::Entity::find_by_id(user.id).one(&app.outside).await.unwrap().unwrap();
        assert_eq!((stored.role, stored.username.as_str()), (Role::Administrator, "member7"));
        app.as_anonymous().post("auth/login", json!({"username": "member7", "password": PASSWORD})).await.expect(200);
    }
}
