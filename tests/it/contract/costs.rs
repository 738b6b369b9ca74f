//! What an operation costs: the table in `docs/ARCHITECTURE.md`, counted.

use crate::app::TestApp;
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../../docs/ARCHITECTURE.md");
/// BEGIN and COMMIT.
const TRANSACTION: usize = 2;

/// Statements and round trips, by operation, as the page has them.
fn documented() -> BTreeMap<String, (usize, usize)> {
    let table = PAGE.split("<!-- costs -->").nth(1).and_then(|rest| rest.split("<!-- end -->").next()).expect("a table");
    let rows = table.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("not a number in {line}"));
        (cells[1].trim_matches('`').to_owned(), (number(cells[2]), number(cells[3])))
    });
    rows.collect()
}

/// The operations that are counted, as requests for one accepted case.
fn requests(path: &str) -> [(&'static str, Method, String, Option<Json>); 7] {
    let why = || Some(json!({"reason": "because"}));
    [
        ("GET /cases/{case_id}", Method::GET, path.to_owned(), None),
        ("GET /cases/{case_id}/file", Method::GET, format!("{path}/file"), None),
        ("GET /cases", Method::GET, "cases".to_owned(), None),
        ("GET /audit-log", Method::GET, "audit-log".to_owned(), None),
        ("PATCH /cases/{case_id}", Method::PATCH, path.to_owned(), Some(json!({"special_notes": "call first"}))),
        ("POST /cases/{case_id}/hold", Method::POST, format!("{path}/hold"), why()),
        ("POST /cases/{case_id}/resume", Method::POST, format!("{path}/resume"), why()),
    ]
}

async fn counted(app: &TestApp) -> BTreeMap<String, (usize, usize)> {
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let mut counted = BTreeMap::new();
    for (operation, method, path, body) in requests(&case.path()) {
        let is_write = method != Method::GET || operation == "GET /audit-log";
        app.statements();
        let answer = by.send(method, &path, body).await;
        assert!(answer.status.is_success(), "{operation}: {}", answer.text);
        let statements = app.statements().len();
        counted.insert(operation.to_owned(), (statements, statements + if is_write { TRANSACTION } else { 0 }));
    }
    counted
}

on_each_database! {
    async fn each_operation_costs_the_statements_that_the_page_says(app) {
        assert_eq!(counted(app).await, documented(), "correct the table in docs/ARCHITECTURE.md, or the operation");
    }

    async fn a_caller_is_read_with_the_columns_that_decide_and_no_others(app) {
        let by = app.as_manager().await;
        app.statements();
        by.get("cases").await.expect(200);
        let caller = app.statements().swap_remove(0);
        assert!(caller.starts_with("SELECT \"users\".\"id\""), "{caller}");
        for column in ["phone_number", "created_at", "user_agent", "last_used_at"] {
            assert!(!caller.contains(column), "{column} in {caller}");
        }
    }
}
