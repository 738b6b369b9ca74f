//! API keys: how a service account authenticates, and how its access is revoked.

use crate::app::{Client, Kind, Settings, TestApp, actions};
use api::state::rates::Rates;
use api::worker::key_uses::store_key_uses;
use chrono::TimeDelta;
use entity::clock::rfc3339;
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

    async fn an_entry_names_the_key_that_its_request_was_made_with(app) {
        let (url, key, first) = account(app, json!(["audit:read", "ingest"])).await;
        let by = app.as_admin().await;
        let made = by.post(&format!("{url}/api-keys"), json!({"name": "Nightly import"})).await.expect(201);
        let second = app.with_token(made["api_key"].as_str().unwrap());
        let keys = by.get(&format!("{url}/api-keys")).await.expect(200)["data"].clone();
        let name = json!("Nightly import");
        assert_eq!((&keys[0]["name"], &keys[1]["name"]), (&name, &json!(&key[..8])), "or its first characters");
        let mark = app.mark().await;

        first.get("audit-log?outcome=failure").await.expect(200);
        let activity = json!({"event": "letter_sent", "description": "It went out", "metadata": {"pages": 2}});
        second.post("ingest/activities", activity).await.expect(201);
        second.get("reports").await.expect_problem(403, "forbidden");
        by.get("audit-log?outcome=failure").await.expect(200);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["audit_log_accessed", "other", "other", "audit_log_accessed"]);
        let named: Vec<(&Json, &Json)> = trail.iter().map(|entry| (&entry["api_key_id"], &entry["api_key_name"])).collect();
        let (first_id, second_id) = (&keys[1]["id"], &keys[0]["id"]);
        let of_second = (second_id, &name);
        assert_eq!(named, [(first_id, &json!(&key[..8])), of_second, of_second, (&Json::Null, &Json::Null)]);
        for (id, count) in [(first_id.as_str().unwrap(), 1), (second_id.as_str().unwrap(), 2), (by.id().as_str(), 0)] {
            let found = by.get(&format!("audit-log?api_key_id={id}&include_total=true")).await.expect(200);
            let data = found["data"].as_array().unwrap();
            assert_eq!((data.len(), &found["page"]["total"]), (count, &json!(count)));
            assert!(data.iter().all(|entry| entry["api_key_id"] == *id), "{found}");
            let exported = by.get(&format!("audit-log/export.ndjson?api_key_id={id}")).await;
            assert_eq!(exported.text.lines().count(), count);
            let exported = by.get(&format!("audit-log/export.csv?api_key_id={id}")).await;
            assert_eq!(exported.text.lines().count(), count + 1);
        }
        let both = format!("audit-log?api_key_id={}&outcome=denied", second_id.as_str().unwrap());
        assert_eq!(by.get(&both).await.expect(200)["data"].as_array().unwrap().len(), 1);
        let unknown = by.get("audit-log?api_key_id=ctk_mJx0").await;
        unknown.expect_problem(400, "invalid_parameter");
        assert_eq!(unknown.faults(), ["query /api_key_id"]);
    }

    async fn a_key_is_refused_from_its_end_on_and_the_log_says_why(app) {
        let (url, _, endless) = account(app, json!(["audit:read", "ingest"])).await;
        let keys = format!("{url}/api-keys");
        let expires_at = rfc3339(app.clock.now() + TimeDelta::hours(1));
        let body = json!({"name": "Trial", "expires_at": expires_at});
        let mark = app.mark().await;
        let made = app.as_admin().await.post(&keys, body).await.expect(201);
        let created = app.since(&mark).await[0]["metadata"].clone();
        assert_eq!((&created["api_key_name"], &created["expires_at"]), (&json!("Trial"), &json!(expires_at)));
        let itself = app.with_token(made["api_key"].as_str().unwrap());
        app.pass(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
        itself.get("auth/me").await.expect(200);
        app.pass(TimeDelta::milliseconds(1));
        let mark = app.mark().await;

        itself.get("auth/me").await.expect_problem(401, "unauthorized");
        itself.post("ingest/activities", json!({"event": "a", "description": "b"})).await.expect_problem(401, "unauthorized");

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"; 2]);
        for entry in &trail {
            assert_eq!((&entry["outcome"], &entry["metadata"]["event"]), (&json!("denied"), &json!("api_key_expired")));
            assert_eq!((&entry["actor_label"], &entry["api_key_name"]), (&json!("warehouse"), &json!("Trial")));
            assert_eq!((&entry["api_key_id"], &entry["object_id"]), (&made["id"], &made["id"]));
        }
        for _ in 0..30 {
            itself.get("auth/me").await.expect_problem(401, "unauthorized");
        }
        assert_eq!(app.since(&mark).await.len(), 20, "a flood of them is folded");
        endless.get("auth/me").await.expect(200);
        let by = app.as_admin().await;
        let listed = by.get(&format!("{keys}?limit=1")).await.expect(200)["data"][0].clone();
        assert_eq!((&listed["expires_at"], &listed["revoked_at"]), (&json!(expires_at), &Json::Null));
        by.delete(&format!("{keys}/{}", made["id"].as_str().unwrap())).await.expect(204);
        app.pass(TimeDelta::minutes(2));
        let mark = app.mark().await;
        itself.get("auth/me").await.expect_problem(401, "unauthorized");
        assert_eq!(app.since(&mark).await.len(), 0, "revoking it was recorded");
    }

    async fn the_first_use_of_a_key_after_its_end_is_recorded_whatever_it_is(app) {
        let (url, ..) = account(app, json!(["audit:read", "ingest"])).await;
        for is_reading in [true, false] {
            let expires_at = rfc3339(app.clock.now() + TimeDelta::hours(1));
            let body = json!({"name": "Trial", "expires_at": expires_at});
            let made = app.as_admin().await.post(&format!("{url}/api-keys"), body).await.expect(201);
            let itself = app.with_token(made["api_key"].as_str().unwrap());
            app.pass(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
            itself.get("audit-log?limit=1").await.expect(200);
            app.pass(TimeDelta::milliseconds(1));
            let mark = app.mark().await;

            let refused = match is_reading {
                true => itself.get("audit-log?limit=1").await,
                false => itself.post("ingest/activities", json!({"event": "a", "description": "b"})).await,
            };

            refused.expect_problem(401, "unauthorized");
            let trail = app.since(&mark).await;
            assert_eq!(actions(&trail), ["login"]);
            assert_eq!(trail[0]["metadata"]["event"], "api_key_expired");
        }
    }

    async fn the_name_and_the_end_of_a_key_are_checked(app) {
        let (url, ..) = account(app, json!([])).await;
        let (keys, by) = (format!("{url}/api-keys"), app.as_admin().await);
        let after = |time: TimeDelta| json!({"expires_at": rfc3339(app.clock.now() + time)});
        for (body, fault) in [
            (after(TimeDelta::zero()), "body /expires_at"),
            (after(TimeDelta::seconds(-1)), "body /expires_at"),
            (after(TimeDelta::days(3_650) + TimeDelta::milliseconds(1)), "body /expires_at"),
            (json!({"expires_at": "2027-01-01"}), "body /expires_at"),
            (json!({"name": "a".repeat(101)}), "body /name"),
            (json!({"name": " a"}), "body /name"),
            (json!({"name": 7}), "body /name"),
            (json!({"hint": "ctk_"}), "body /hint"),
        ] {
            let answer = by.post(&keys, body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [fault], "{body}");
        }
        for body in [json!({}), json!({"name": null, "expires_at": null}), json!({"name": ""})] {
            let made = by.post(&keys, body).await.expect(201);
            assert_eq!((&made["name"], &made["expires_at"]), (&made["hint"], &Json::Null));
        }
        let last = by.post(&keys, after(TimeDelta::days(3_650))).await.expect(201);
        assert!(last["expires_at"].is_string());
        by.post(&keys, json!({"name": "ü".repeat(100)})).await.expect(201);
    }

    async fn the_last_use_of_a_key_is_listed_and_no_request_writes_for_it(app) {
        let (url, _, itself) = account(app, json!(["audit:read"])).await;
        let (keys, by) = (format!("{url}/api-keys"), app.as_admin().await);
        let last_used_at = async || by.get(&keys).await.expect(200)["data"][0]["last_used_at"].clone();
        let updates = || app.statements().iter().filter(|sql| sql.starts_with("UPDATE \"api_keys\"")).count();
        assert_eq!(last_used_at().await, Json::Null);
        let mark = app.mark().await;
        updates();

        for _ in 0..3 {
            itself.get("auth/me").await.expect(200);
        }
        assert_eq!(updates(), 0);
        store_key_uses(&app.app).await.unwrap();
        assert_eq!((updates(), last_used_at().await), (1, json!(rfc3339(app.clock.now()))));
        store_key_uses(&app.app).await.unwrap();
        assert_eq!(updates(), 0, "there was no use since");

        let before = app.clock.now();
        app.pass(TimeDelta::minutes(1));
        itself.get("reports").await.expect_problem(403, "forbidden");
        app.with_token("ctk_unknown").get("auth/me").await.expect_problem(401, "unauthorized");
        store_key_uses(&app.app).await.unwrap();
        let used_at = app.clock.now();
        assert_eq!((updates(), last_used_at().await), (1, json!(rfc3339(used_at))));
        // Another process, whose clock or whose turn is behind.
        app.clock.set(before);
        itself.get("auth/me").await.expect(200);
        store_key_uses(&app.app).await.unwrap();
        assert_eq!(last_used_at().await, json!(rfc3339(used_at)));
        assert_eq!(actions(&app.since(&mark).await), ["other"], "the request that was refused, and nothing for the uses");
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
