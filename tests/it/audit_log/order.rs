//! Entries in the order in which they were written.

use super::world::{data, happened, ids, newest_first, pages};
use crate::app::actions;
use serde_json::{Value as Json, json};

/// Which entries a list shows.
type Wanted<'a> = &'a dyn Fn(&&Json) -> bool;

/// Oldest first.
fn oldest_first(mut entries: Vec<Json>) -> Vec<Json> {
    entries.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
    entries
}

on_each_database! {
    async fn lists_of_entries_are_read_from_either_end(app) {
        let case = app.a_case().held().create().await;
        happened(app).await;
        let by = app.as_manager().await;
        let known = app.mark().await;
        let of_case = |entry: &&Json| entry["case"]["id"] == case.id();
        let of_person = |entry: &&Json| entry["actor"]["id"] == by.id() || entry["related_user"]["id"] == by.id();
        let by_actor = |entry: &&Json| entry["actor"]["id"] == by.id();
        let several = |entry: &&Json| ["case_held", "login"].iter().any(|action| entry["action_type"] == *action);
        let all = |_: &&Json| true;
        // Before the entries that these reads themselves leave.
        let until = format!("until={}", entity::clock::rfc3339(app.clock.now()));
        let lists: [(String, Wanted<'_>); 5] = [
            (format!("audit-log?{until}"), &all),
            (format!("audit-log?{until}&action_type=case_held&action_type=login"), &several),
            (format!("{}?{until}", case.url("audit-trail")), &of_case),
            (format!("users/{}/audit-trail?{until}", by.id()), &of_person),
            (format!("auth/me/activity?{until}"), &by_actor),
        ];
        for (path, wanted) in lists {
            let expected: Vec<Json> = known.iter().filter(wanted).cloned().collect();
            assert!(!expected.is_empty() && expected.len() < 200, "{path}");
            let (up, down) = (ids(&oldest_first(expected.clone())), ids(&newest_first(expected)));
            for limit in [1, 3, 200] {
                let read = async |sort: &str| ids(&pages(&by, &format!("{path}&limit={limit}{sort}")).await);
                let own = app.mark().await.len();
                assert_eq!(read("&sort=occurred_at").await, up, "{path}");
                assert!(app.mark().await.len() <= own + 1, "one access, however many pages");
                assert_eq!(read("&sort=-occurred_at").await, down, "{path}");
                assert_eq!(read("").await, down, "{path}");
            }
        }
    }

    async fn what_is_written_meanwhile_is_on_no_later_page_in_either_order(app) {
        happened(app).await;
        let by = app.as_manager().await;
        let known = ids(&app.mark().await);
        let first = by.get("audit-log?sort=occurred_at&limit=5").await.expect(200);
        app.a_case().accepted().create().await;
        let cursor = first["page"]["next_cursor"].as_str().unwrap();
        let rest = pages(&by, &format!("audit-log?sort=occurred_at&limit=200&cursor={cursor}")).await;
        let mut seen = ids(&data(&first));
        seen.extend(ids(&rest));
        assert_eq!(seen, known);
    }

    async fn a_cursor_belongs_to_its_order(app) {
        happened(app).await;
        let by = app.as_manager().await;
        let list = by.get("audit-log?sort=occurred_at&limit=2").await;
        let page = list.json()["page"].clone();
        let cursor = page["next_cursor"].as_str().unwrap();
        let next = format!("</api/v1/audit-log?sort=occurred_at&limit=2&cursor={cursor}>; rel=\"next\"");
        assert_eq!(list.header("link"), next);
        for other in ["", "sort=-occurred_at&"] {
            by.get(&format!("audit-log?{other}limit=2&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
        }
        for sort in ["id", "occurred_at,id", "--occurred_at", "OCCURRED_AT", ""] {
            let answer = by.get(&format!("audit-log?sort={sort}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), ["query /sort"], "{sort}");
        }
    }

    async fn the_order_is_part_of_what_is_recorded(app) {
        let by = app.as_manager().await;
        let mark = app.mark().await;
        by.get("audit-log?sort=occurred_at&limit=1").await.expect(200);
        let seen = app.since(&mark).await;
        assert_eq!(actions(&seen), ["audit_log_accessed"]);
        let filters = json!({"view_type": "main_dashboard", "filters": {"sort": "occurred_at"}});
        assert_eq!(seen[0]["metadata"], filters);
    }

    async fn a_member_reads_their_trail_from_the_beginning(app) {
        let case = app.a_case().held().create().await;
        let by = app.as_member().await;
        let list = by.get(&format!("{}?sort=occurred_at", case.url("audit-trail"))).await.expect(200);
        assert_eq!(actions(&data(&list)), ["case_created", "case_submitted", "case_status_changed", "case_held"]);
    }
}
