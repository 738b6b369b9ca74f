//! API keys: how a service account authenticates, and how its access is revoked.

use crate::app::{Client, Kind, Settings, TestApp, actions};
use api::state::rates::Rates;
use entity::user::Role;
use entity::{api_key, idempotency};
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};
use std::num::NonZeroU32;
use std::process::{Command, Stdio};

fn service(username: &str, scopes: Json) -> Json {
    json!({
        "username": username, "email": format!("{username}@example.org"), "first_name": "Data", "last_name": "Warehouse",
        "role": "service", "scopes": scopes,
    })
}

/// A new service account: its path, its first key, and the account as a caller.
async fn account<'a>(app: &'a TestApp, scopes: Json) -> (String, String, Client<'a>) {
    let user = app.as_admin().await.post("users", service("warehouse", scopes)).await.expect(201);
    let key = user["api_key"].as_str().unwrap().to_owned();
    (format!("users/{}", user["id"].as_str().unwrap()), key.clone(), app.with_token(&key))
}

on_each_database! {
    async fn a_service_account_gets_a_key_once_and_authenticates_with_it(app) {
        app.as_admin().await;
        let mark = app.mark().await;
        let (url, key, itself) = account(app, json!(["audit:read"])).await;
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_created"]);
        let stored = api_key::Entity::find().one(&app.outside).await.unwrap().unwrap();
        assert_eq!(trail[0]["metadata"]["api_key_id"], json!(stored.id));
        assert_eq!((key.len(), stored.key_hash), (47, entity::text::sha256_hex(key.as_bytes())));
        assert!(key.starts_with(&stored.hint) && stored.hint.len() == 8);

        let mark = app.mark().await;
        itself.get("audit-log").await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["audit_log_accessed"]);
        assert_eq!((&trail[0]["actor_type"], &trail[0]["source"]), (&json!("service"), &json!("service")));
        assert_eq!(trail[0]["actor_label"], "warehouse");
        let me = itself.get("auth/me").await.expect(200);
        assert_eq!((&me["username"], &me["permissions"]), (&json!("warehouse"), &json!(["read_audit_log"])));

        let by = app.as_admin().await;
        let user = by.get(&url).await;
        let listed = by.get(&format!("{url}/api-keys")).await;
        assert_eq!(listed.json()["data"][0]["hint"], json!(stored.hint));
        for answer in [user.text, listed.text, json!(app.all_entries().await).to_string()] {
            assert!(!answer.contains(&key), "{answer}");
        }
        let person = json!({
            "username": "boss", "email": "boss@example.org", "first_name": "A", "last_name": "B", "role": "manager",
            "password": "eleven green bottles",
        });
        assert_eq!(by.post("users", person).await.expect(201)["api_key"], Json::Null);
    }

    async fn a_key_is_not_stored_for_a_retry_of_the_request(app) {
        let by = app.as_admin().await.with("Idempotency-Key", "warehouse-account");
        let first = by.post("users", service("warehouse", json!(["ingest"]))).await.expect(201);
        let again = by.post("users", service("warehouse", json!(["ingest"]))).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        let again = again.expect(201);
        assert_eq!((&again["id"], &again["api_key"]), (&first["id"], &Json::Null));
        let kept = idempotency::Entity::find().one(&app.outside).await.unwrap().unwrap();
        assert!(!kept.answer.unwrap().contains("ctk_"));
    }

    async fn a_key_is_rotated_without_an_interruption(app) {
        let (url, _, old) = account(app, json!(["audit:read"])).await;
        let by = app.as_admin().await;
        let first = by.get(&format!("{url}/api-keys")).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        let mark = app.mark().await;

        let made = by.send(reqwest::Method::POST, &format!("{url}/api-keys"), None).await;

        let key = made.expect(201);
        assert_eq!(made.header("location"), format!("/api/v1/{url}/api-keys/{}", key["id"].as_str().unwrap()));
        let new = app.with_token(key["api_key"].as_str().unwrap());
        new.get("auth/me").await.expect(200);
        old.get("auth/me").await.expect(200);
        by.delete(&format!("{url}/api-keys/{first}")).await.expect(204);
        old.get("auth/me").await.expect_problem(401, "unauthorized");
        new.get("auth/me").await.expect(200);
        by.delete(&format!("{url}/api-keys/{first}")).await.expect(204);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated"; 2], "revoking again changes nothing");
        for (entry, event, id) in
            [(&trail[0], "api_key_created", key["id"].as_str().unwrap()), (&trail[1], "api_key_revoked", &first)]
        {
            assert_eq!((&entry["metadata"]["event"], &entry["metadata"]["api_key_id"]), (&json!(event), &json!(id)));
            assert_eq!((&entry["changes"], &entry["related_user"]["username"]), (&json!({}), &json!("warehouse")));
        }
        let listed = by.get(&format!("{url}/api-keys?limit=1")).await.expect(200);
        assert_eq!((&listed["data"][0]["id"], &listed["data"][0]["revoked_at"]), (&key["id"], &Json::Null));
        let cursor = listed["page"]["next_cursor"].as_str().unwrap();
        let rest = by.get(&format!("{url}/api-keys?limit=1&cursor={cursor}")).await.expect(200);
        assert!(rest["data"][0]["id"] == json!(first) && rest["data"][0]["revoked_at"].is_string(), "{rest}");
    }

    async fn keys_of_inactive_deleted_or_converted_accounts_are_refused_at_once(app) {
        let by = app.as_admin().await;
        let (url, _, itself) = account(app, json!(["audit:read"])).await;
        by.post(&format!("{url}/deactivate"), json!({"reason": "leaked"})).await.expect(200);
        itself.get("auth/me").await.expect_problem(401, "unauthorized");
        by.post(&format!("{url}/reactivate"), json!({"reason": "a false alarm"})).await.expect(200);
        itself.get("auth/me").await.expect(200);
        let person = json!({"role": "manager", "reason": "a mistake"});
        by.post(&format!("{url}/role"), person).await.expect(200);
        itself.get("auth/me").await.expect_problem(401, "unauthorized");
        let service = json!({"role": "service", "scopes": ["audit:read"], "reason": "none after all"});
        by.post(&format!("{url}/role"), service).await.expect(200);
        itself.get("auth/me").await.expect_problem(401, "unauthorized");
        let key = by.send(reqwest::Method::POST, &format!("{url}/api-keys"), None).await.expect(201);
        let itself = app.with_token(key["api_key"].as_str().unwrap());
        itself.get("auth/me").await.expect(200);
        by.delete(&format!("{url}?reason=over")).await.expect(204);
        itself.get("auth/me").await.expect_problem(401, "unauthorized");
        assert!(api_key::Entity::find().all(&app.outside).await.unwrap().iter().all(|key| key.revoked_at.is_some()));
    }

    async fn a_key_grants_what_its_scopes_allow_and_a_change_applies_at_once(app) {
        let (url, _, itself) = account(app, json!(["audit:read"])).await;
        itself.get("reports").await.expect_problem(403, "forbidden");
        let body = json!({"role": "service", "scopes": ["reports:read"], "reason": "a dashboard"});
        app.as_admin().await.post(&format!("{url}/role"), body).await.expect(200);
        itself.get("reports").await.expect(200);
        itself.get("audit-log").await.expect_problem(403, "forbidden");
        for path in ["cases", "users", "auth/me/activity"] {
            itself.get(path).await.expect_problem(403, "forbidden");
        }
    }

    async fn unknown_keys_are_refused(app) {
        let (_, key, _) = account(app, json!(["audit:read"])).await;
        let other = format!("{}A", &key[..46]);
        let mark = app.mark().await;
        for token in [other.as_str(), "ctk_", "ctk_x", &key.to_uppercase(), &key[4..], &format!("{key}A")] {
            if token != key {
                app.with_token(token).get("auth/me").await.expect_problem(401, "unauthorized");
            }
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn only_administrators_manage_keys_and_only_service_accounts_have_them(app) {
        let (url, ..) = account(app, json!([])).await;
        let manager = app.user("manager", Role::Manager, None).await;
        for by in [app.as_manager().await, app.as_tech(3).await] {
            by.send(reqwest::Method::POST, &format!("{url}/api-keys"), None).await.expect_problem(403, "forbidden");
        }
        let by = app.as_admin().await;
        let of_person = format!("users/{}/api-keys", manager.id);
        by.send(reqwest::Method::POST, &of_person, None).await.expect_problem(409, "not_a_service_account");
        assert_eq!(by.get(&of_person).await.expect(200)["data"], json!([]));
        let key = by.get(&format!("{url}/api-keys")).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        by.delete(&format!("{of_person}/{key}")).await.expect_problem(404, "not_found");
    }

    async fn the_command_line_creates_service_accounts_and_prints_their_keys(app) {
        let run = |scopes: &'static str| {
            let url = app.url.clone();
            let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
            command.args(["user", "create", "--role", "service", "--scopes", scopes, "--username", "etl"]);
            command.args(["--email", "etl@example.org", "--first-name", "E", "--last-name", "L"]);
            command.env("CASETRAIL_DATABASE_URL", url).stdin(Stdio::null());
            tokio::task::spawn_blocking(move || command.output().unwrap())
        };
        let refused = run("everything").await.unwrap();
        assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("scopes"), "{refused:?}");

        let done = run("ingest,reports:read").await.unwrap();

        let (printed, logged) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success() && !logged.contains("ctk_"), "{printed} {logged}");
        let at = printed.find("ctk_").unwrap();
        let itself = app.with_token(&printed[at..at + 47]);
        let me = itself.get("auth/me").await.expect(200);
        assert_eq!((&me["username"], &me["scopes"]), (&json!("etl"), &json!(["ingest", "reports:read"])));
    }
}

/// Requests with a valid key are counted per account, regardless of their address; those with an invalid key per address.
#[tokio::test]
async fn each_api_key_has_a_quota_of_its_own() {
    let rates = Rates { default: NonZeroU32::new(20).unwrap(), login: NonZeroU32::MIN };
    let settings = Settings { rates: Some(rates), ..Settings::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings).await.unwrap();
    let (_, _, itself) = account(&app, json!(["audit:read"])).await;
    itself.get("auth/me").await.expect(200);
    for number in 0..25 {
        app.with_token(&format!("ctk_{number}")).get("auth/me").await;
    }
    app.with_token("ctk_another").get("auth/me").await.expect_problem(429, "rate_limited");
    itself.get("auth/me").await.expect(200);
    app.finish().await;
}
