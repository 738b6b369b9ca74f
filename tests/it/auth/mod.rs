//! Signing in and out, and the caller's own account: one file per verb, as in the service.

mod addresses;
mod jwks;
mod login;
mod logout;
mod me;
mod password;
mod refresh;
mod throttle;
mod token;

use crate::app::TestApp;
use entity::user::{self, Role};
use serde_json::{Value as Json, json};

pub const PASSWORD: &str = "eleven green bottles";

/// A member with a password.
pub async fn member(app: &TestApp) -> user::Model {
    let user = app.user("member1", Role::Member, None).await;
    app.give_password(&user, PASSWORD).await;
    user
}

/// The tokens of a new session.
pub async fn sign_in(app: &TestApp, username: &str) -> Json {
    app.as_anonymous().post("auth/login", json!({"username": username, "password": PASSWORD})).await.expect(200)
}

/// A string field of a response.
pub fn text<'a>(answer: &'a Json, key: &str) -> &'a str {
    answer[key].as_str().expect("a text")
}
