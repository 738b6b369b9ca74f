//! Where a user is signed in, and ending these sessions.

use super::url;
use crate::app::{Client, Kind, TestApp, actions};
use crate::auth::{PASSWORD, member, sign_in, text};
use chrono::TimeDelta;
use entity::user::{Level, Role};
use serde_json::{Value as Json, json};

fn data(list: &Json) -> Vec<Json> {
    list["data"].as_array().unwrap().clone()
}

async fn sessions(by: &Client<'_>, user_id: &str) -> Vec<Json> {
    data(&by.get(&format!("users/{user_id}/sessions")).await.expect(200))
}

/// Signs member1 in from a named program; returns the tokens.
async fn sign_in_from(app: &TestApp, user_agent: &str) -> Json {
    let body = json!({"username": "member1", "password": PASSWORD});
    app.as_anonymous().with("User-Agent", user_agent).post("auth/login", body).await.expect(200)
}

on_each_database! {
    async fn a_user_sees_where_they_are_signed_in(app) {
        let user = member(app).await;
        let phone = sign_in_from(app, "phone").await;
        app.pass(TimeDelta::minutes(5));
        let desk = sign_in_from(app, "desk").await;
        let refreshed = json!({"refresh_token": text(&phone, "refresh_token")});
        let phone = app.as_anonymous().post("auth/refresh", refreshed).await.expect(200);
        let mark = app.mark().await;

        let list = sessions(&app.with_token(text(&desk, "access_token")), &user.id.to_string()).await;

        assert_eq!(app.since(&mark).await.len(), 0);
        let shown: Vec<_> = list.iter().map(|one| (&one["user_agent"], &one["ip_address"], &one["is_current"])).collect();
        let (here, yes, no) = (json!("127.0.0.1"), json!(true), json!(false));
        assert_eq!(shown, [(&json!("desk"), &here, &yes), (&json!("phone"), &here, &no)]);
        let phone_started = json!("2026-12-01T15:00:00.000Z");
        assert_eq!((&list[1]["started_at"], &list[1]["last_used_at"]), (&phone_started, &list[0]["started_at"]));
        let by = app.with_token(text(&phone, "access_token"));
        let page = by.get(&format!("users/{}/sessions?limit=1&include_total=true", user.id)).await.expect(200);
        assert_eq!((&page["page"]["total"], &page["page"]["has_more"]), (&json!(2), &json!(true)));
        app.pass(TimeDelta::hours(24));
        assert_eq!(sessions(&app.as_admin().await, &user.id.to_string()).await.len(), 0, "neither was used for a day");
    }

    async fn where_a_session_was_signed_in_is_one_entry_however_often_its_refresh_was_repeated(app) {
        let user = member(app).await;
        let (phone, desk) = (sign_in_from(app, "phone").await, sign_in_from(app, "desk").await);
        for (pair, times) in [(&phone, 12), (&desk, 3)] {
            for _ in 0..times {
                let body = json!({"refresh_token": text(pair, "refresh_token")});
                app.as_anonymous().with("User-Agent", "another").post("auth/refresh", body).await.expect(200);
            }
        }
        let graced = app.all_entries().await.iter().filter(|entry| entry["metadata"]["event"] == "refresh_grace").count();
        assert_eq!(graced, 11 + 2);
        let by = app.as_admin().await;
        app.statements_with_values();

        let list = sessions(&by, &user.id.to_string()).await;

        let shown: Vec<_> = list.iter().map(|one| (&one["user_agent"], &one["ip_address"])).collect();
        assert_eq!(shown, [(&json!("desk"), &json!("127.0.0.1")), (&json!("phone"), &json!("127.0.0.1"))]);
        let sent = app.statements_with_values();
        let reads: Vec<_> = sent.iter().filter(|statement| statement.sql.contains("\"audit_entries\"")).collect();
        assert_eq!(reads.len(), 1, "one statement for all of them");
        assert!(reads[0].sql.contains("ORDER BY \"audit_entries\".\"id\" ASC LIMIT"), "{}", reads[0].sql);
        if app.kind == Kind::Sqlite {
            let plan = app.plan(reads[0]).await.join("\n");
            assert!(plan.contains("(object_type=? AND object_id=?)") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }

    async fn an_administrator_ends_a_session_and_the_log_says_who_did(app) {
        let user = member(app).await;
        let (first, second) = (sign_in(app, "member1").await, sign_in(app, "member1").await);
        app.pass(TimeDelta::minutes(5));
        let by = app.as_admin().await;
        let list = sessions(&by, &user.id.to_string()).await;
        assert!(list.iter().all(|session| session["is_current"] == false));
        let url = url(&user, &format!("sessions/{}", list[1]["id"].as_str().unwrap()));
        let mark = app.mark().await;

        for _ in 0..2 {
            by.delete(&url).await.expect(204);
        }

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["logout"], "ending it again changes nothing");
        let metadata = json!({"event": "session_ended", "session_id": list[1]["id"], "session_duration_seconds": 300});
        assert_eq!((&trail[0]["metadata"], &trail[0]["object_id"]), (&metadata, &list[1]["id"]));
        assert_eq!((&trail[0]["actor_label"], &trail[0]["related_user"]["username"]), (&json!("admin"), &json!("member1")));
        app.with_token(text(&first, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        let refresh = |pair: &Json| json!({"refresh_token": text(pair, "refresh_token")});
        app.as_anonymous().post("auth/refresh", refresh(&first)).await.expect_problem(401, "invalid_refresh_token");
        app.with_token(text(&second, "access_token")).get("auth/me").await.expect(200);
        app.as_anonymous().post("auth/refresh", refresh(&second)).await.expect(200);
    }

    async fn a_user_signs_out_everywhere(app) {
        let user = member(app).await;
        for _ in 0..2 {
            sign_in(app, "member1").await;
        }
        app.pass(TimeDelta::hours(25));
        let pairs = [sign_in(app, "member1").await, sign_in(app, "member1").await, sign_in(app, "member1").await];
        let by = app.with_token(text(&pairs[0], "access_token"));
        let other = app.as_tech(1).await;
        let mark = app.mark().await;

        by.delete(&url(&user, "sessions")).await.expect(204);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["logout"; 3], "those that were not used for a day had ended before");
        let is_their_own = |entry: &Json| entry["actor_label"] == "member1" && entry["related_user"] == Json::Null;
        assert!(trail.iter().all(is_their_own), "{trail:?}");
        for pair in &pairs {
            app.with_token(text(pair, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        }
        other.get("auth/me").await.expect(200);
        other.delete(&url(&user, "sessions")).await.expect(204);
        assert_eq!(app.since(&mark).await.len(), 3, "there was none left");
    }

    async fn sessions_are_for_their_owner_administrators_and_for_members_technicians(app) {
        let owner = app.user("member1", Role::Member, None).await;
        let colleague = app.user("colleague", Role::Technician, Some(Level::Two)).await;
        app.as_user(&owner).await;
        app.as_user(&colleague).await;
        let stranger = app.user("member2", Role::Member, None).await;
        let service = app.user("service1", Role::Service, None).await;
        let session = |list: &[Json]| list[0]["id"].as_str().unwrap().to_owned();
        let admin = app.as_admin().await;
        let of_owner = session(&sessions(&admin, &owner.id.to_string()).await);
        let of_colleague = session(&sessions(&admin, &colleague.id.to_string()).await);
        for (by, user, one, refused) in [
            (app.as_user(&stranger).await, &owner, &of_owner, Some((404, "not_found"))),
            (app.as_manager().await, &owner, &of_owner, Some((403, "forbidden"))),
            (app.as_user(&service).await, &owner, &of_owner, Some((403, "forbidden"))),
            (app.as_tech(3).await, &colleague, &of_colleague, Some((404, "not_found"))),
            (app.as_manager().await, &colleague, &of_colleague, Some((403, "forbidden"))),
            (app.as_tech(3).await, &owner, &of_owner, None),
            (app.as_user(&colleague).await, &colleague, &of_colleague, None),
            (app.as_admin().await, &colleague, &of_colleague, None),
        ] {
            let answers = [
                by.get(&url(user, "sessions")).await,
                by.delete(&url(user, &format!("sessions/{one}"))).await,
                by.delete(&url(user, "sessions")).await,
            ];
            match refused {
                Some((status, code)) => drop(answers.map(|answer| answer.expect_problem(status, code))),
                None => assert_eq!(answers.map(|answer| answer.status()), [200, 204, 204]),
            }
        }
        let admin = app.as_admin().await;
        admin.delete(&url(&stranger, &format!("sessions/{of_owner}"))).await.expect_problem(404, "not_found");
        admin.delete(&url(&stranger, "sessions/7")).await.expect_problem(404, "not_found");
        admin.with("If-Match", "\"99\"").delete(&url(&stranger, "sessions")).await.expect_problem(412, "version_mismatch");
    }
}
