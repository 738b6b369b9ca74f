//! The arithmetic of `cargo bench-all`: what it reads, what it compares, and when it says that a limit is exceeded.

#[path = "../bench/compare.rs"]
mod compare;
#[path = "../bench/figures.rs"]
mod figures;
#[path = "../bench/fill.rs"]
mod fill;
#[path = "../bench/parse.rs"]
mod parse;

use crate::app::{Kind, TestApp};
use compare::{Change, MORE_MAX, changes, merged};
use entity::clock::{instant_of, rfc3339};
use entity::{audit_entry, case, text};
use figures::{Limit, Row, Verdict, median, record, table};
use parse::{Ticks, instructions, nanoseconds, pgbench, rows_read, scans, ticks};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use uuid::Uuid;

fn row(figure: f64, against: Option<f64>, limit: Option<Limit>) -> Row {
    Row { path: "edit".to_owned(), figure, unit: "ms", against: against.map(|figure| ("ceiling".to_owned(), figure)), limit }
}

#[test]
fn the_median_is_one_of_the_figures() {
    let cases: [(&[f64], Option<f64>); 4] =
        [(&[], None), (&[3.0], Some(3.0)), (&[9.0, 1.0, 2.0], Some(2.0)), (&[4.0, 1.0], Some(1.0))];
    for (figures, expected) in cases {
        assert_eq!(median(figures), expected, "{figures:?}");
    }
}

#[test]
fn a_figure_is_judged_by_its_limit_and_only_if_it_can_be_compared() {
    let cases = [
        (row(1.0, None, None), Verdict::Open),
        (row(1.0, None, Some(Limit::Max(1.0))), Verdict::Ok),
        (row(1.1, None, Some(Limit::Max(1.0))), Verdict::Over),
        (row(0.9, Some(0.45), Some(Limit::MaxTimes(2.0))), Verdict::Ok),
        (row(1.0, Some(0.45), Some(Limit::MaxTimes(2.0))), Verdict::Over),
        (row(900.0, Some(2_000.0), Some(Limit::MinTimes(0.45))), Verdict::Ok),
        (row(800.0, Some(2_000.0), Some(Limit::MinTimes(0.45))), Verdict::Over),
        (row(1.0, None, Some(Limit::MaxTimes(2.0))), Verdict::Open),
        (row(1.0, Some(0.0), Some(Limit::MaxTimes(2.0))), Verdict::Open),
    ];
    for (row, expected) in cases {
        assert_eq!(row.verdict(), expected, "{row:?}");
    }
}

#[test]
fn the_table_shows_figure_ratio_limit_and_verdict() {
    let printed = table(&[row(1.0, Some(0.4), Some(Limit::MaxTimes(2.0))), row(123.4, None, None)]);
    let lines: Vec<Vec<&str>> = printed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["path", "figure", "unit", "ratio", "against", "limit", "verdict"]);
    assert_eq!(lines[1], ["edit", "1.00", "ms", "2.50", "x", "ceiling", "(0.40)", "<=", "2.00", "x", "OVER"]);
    assert_eq!(lines[2], ["edit", "123", "ms"]);
}

#[test]
fn a_line_of_the_history_has_the_commit_and_every_figure() {
    let rows = [row(1.234_56, Some(1.0), Some(Limit::MaxTimes(1.0)))];
    let line = record("abc", "2026-12-01T15:00:00Z", &json!({"rows": 20_000}), &rows);
    let figures = json!({"edit": {"figure": 1.235, "unit": "ms", "ratio": 1.235, "over": true}});
    assert_eq!(line, json!({"commit": "abc", "at": "2026-12-01T15:00:00Z", "conditions": {"rows": 20_000}, "figures": figures}));
}

#[test]
fn processor_time_is_read_also_of_a_program_with_an_odd_name() {
    let stat = "42 (post) gres: a b) S 7 42 42 0 -1 4194560 100 200 0 0 31 11 5 6 20 0 1 0 100 1000 1";
    assert_eq!(ticks(stat), Some(Ticks { own: 42, ended_children: 11, parent: 7 }));
    assert_eq!(ticks("42 (cut"), None);
    assert_eq!(nanoseconds("620559 2124286 2\n"), Some(620_559));
    assert_eq!(nanoseconds(""), None);
}

#[test]
fn reports_of_pgbench_and_callgrind_are_read() {
    let report = "transaction type: edit.sql\nnumber of transactions actually processed: 12429\n\
                  latency average = 3.860 ms\ntps = 4143.221 (without initial connection time)\n";
    assert_eq!(pgbench(report), Some((12_429.0, 4_143.221)));
    assert_eq!(pgbench(&report.replace("processed: 12429", "processed: 12429/12500")).map(|(count, _)| count), Some(12_429.0));
    assert_eq!(pgbench("connection failed"), None);
    assert_eq!(instructions("events: Ir\nsummary: 100\nfn=(1) main\n1 2\ntotals: 123456\n"), Some(123_456));
    assert_eq!(instructions("events: Ir\nsummary: 100\n"), Some(100));
    assert_eq!(instructions("events: Ir\n"), None);
}

#[test]
fn rows_of_a_plan_are_those_that_left_a_table_or_were_dropped_by_its_filter() {
    let scan = json!({"Node Type": "Index Scan", "Relation Name": "audit_entries", "Actual Rows": 3, "Actual Loops": 2,
        "Rows Removed by Filter": 4});
    let derived = json!({"Node Type": "CTE Scan", "CTE Name": "own", "Actual Rows": 50, "Actual Loops": 1});
    let plan = json!([{"Plan": {"Node Type": "Nested Loop", "Actual Rows": 99, "Actual Loops": 1, "Plans": [scan, derived]}}]);
    assert_eq!(rows_read(&plan), 14.0);
    assert_eq!(rows_read(&Json::Null), 0.0);
}

#[test]
fn scans_of_whole_tables_and_indexes_are_counted() {
    let plan = ["SCAN audit_entries", "  SCAN e USING COVERING INDEX x", "SEARCH cases USING INDEX y", "USE TEMP B-TREE"];
    assert_eq!(scans(&plan), 2);
}

#[test]
fn a_count_may_grow_by_a_tenth_and_no_more() {
    let last = json!({"sqlite": {"edit": {"statements": 10, "instructions": 1_000}, "gone": {"statements": 3}}});
    let now = json!({"sqlite": {"edit": {"statements": 11, "instructions": 1_101}, "new": {"statements": 5}}});
    let change = |name: &str, last, now| Change { name: name.to_owned(), last, now };
    let [instructions, statements] = [change("sqlite/edit/instructions", 1_000, 1_101), change("sqlite/edit/statements", 10, 11)];
    let mut found = changes(&last, &now);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(found, [instructions.clone(), statements.clone()]);
    assert_eq!((instructions.is_too_much(), statements.is_too_much()), (true, false));
    assert_eq!(MORE_MAX, 10);
    assert!(change("from none", 0, 1).is_too_much() && !change("fewer", 10, 1).is_too_much());
    assert!(changes(&last, &last).is_empty());
}

#[test]
fn counts_that_were_not_taken_keep_their_last_value() {
    let last = json!({"sqlite": {"edit": {"statements": 10, "instructions": 1_000}}});
    let now = json!({"sqlite": {"edit": {"statements": 8}, "new": {"statements": 5}}});
    let expected = json!({"sqlite": {"edit": {"statements": 8, "instructions": 1_000}, "new": {"statements": 5}}});
    assert_eq!(merged(&last, &now), expected);
}

/// What an entry says in its columns is what its body says, and the body is canonical.
fn check_entry(entry: &audit_entry::Model) {
    let body: Json = serde_json::from_str(&entry.body).expect("JSON");
    assert_eq!(text::canonical(&body).expect("canonical"), entry.body);
    assert_eq!(instant_of(entry.id), Some(entry.occurred_at), "{}", entry.body);
    let case = entry.case_id.map(|id| json!({"id": id, "case_number": entry.case_number}));
    let said =
        [&body["id"], &body["occurred_at"], &body["case"], &body["actor"]["id"], &body["actor_label"], &body["request_id"]];
    let stored = [
        json!(entry.id),
        json!(rfc3339(entry.occurred_at)),
        json!(case),
        json!(entry.actor_id),
        json!(entry.actor_label),
        json!(entry.request_id),
    ];
    assert_eq!(said, stored.each_ref(), "{}", entry.body);
    for mark in ["@ENTRY@", "@AT@", "@CASE@", "@NUMBER@", "@number@", "@ACTOR@", "@NAME@", "@REQUEST@"] {
        assert!(!entry.body.contains(mark) && !entry.search_text.contains(mark), "{}", entry.body);
    }
}

async fn a_filled_log_is_like_one_that_requests_left(kind: Kind) {
    let Some(app) = TestApp::start(kind).await else { return };
    let filled = fill::fill(&app, 2_000).await;
    let entries = audit_entry::Entity::find().all(&app.outside).await.expect("entries");
    entries.iter().for_each(check_entry);
    let copies = entries.iter().filter(|entry| entry.request_id.starts_with("bench-")).count();
    assert_eq!((copies, filled.entries, filled.cases), (2_000, 2_000, 40));
    let created = entries.iter().filter(|entry| entry.action_type == "case_created" && entry.outcome == "success");
    let created: BTreeSet<Option<Uuid>> = created.map(|entry| entry.case_id).collect();
    let cases = case::Entity::find().all(&app.outside).await.expect("cases");
    assert_eq!(cases.len(), 41, "the copies and the model");
    for case in &cases {
        assert!(created.contains(&Some(case.id)), "{} has its first entry", case.case_number);
    }
    let known: BTreeSet<String> = cases.iter().map(|case| case.id.to_string()).collect();
    for number in 0..filled.cases {
        assert!(known.contains(&filled.case(number)), "case {number} is found by its number");
    }
    if kind == Kind::Postgres {
        let sql = format!("SELECT {}::text AS id", filled.case_in_postgres("39::bigint"));
        let row = app.outside.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.expect("a response");
        assert_eq!(row.expect("a row").try_get::<String>("", "id").expect("an id"), filled.case(39));
    }
    // No further checks: the copies of cases have not gone through all that their entries tell.
}

#[tokio::test]
async fn a_filled_log_is_like_one_that_requests_left_on_sqlite() {
    a_filled_log_is_like_one_that_requests_left(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_filled_log_is_like_one_that_requests_left_on_postgresql() {
    a_filled_log_is_like_one_that_requests_left(Kind::Postgres).await;
}
