//! Which access tokens are accepted.

use super::{member, sign_in, text};
use api::credentials::token::{Key, Tokens};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use entity::user::{Level, Role};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::Sha256;
use uuid::Uuid;

on_each_database! {
    async fn foreign_tampered_and_expired_tokens_are_refused(app) {
        let user = member(app).await;
        let pair = sign_in(app, "member1").await;
        let token = text(&pair, "access_token");
        let ours = jsonwebtoken::decode_header(token).unwrap();
        let session: Json = {
            let payload = jsonwebtoken::dangerous::insecure_decode::<Json>(token).unwrap();
            payload.claims
        };
        let session_id: Uuid = session["sid"].as_str().unwrap().parse().unwrap();
        let mark = app.mark().await;

        let foreign = Tokens::new(vec![Key::new(ours.kid.clone().unwrap(), &[7; 32]).unwrap()]);
        let foreign = foreign.issue(user.id, session_id, app.clock.now()).unwrap();
        let (head, rest) = token.split_once('.').unwrap();
        let (payload, signature) = rest.split_once('.').unwrap();
        // {"alg":"HS256","typ":"at+jwt","kid":"k1"}, with the public key as its secret.
        let message = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.{payload}");
        let mut mac = Hmac::<Sha256>::new_from_slice(app.app.tokens().ring()[0].public.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let symmetric = format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()));
        // {"alg":"none","typ":"at+jwt","kid":"k1"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiazEifQ.{payload}.");
        let tampered = format!("{head}.{payload}A.{signature}");
        let no_session = app.app.tokens().issue(user.id, Uuid::now_v7(), app.clock.now()).unwrap();
        let early = app.app.tokens().issue(user.id, session_id, app.clock.now() + TimeDelta::minutes(1)).unwrap();
        for token in [&foreign, &symmetric, &unsigned, &tampered, &no_session, &early, "", "x.y.z"] {
            app.with_token(token).get("auth/me").await.expect_problem(401, "unauthorized");
        }
        app.with_token(token).get("auth/me").await.expect(200);
        app.pass(TimeDelta::seconds(605));
        app.with_token(token).get("auth/me").await.expect_problem(401, "unauthorized");
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_token_for_another_users_session_is_refused(app) {
        let user = member(app).await;
        let other = app.user("member2", Role::Member, None).await;
        let pair = sign_in(app, "member1").await;
        let claims = jsonwebtoken::dangerous::insecure_decode::<Json>(text(&pair, "access_token")).unwrap().claims;
        let session_id: Uuid = claims["sid"].as_str().unwrap().parse().unwrap();
        let mixed = app.app.tokens().issue(other.id, session_id, app.clock.now()).unwrap();
        app.with_token(&mixed).get("auth/me").await.expect_problem(401, "unauthorized");
        assert_eq!(claims["sub"], json!(user.id));
    }

    async fn a_token_that_was_verified_before_is_refused_once_its_session_or_its_account_ends(app) {
        let user = member(app).await;
        let pair = sign_in(app, "member1").await;
        let by = app.with_token(text(&pair, "access_token"));
        for _ in 0..3 {
            by.get("auth/me").await.expect(200);
        }
        let body = json!({"refresh_token": text(&pair, "refresh_token")});
        app.as_anonymous().post("auth/logout", body).await.expect(204);
        by.get("auth/me").await.expect_problem(401, "unauthorized");

        let pair = sign_in(app, "member1").await;
        let by = app.with_token(text(&pair, "access_token"));
        for _ in 0..3 {
            by.get("auth/me").await.expect(200);
        }
        let admin = app.as_admin().await;
        admin.post(&format!("users/{}/deactivate", user.id), json!({"reason": "on leave"})).await.expect(200);
        by.get("auth/me").await.expect_problem(401, "unauthorized");
    }

    async fn a_verified_token_expires_and_vouches_for_no_other(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;
        let token = text(&pair, "access_token");
        app.with_token(token).get("auth/me").await.expect(200);
        // The first character of the signature.
        let at = token.rfind('.').unwrap() + 1;
        let other = if token[at..].starts_with('A') { "B" } else { "A" };
        let tampered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        app.with_token(&tampered).get("auth/me").await.expect_problem(401, "unauthorized");
        app.with_token(token).get("auth/me").await.expect(200);
        app.pass(TimeDelta::seconds(604));
        app.with_token(token).get("auth/me").await.expect(200);
        app.pass(TimeDelta::seconds(1));
        app.with_token(token).get("auth/me").await.expect_problem(401, "unauthorized");
    }

    async fn a_change_of_role_ends_the_session_and_the_next_one_has_the_new_rights(app) {
        let technician = app.user("tech3", Role::Technician, Some(Level::Three)).await;
        let by = app.as_user(&technician).await;
        by.get("users").await.expect(200);
        let body = json!({"role": "manager", "reason": "promoted"});
        app.as_admin().await.post(&format!("users/{}/role", technician.id), body).await.expect(200);
        // The user's sessions end with the change; a new session has the new rights.
        by.get("users").await.expect_problem(401, "unauthorized");
        let again = app.as_user(&technician).await;
        assert_eq!(again.get("auth/me").await.expect(200)["role"], "manager");
        let body = json!({"username": "member9", "email": "m9@example.org", "first_name": "a", "last_name": "b", "role": "member",
            "workshop_code": "WS1", "password": "eleven green bottles"});
        again.post("users", body).await.expect_problem(403, "forbidden");
    }
}
