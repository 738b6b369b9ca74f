//! Every operation with a period: by its name, and also one that begins ahead, since an end that was not requested refuses no
//! start.

use super::{Listed, operations, recipes};
use crate::app::Answer;
use chrono::TimeDelta;
use serde_json::Value as Json;

/// The number of rows in a list, a report or a file.
fn rows(answer: &Answer) -> usize {
    match answer.header("content-type").split(';').next().unwrap_or_default() {
        "application/json" => {
            let body = answer.json();
            let lists = [&body["data"], &body["entries"]["data"], &body["by_action_type"]];
            lists.into_iter().find_map(Json::as_array).expect("a list").len()
        }
        // The first line has the names of the columns.
        "text/csv" => answer.text.lines().count() - 1,
        "application/x-ndjson" => answer.text.lines().count(),
        other => panic!("no rows in {other}"),
    }
}

fn with_a_period() -> impl Iterator<Item = Listed> {
    operations().into_iter().filter(|operation| operation.parameters().iter().any(|one| one["name"] == "since"))
}

/// The names of periods.
fn names() -> Vec<String> {
    let contract = serde_json::json!(api::openapi::contract());
    let names = contract["components"]["schemas"]["PeriodName"]["enum"].as_array().expect("names").iter();
    names.map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// The table of users has those without activities too.
fn is_of_users(path: &str) -> bool {
    path.starts_with("reports/user-activity/users")
}

on_each_database! {
    async fn a_period_is_taken_by_its_name_everywhere_and_not_together_with_its_ends(app) {
        for operation in with_a_period() {
            let request = recipes::prepare(app, operation.id()).await.expect("a recipe");
            let mark = if request.path.contains('?') { '&' } else { '?' };
            for name in names() {
                let path = format!("{}{mark}period={name}", request.path);
                let answer = request.by.get(&path).await;
                assert_eq!(answer.status(), 200, "{path}: {}", answer.text);
                let is_over = ["last_week", "last_month", "last_quarter"].contains(&name.as_str());
                assert!(!is_over || is_of_users(&path) || rows(&answer) == 0, "{path}: {}", answer.text);
            }
            for also in ["since=2026-11-30", "until=2026-12-01", "since=2026-11-30&until=2026-12-01"] {
                let path = format!("{}{mark}period=this_week&{also}", request.path);
                let answer = request.by.get(&path).await;
                answer.expect_problem(400, "invalid_period");
                assert_eq!(answer.faults(), ["query /period"], "{path}");
            }
        }
    }

    async fn a_period_that_begins_ahead_is_empty_and_not_refused(app) {
        let mut asked = 0;
        for operation in with_a_period() {
            let request = recipes::prepare(app, operation.id()).await.expect("a recipe");
            let mark = if request.path.contains('?') { '&' } else { '?' };
            let ahead = app.clock.now() + TimeDelta::days(2);
            for since in [ahead.format("%Y-%m-%d"), ahead.format("%Y-%m-%dT%H:%M:%SZ")] {
                let path = format!("{}{mark}since={since}", request.path);
                let answer = request.by.get(&path).await;
                assert_eq!(answer.status(), 200, "{path}: {}", answer.text);
                assert!(is_of_users(&path) || rows(&answer) == 0, "{path}: {}", answer.text);
                let answer = request.by.get(&format!("{path}&until=2026-11-30")).await;
                answer.expect_problem(400, "invalid_period");
                assert_eq!(answer.faults(), ["query /since"], "{path}");
                asked += 1;
            }
        }
        assert!(asked > 40, "{asked}");
    }
}
