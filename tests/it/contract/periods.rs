//! Every operation with a period, also one that begins ahead: an end that was not requested refuses no start.

use super::{operations, recipes};
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

on_each_database! {
    async fn a_period_that_begins_ahead_is_empty_and_not_refused(app) {
        let mut asked = 0;
        for operation in operations().iter().filter(|operation| operation.parameters().iter().any(|one| one["name"] == "since")) {
            let request = recipes::prepare(app, operation.id()).await.expect("a recipe");
            let mark = if request.path.contains('?') { '&' } else { '?' };
            let ahead = app.clock.now() + TimeDelta::days(2);
            for since in [ahead.format("%Y-%m-%d"), ahead.format("%Y-%m-%dT%H:%M:%SZ")] {
                let path = format!("{}{mark}since={since}", request.path);
                let answer = request.by.get(&path).await;
                assert_eq!(answer.status(), 200, "{path}: {}", answer.text);
                // The table of users has those without activities too.
                let is_of_users = request.path.starts_with("reports/user-activity/users");
                assert!(is_of_users || rows(&answer) == 0, "{path}: {}", answer.text);
                let answer = request.by.get(&format!("{path}&until=2026-11-30")).await;
                answer.expect_problem(400, "invalid_period");
                assert_eq!(answer.faults(), ["query /since"], "{path}");
                asked += 1;
            }
        }
        assert!(asked > 40, "{asked}");
    }
}
