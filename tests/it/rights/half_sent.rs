//! Requests whose caller loses the right between the headers and the end of the body: refused as if they had arrived later.

use crate::app::{Form, Half, TestApp, actions};
use chrono::TimeDelta;
use entity::user::{self, Role};
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};

const PASSWORD: &str = "eleven green bottles";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";

/// The ways in which a user's rights end.
const WAYS: [&str; 5] = ["deactivated", "deleted", "demoted", "given another password", "signed out"];

/// Ends a user's rights in one of these ways.
async fn end(app: &TestApp, user: &user::Model, refresh_token: &str, way: &str) {
    let (by, url) = (app.as_admin().await, format!("users/{}", user.id));
    match way {
        "deactivated" => by.post(&format!("{url}/deactivate"), json!({"reason": "left"})).await.expect(200),
        "deleted" => by.delete(&format!("{url}?reason=left")).await.expect(204),
        "demoted" => {
            let role = json!({"role": "technician", "user_level": "level_1", "reason": "too much"});
            by.post(&format!("{url}/role"), role).await.expect(200)
        }
        "given another password" => {
            by.post(&format!("{url}/password-reset"), json!({"new_password": "twelve green bottles"})).await.expect(204)
        }
        _ => app.as_anonymous().post("auth/logout", json!({"refresh_token": refresh_token})).await.expect(204),
    };
}

/// A user who signed in with a password: their row, access token and refresh token.
async fn signed_in(app: &TestApp, username: &str, role: Role) -> (user::Model, String, String) {
    let user = app.user(username, role, None).await;
    app.give_password(&user, PASSWORD).await;
    let pair = app.as_anonymous().post("auth/login", json!({"username": username, "password": PASSWORD})).await.expect(200);
    let text = |key: &str| pair[key].as_str().expect("a token").to_owned();
    (user, text("access_token"), text("refresh_token"))
}

/// A service account: its path, the id of its API key and the key.
async fn service(app: &TestApp, scopes: &[&str]) -> (String, String, String) {
    let by = app.as_admin().await;
    let body = json!({
        "username": "warehouse", "email": "warehouse@example.org", "first_name": "Data", "last_name": "Warehouse",
        "role": "service", "scopes": scopes,
    });
    let user = by.post("users", body).await.expect(201);
    let url = format!("users/{}", user["id"].as_str().expect("an id"));
    let keys = by.get(&format!("{url}/api-keys")).await.expect(200);
    let text = |value: &Json| value.as_str().expect("a text").to_owned();
    (url, text(&keys["data"][0]["id"]), text(&user["api_key"]))
}

fn new_member() -> Json {
    json!({
        "username": "newcomer", "email": "newcomer@example.org", "first_name": "New", "last_name": "Comer",
        "role": "administrator",
        "password": "twelve green bottles",
    })
}

async fn has_user(app: &TestApp, username: &str) -> bool {
    user::Entity::find().all(&app.outside).await.expect("users").iter().any(|user| user.username == username)
}

on_each_database! {
    async fn a_user_is_not_created_by_a_former_administrator(app) {
        for (number, way) in WAYS.into_iter().enumerate() {
            let (user, token, refresh) = signed_in(app, &format!("boss{number}"), Role::Administrator).await;
            let half = Half::json(app, &token, Method::POST, "users", &new_member()).await;
            end(app, &user, &refresh, way).await;
            let mark = app.mark().await;
            assert_eq!(half.finish().await, (401, "unauthorized".to_owned()), "{way}");
            assert!(!has_user(app, "newcomer").await, "{way}");
            assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new(), "{way}");
        }
        // The same request by an administrator who keeps the role succeeds: the refusal above was not about its form.
        let (_, token, _) = signed_in(app, "boss", Role::Administrator).await;
        let half = Half::json(app, &token, Method::POST, "users", &new_member()).await;
        assert_eq!(half.finish().await.0, 201);
        assert!(has_user(app, "newcomer").await);
    }

    async fn a_caller_who_lost_the_right_changes_nothing_by_patch_put_or_post(app) {
        let member = app.user("member1", Role::Member, None).await;
        let case = app.a_case().accepted().create().await;
        let requests = [
            (Method::PATCH, "settings".to_owned(), json!({"default_case_due_days": 9})),
            (Method::PATCH, format!("users/{}", member.id), json!({"first_name": "Other"})),
            (Method::PUT, format!("users/{}/credit-allowances/2026-Q4", member.id), json!({"allowed_credits": 7})),
            (Method::POST, "credit-resets".to_owned(), json!({"quarter": "2026-Q4", "new_allowance": 7})),
            (Method::POST, case.url("hold"), json!({"reason": "waiting"})),
            (Method::POST, case.url("notes"), json!({"body": "a note", "visibility": "shared"})),
            (Method::POST, format!("users/{}/deactivate", member.id), json!({"reason": "out of spite"})),
            (Method::PATCH, "auth/me".to_owned(), json!({"first_name": "Other"})),
        ];
        for (number, (method, path, body)) in requests.into_iter().enumerate() {
            let (user, token, refresh) = signed_in(app, &format!("boss{number}"), Role::Administrator).await;
            let half = Half::json(app, &token, method.clone(), &path, &body).await;
            end(app, &user, &refresh, WAYS[number % WAYS.len()]).await;
            let mark = app.mark().await;
            assert_eq!(half.finish().await, (401, "unauthorized".to_owned()), "{method} {path}");
            assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new(), "{method} {path}");
        }
    }

    async fn access_is_checked_again_when_the_row_of_an_upload_is_written(app) {
        let form = Form::new().text("document_type", "supporting").file("pay stub.pdf", "application/pdf", PDF);
        for (number, way) in WAYS.into_iter().enumerate() {
            let case = app.a_case().accepted().create().await;
            let (user, token, refresh) = signed_in(app, &format!("boss{number}"), Role::Administrator).await;
            let path = case.url("documents");
            let half = Half::begin(app, &token, (Method::POST, &path), (&form.kind(), &form.bytes()), "").await;
            end(app, &user, &refresh, way).await;
            let mark = app.mark().await;
            assert_eq!(half.finish().await, (401, "unauthorized".to_owned()), "{way}");
            assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new(), "{way}");
        }
        assert_eq!(entity::document::Entity::find().all(&app.outside).await.expect("documents").len(), 0);
        assert_eq!(std::fs::read_dir(app.documents.path()).expect("a directory").count(), 0);
    }

    async fn a_report_with_a_revoked_key_is_refused(app) {
        let (url, id, key) = service(app, &["ingest"]).await;
        let half = Half::json(app, &key, Method::POST, "ingest/bulk-exports", &bulk_export()).await;
        app.as_admin().await.delete(&format!("{url}/api-keys/{id}")).await.expect(204);
        let mark = app.mark().await;
        assert_eq!(half.finish().await, (401, "unauthorized".to_owned()));
        assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new());
    }

    async fn a_request_whose_scope_was_removed_is_refused_and_recorded_with_the_current_name(app) {
        let (url, _, key) = service(app, &["ingest"]).await;
        let half = Half::json(app, &key, Method::POST, "ingest/bulk-exports", &bulk_export()).await;
        let role = json!({"role": "service", "scopes": ["audit:read"], "reason": "reads only"});
        app.as_admin().await.post(&format!("{url}/role"), role).await.expect(200);
        // Names are snapshots, too.
        let by = app.as_admin().await;
        by.patch(&url, json!({"last_name": "Reader"})).await.expect(200);
        let mark = app.mark().await;
        assert_eq!(half.finish().await, (403, "forbidden".to_owned()));
        let trail = app.since(&mark).await;
        assert_eq!(trail.len(), 1, "{trail:?}");
        assert_eq!((&trail[0]["outcome"], &trail[0]["action_type"]), (&json!("denied"), &json!("bulk_export")));
        assert_eq!(
            (&trail[0]["actor"]["username"], &trail[0]["actor"]["full_name"]),
            (&json!("warehouse"), &json!("Data Reader"))
        );
    }

    async fn an_entry_has_the_name_of_its_actor_at_the_time_of_the_action(app) {
        let (user, token, _) = signed_in(app, "boss", Role::Administrator).await;
        let half = Half::json(app, &token, Method::POST, "users", &new_member()).await;
        app.as_admin().await.patch(&format!("users/{}", user.id), json!({"last_name": "Renamed"})).await.expect(200);
        let mark = app.mark().await;
        assert_eq!(half.finish().await.0, 201);
        let trail = app.since(&mark).await;
        let name = trail[0]["actor"]["full_name"].as_str().expect("a name");
        assert!(name.ends_with("Renamed"), "{name}");
    }

    async fn a_stored_response_is_not_returned_to_a_caller_who_lost_the_right(app) {
        let (user, token, refresh) = signed_in(app, "boss", Role::Administrator).await;
        let by = app.with_token(&token).with("Idempotency-Key", "newcomer-0001");
        by.post("users", new_member()).await.expect(201);
        // So that the caller is read before the body.
        app.pass(TimeDelta::seconds(1));
        let body = new_member().to_string();
        let kind = ("application/json", body.as_bytes());
        let half = Half::begin(app, &token, (Method::POST, "users"), kind, "Idempotency-Key: newcomer-0001\r\n").await;
        end(app, &user, &refresh, "deactivated").await;
        assert_eq!(half.finish().await, (401, "unauthorized".to_owned()));
    }
}

fn bulk_export() -> Json {
    json!({"export_type": "cases", "format": "csv", "record_count": 10})
}
