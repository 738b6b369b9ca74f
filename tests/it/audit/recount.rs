//! `casetrail audit recount`: finds each row of the rollups that differs from the log, changes nothing, and repairs on request.
#![expect(clippy::disallowed_methods, reason = "these tests change rows that only the sealer writes")]

use crate::app::{Kind, TestApp, fresh, rollups_equal_a_recount};
use chrono::TimeDelta;
use entity::ledger;
use entity::ledger::rollup::rebuild_step;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::process::{Command, Stdio};

/// Its exit code, and what it printed.
async fn recount(url: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    command.args(["audit", "recount"]).args(arguments).env("CASETRAIL_DATABASE_URL", url).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A sealed log: a case that was held, on 1 December in Chicago.
async fn a_held_case(app: &TestApp) {
    let case = app.a_case().accepted().create().await;
    app.as_manager().await.post(&case.url("hold"), json!({"reason": "pay stub missing"})).await.expect(200);
    app.seal().await;
}

async fn change(app: &TestApp, sql: &str) {
    assert!(app.outside.execute_unprepared(sql).await.unwrap().rows_affected() > 0, "{sql}");
}

on_each_database! {
    async fn rollups_that_equal_the_log_have_no_differences(app) {
        a_held_case(app).await;
        // Entries that are not sealed yet are not compared.
        app.as_manager().await.get("audit-log").await.expect(200);
        let mark = app.mark().await;

        let (code, printed, said) = recount(&app.url, &[]).await;

        assert_eq!(code, 0, "{printed} {said}");
        assert!(printed.starts_with("1 days with ") && printed.trim_end().ends_with(": no differences"), "{printed}");
        assert_eq!(app.since(&mark).await.len(), 0, "it writes nothing");
    }

    async fn a_month_is_compared_with_the_first_of_its_days_that_has_entries(app) {
        a_held_case(app).await;
        app.pass(TimeDelta::days(50));
        a_held_case(app).await;
        app.pass(TimeDelta::days(1));
        a_held_case(app).await;
        change(app, "DELETE FROM ledger_actor_months WHERE month = '2027-01-01' AND action_type = 'case_held'").await;

        let (code, printed, _) = recount(&app.url, &[]).await;
        assert_eq!((code, printed.matches("2027-01-01  ledger_actor_months ").count()), (1, 1), "{printed}");
        assert!(printed.contains("\n3 days with ") && printed.trim_end().ends_with(": 1 differences"), "{printed}");

        // Also with a part of its days, and where it has a row and no entry.
        assert_eq!(recount(&app.url, &["--from", "2027-01-21"]).await.0, 1);
        assert_eq!(recount(&app.url, &["--until", "2026-12-31"]).await.0, 0);
        let stray = "UPDATE ledger_actor_months SET month = '2026-10-01' WHERE month = '2026-12-01'";
        change(app, stray).await;
        let (code, printed, _) = recount(&app.url, &["--until", "2026-10-31"]).await;
        assert!(code == 1 && printed.contains("2026-10-01  ledger_actor_months "), "{printed}");

        assert_eq!(recount(&app.url, &["--repair"]).await.0, 1);
        while rebuild_step(app.app.db()).await.unwrap() {}
        rollups_equal_a_recount(app).await;
    }

    async fn each_row_that_differs_is_printed_and_repaired_on_request(app) {
        a_held_case(app).await;
        change(app, "UPDATE ledger_type_days SET entry_count = entry_count + 41 WHERE action_type = 'case_held'").await;
        change(app, "DELETE FROM ledger_actor_days WHERE action_type = 'case_held'").await;
        change(app, "UPDATE ledger_actor_months SET entry_count = 8 WHERE action_type = 'case_held'").await;
        let more = "INSERT INTO ledger_case_days (generation, day, case_id, created, status_changed, tier_changed, assigned, \
                    resubmitted, held, resumed, edited) SELECT generation, '2001-02-03', case_id, 0, 0, 0, 0, 0, 7, 0, 0 \
                    FROM ledger_case_days WHERE held = 1";
        change(app, more).await;

        let (code, printed, _) = recount(&app.url, &[]).await;

        assert_eq!(code, 1, "{printed}");
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 6, "a head, four rows and a summary: {printed}");
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["day", "row", "stored", "counted"]);
        let [extra, higher, gone, month] = [lines[1], lines[2], lines[3], lines[4]];
        assert!(extra.starts_with("2001-02-03  ledger_case_days ") && extra.contains(" held "), "{extra}");
        assert!(extra.contains("  7 ") && extra.ends_with("  none"), "{extra}");
        assert!(higher.starts_with("2026-12-01  ledger_type_days case_held success user "), "{higher}");
        assert!(higher.contains("  42 (1 on cases") && higher.contains("  1 (1 on cases"), "{higher}");
        assert!(gone.contains(" ledger_actor_days ") && gone.contains("  none ") && gone.contains("  1 (1 on cases"), "{gone}");
        assert!(month.starts_with("2026-12-01  ledger_actor_months ") && month.contains("  8 (1 on cases"), "{month}");
        assert!(lines[5].starts_with("2 days with ") && lines[5].ends_with(": 4 differences"), "{printed}");

        // Of some days only.
        for (arguments, code) in [
            (&["--from", "2026-12-02"][..], 0),
            (&["--until", "2026-11-30"][..], 1),
            (&["--from", "2001-02-04", "--until", "2026-11-30"][..], 0),
            (&["--from", "2026-12-01", "--until", "2026-12-01"][..], 1),
        ] {
            let (found, printed, said) = recount(&app.url, arguments).await;
            assert_eq!(found, code, "{arguments:?}: {printed} {said}");
        }
        assert_eq!(ledger::state(&app.outside).await.unwrap().building, None, "it changes nothing");

        let (code, printed, _) = recount(&app.url, &["--repair"]).await;
        assert_eq!(code, 1, "{printed}");
        assert!(printed.trim_end().ends_with("until it is done, reports are answered from the log"), "{printed}");
        let state = ledger::state(&app.outside).await.unwrap();
        assert!(state.building == Some(2) && !state.is_ready(&state.settings_zone));
        assert_eq!(recount(&app.url, &[]).await.0, 2, "there is nothing to compare until it is done");

        while rebuild_step(app.app.db()).await.unwrap() {}
        assert_eq!(recount(&app.url, &["--repair"]).await.0, 0);
        assert_eq!(ledger::state(&app.outside).await.unwrap().generation, 2, "without a difference there is nothing to repair");
        rollups_equal_a_recount(app).await;
    }
}

#[tokio::test]
async fn a_check_that_could_not_run_has_an_exit_code_of_its_own() {
    let fresh = fresh(Kind::Sqlite).await.unwrap();
    for (url, arguments, expected) in [
        ("sqlite:///no/such/folder/casetrail.db", &[][..], "the database does not exist"),
        ("mysql://127.0.0.1/casetrail", &[][..], "must begin with postgres:// or sqlite://"),
        (fresh.url.as_str(), &[][..], "there is nothing to compare"),
        (fresh.url.as_str(), &["--from", "yesterday"][..], "must be a day, such as 2026-11-01"),
    ] {
        let (code, printed, said) = recount(url, arguments).await;
        assert_eq!((code, printed.as_str()), (2, ""), "{url} {arguments:?}: {said}");
        assert!(said.contains(expected), "{url} {arguments:?}: {said}");
    }
}
