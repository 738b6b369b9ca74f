//! How often a caller can find out that an email address belongs to another user.

use crate::app::{Client, TestApp, actions};
use chrono::TimeDelta;
use entity::user::Role;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};

const FREE: &str = "free@example.org";

async fn taken(app: &TestApp) -> Json {
    json!({"email": app.user("manager", Role::Manager, None).await.email.to_uppercase()})
}

/// Ten refusals of an address that is taken, each of which is recorded.
async fn ensure_ten_refusals(app: &TestApp, by: &Client<'_>, path: &str, (operation, action): (&str, &str)) {
    let taken = taken(app).await;
    let mark = app.mark().await;
    for _ in 0..10 {
        by.patch(path, taken.clone()).await.expect_problem(409, "duplicate_email");
    }
    let trail = app.since(&mark).await;
    assert_eq!(actions(&trail), [action; 10]);
    for entry in trail {
        let metadata = json!({"operation": operation, "code": "duplicate_email"});
        assert_eq!(
            (&entry["outcome"], &entry["actor"]["id"], &entry["metadata"]),
            (&json!("denied"), &json!(by.id()), &metadata)
        );
    }
}

on_each_database! {
    async fn a_member_can_find_out_at_most_ten_taken_addresses_a_day(app) {
        let by = app.as_member().await;
        let own = format!("users/{}", by.id());
        // The caller's own address is not taken, and a refusal for another reason reveals no address.
        by.patch("auth/me", json!({"email": "Member1@example.org"})).await.expect(200);
        by.clone().with("If-Match", "\"9\"").patch("auth/me", taken(app).await).await.expect_problem(412, "version_mismatch");
        ensure_ten_refusals(app, &by, "auth/me", ("edit_own_account", "user_updated")).await;
        let mark = app.mark().await;

        for path in ["auth/me", &own] {
            for body in [taken(app).await, json!({"email": FREE})] {
                let refused = by.patch(path, body).await;
                refused.expect_problem(429, "too_many_attempts");
                assert_eq!(refused.header("retry-after"), "86400");
            }
        }

        let trail = app.since(&mark).await;
        assert!(trail.len() == 4 && trail.iter().all(|entry| entry["metadata"]["code"] == "too_many_attempts"), "{trail:?}");
        by.patch("auth/me", json!({"first_name": "Mia", "email": "member1@example.org"})).await.expect(200);
        app.pass(TimeDelta::hours(24));
        let by = app.as_member().await;
        by.patch("auth/me", taken(app).await).await.expect_problem(409, "duplicate_email");
        assert_eq!(by.patch("auth/me", json!({"email": FREE})).await.expect(200)["email"], FREE);
    }

    async fn concurrent_attempts_reveal_no_more_than_ten_taken_addresses(app) {
        let (by, taken) = (app.as_member().await, taken(app).await);
        let answers = join_all((0..24).map(|_| by.patch("auth/me", taken.clone()))).await;
        let of = |status: u16| answers.iter().filter(|answer| answer.status() == status).count();
        let mut revealed = of(409);
        assert!(revealed <= 10 && revealed + of(429) == 24, "{revealed}");
        // On a busy machine some requests had to wait too long for their turn.
        while by.patch("auth/me", taken.clone()).await.status() == 409 {
            revealed += 1;
        }
        assert_eq!(revealed, 10);
    }

    async fn technicians_have_the_same_limit_and_administrators_have_none(app) {
        let member = app.user("member1", Role::Member, None).await;
        let (tech, admin, path) = (app.as_tech(1).await, app.as_admin().await, format!("users/{}", member.id));
        let new = |username: &str, email: &str| {
            json!({
                "username": username, "email": email, "first_name": "Mia", "last_name": "Chen", "role": "member",
                "workshop_code": "WS7", "password": "eleven green bottles",
            })
        };
        // A request repeated with its key is replayed, and checks no address.
        let keyed = tech.clone().with("Idempotency-Key", "a-new-member");
        let first = keyed.post("users", new("member7", FREE)).await.expect(201);
        for _ in 0..12 {
            assert_eq!(keyed.post("users", new("member7", FREE)).await.expect(201)["id"], first["id"]);
        }
        ensure_ten_refusals(app, &tech, &path, ("edit_user", "member_profile_updated")).await;
        tech.patch(&path, json!({"email": "other@example.org"})).await.expect_problem(429, "too_many_attempts");
        tech.post("users", new("member8", "other@example.org")).await.expect_problem(429, "too_many_attempts");

        let mark = app.mark().await;
        for _ in 0..12 {
            admin.patch(&path, taken(app).await).await.expect_problem(409, "duplicate_email");
            admin.post("users", new("member8", FREE)).await.expect_problem(409, "duplicate_email");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
        admin.patch(&path, json!({"email": "other@example.org"})).await.expect(200);
    }
}
