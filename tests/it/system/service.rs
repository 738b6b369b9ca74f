//! What the service says about itself to anyone, and which accounts of the demo it lists.

use crate::app::{Client, Kind, Process, Settings, TestApp};
use crate::demo::fill;
use api::demo::{NAMED, Plan, password_of};
use entity::user::Role;
use reqwest::Method;
use serde_json::{Value as Json, json};

const OTHER: &str = "another long passphrase";

async fn service(app: &TestApp) -> Json {
    app.as_anonymous().get("service").await.expect(200)
}

/// The usernames of the demo accounts that are listed.
async fn listed(app: &TestApp) -> Vec<String> {
    let service = service(app).await;
    let accounts = service["demo_accounts"].as_array().unwrap();
    accounts.iter().map(|account| account["username"].as_str().unwrap().to_owned()).collect()
}

async fn sign_in(app: &TestApp, username: &str, password: &str) -> Json {
    app.as_anonymous().post("auth/login", json!({"username": username, "password": password})).await.expect(200)
}

async fn id_of(by: &Client<'_>, username: &str) -> String {
    let users = by.get(&format!("users?q={username}&limit=200")).await.expect(200);
    let user = users["data"].as_array().unwrap().iter().find(|user| user["username"] == username).unwrap().clone();
    user["id"].as_str().unwrap().to_owned()
}

on_each_database! {
    async fn anyone_sees_the_version_and_the_time_zone_of_the_settings(app) {
        let mark = app.mark().await;
        let first = app.as_anonymous().get("service").await;
        assert_eq!(first.expect(200), json!({
            "version": env!("CARGO_PKG_VERSION"), "time_zone": "America/Chicago", "demo_accounts": [],
        }));
        assert_eq!((first.header("cache-control"), app.since(&mark).await.len()), ("no-store", 0));
        app.as_admin().await.patch("settings", json!({"time_zone": "Europe/Berlin"})).await.expect(200);
        assert_eq!(service(app).await["time_zone"], "Europe/Berlin");
        app.as_anonymous().get("service?x=1").await.expect_problem(400, "invalid_parameter");
    }

    async fn a_demo_database_lists_its_accounts_and_each_can_sign_in(app) {
        fill(app, Plan::of_entries(2_000)).await.unwrap();
        let accounts = service(app).await["demo_accounts"].as_array().unwrap().clone();
        let mut names = NAMED.to_vec();
        names.sort_unstable();
        assert_eq!(listed(app).await, names);
        for account in accounts {
            let (username, password) = (account["username"].as_str().unwrap(), account["password"].as_str().unwrap());
            let pair = sign_in(app, username, password).await;
            assert_eq!((&pair["user"]["role"], &pair["user"]["full_name"]), (&account["role"], &account["display_name"]));
        }
    }

    async fn a_stored_password_is_examined_once(app) {
        fill(app, Plan::of_entries(2_000)).await.unwrap();
        listed(app).await;
        app.statements();
        listed(app).await;
        assert_eq!(app.statements().len(), 3, "settings, accounts and stored passwords");
    }

    async fn a_demo_account_that_cannot_be_signed_in_to_is_not_listed(app) {
        fill(app, Plan::of_entries(2_000)).await.unwrap();
        let admin = app.as_admin().await;
        assert_eq!(listed(app).await.len(), NAMED.len());

        let pair = sign_in(app, "member1", &password_of("member1")).await;
        let own = app.with_token(pair["access_token"].as_str().unwrap());
        let change = json!({"current_password": password_of("member1"), "new_password": OTHER});
        own.post("auth/me/password", change).await.expect(204);
        let member2 = id_of(&admin, "member2").await;
        admin.post(&format!("users/{member2}/deactivate"), json!({"reason": "on leave"})).await.expect(200);
        let tech3 = id_of(&admin, "tech3").await;
        admin.post(&format!("users/{tech3}/password-reset"), json!({"new_password": OTHER})).await.expect(204);

        assert_eq!(listed(app).await, ["admin", "manager", "tech1", "tech2"]);
        admin.post(&format!("users/{member2}/reactivate"), json!({"reason": "back"})).await.expect(200);
        assert_eq!(listed(app).await, ["admin", "manager", "member2", "tech1", "tech2"]);
    }

    async fn accounts_with_the_names_of_the_demo_are_no_demo(app) {
        for (name, role) in [("manager", Role::Manager), ("member1", Role::Member)] {
            let user = app.user(name, role, None).await;
            app.give_password(&user, &password_of(name)).await;
        }
        assert_eq!(listed(app).await, [""; 0], "without the demo's service account");
        app.user("service1", Role::Service, None).await;
        let manager = app.user("manager", Role::Manager, None).await;
        app.give_password(&manager, OTHER).await;
        assert_eq!(listed(app).await, ["member1"], "only with the demo's passwords");
    }

    async fn production_lists_no_demo_account_whatever_the_database_has(app) {
        let app = TestApp::start_with(app.kind, Settings { shows_demo: false, ..Settings::default() }).await.unwrap();
        fill(&app, Plan::of_entries(2_000)).await.unwrap();
        assert_eq!(listed(&app).await, [""; 0]);
        app.finish().await;
    }
}

/// The process itself: production refuses to start on a demo database, so this one is filled afterwards. On SQLite, since the
/// tests' PostgreSQL server does not flush, which production refuses.
#[tokio::test]
async fn a_process_in_production_lists_no_demo_account() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let production = Process::start_with(&app, &[("CASETRAIL_ENV", "production"), ("CASETRAIL_SCHEDULER", "off")]).await;
    fill(&app, Plan::of_entries(2_000)).await.unwrap();
    let development = Process::start(&app).await;
    let count = async |process: &Process| {
        let answer = process.request(Method::GET, "service").send().await.unwrap();
        let service: Json = answer.json().await.unwrap();
        service["demo_accounts"].as_array().unwrap().len()
    };
    assert_eq!((count(&production).await, count(&development).await), (0, NAMED.len()));
    development.kill();
    production.kill();
}
