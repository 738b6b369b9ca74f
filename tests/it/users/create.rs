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

    async fn usernames_and_email_addresses_are_unique_and_usernames_stay_taken_after_a_deletion(app) {
        let by = app.as_admin().await;
        let user = by.post("users", member()).await.expect(201);
        let mark = app.mark().await;
        by.post("users", with(json!({"email": "other@example.org"}))).await.expect_problem(409, "duplicate_username");
        by.post("users", with(json!({"username": "other"}))).await.expect_problem(409, "duplicate_email");
        assert_eq!(app.since(&mark).await.len(), 0);

        by.delete(&format!("users/{}?reason=left", user["id"].as_str().unwrap())).await.expect(204);
        by.post("users", with(json!({"email": "other@example.org"}))).await.expect_problem(409, "duplicate_username");
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
