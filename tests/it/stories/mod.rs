//! The work of five people, each from the first request to the last: a front-end developer, an integrator, an operator, a
//! compliance officer and a manager. What each operation does in detail is tested in the folder of its feature.

mod compliance;
mod front_end;
mod integrator;
mod manager;
mod operator;

use crate::app::{Client, TestApp};
use serde_json::{Value as Json, json};

/// One field of each row of a table, as a JSON pointer; null where it is absent.
fn column(table: &Json, pointer: &str) -> Vec<Json> {
    let rows = table.as_array().expect("a table");
    rows.iter().map(|row| row.pointer(pointer).cloned().unwrap_or_default()).collect()
}

/// The first row of a table that has this value in a field.
fn row<'a>(table: &'a Json, field: &str, value: &str) -> &'a Json {
    let rows = table.as_array().expect("a table");
    rows.iter().find(|row| row[field] == value).unwrap_or_else(|| panic!("no {value} in {table}"))
}

/// A new service account that may read the audit log: its path, and the account with its first key as a caller.
async fn service_account<'a>(app: &'a TestApp, username: &str) -> (String, Client<'a>) {
    let account = json!({
        "username": username, "email": format!("{username}@example.org"), "first_name": "Data", "last_name": "Warehouse",
        "role": "service", "scopes": ["audit:read"],
    });
    let account = app.as_admin().await.post("users", account).await.expect(201);
    let caller = app.with_token(account["api_key"].as_str().expect("a key"));
    (format!("users/{}", account["id"].as_str().expect("an id")), caller)
}
