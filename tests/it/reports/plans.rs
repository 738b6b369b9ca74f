//! A report over an hour among 100,000 entries: every access to the log uses an index. Over a day, nearly none is read.

use crate::app::{Client, Kind, TestApp};
use sea_orm::Statement;

const HOUR: &str = "since=2026-01-01T10:00:00Z&until=2026-01-01T11:00:00Z";

/// All but those that read the first entry or the last one, up to a limit of one. SQLite calls that a scan too.
fn any(statement: &Statement) -> bool {
    !statement.sql.contains("AS pending_count") && !statement.sql.contains("AS last_sequence")
}

/// A figure.
fn counts(statement: &Statement) -> bool {
    statement.sql.contains("AS counted")
}

async fn full_scans(app: &TestApp, statement: &Statement) -> Vec<String> {
    let mut plan = app.plan(statement).await;
    plan.retain(|line| match app.kind {
        Kind::Postgres => line.contains("Seq Scan on audit_entries"),
        // Reading an entire index is a full scan too.
        Kind::Sqlite => line.starts_with("SCAN entry") || line.starts_with("SCAN audit_entries"),
    });
    plan
}

/// Reads the reports of a period, and looks at how the log is read by some of their statements.
async fn expect_no_scans(app: &TestApp, by: &Client<'_>, period: &str, are_looked_at: fn(&Statement) -> bool) {
    let user_id = by.id();
    // A table has no series.
    let of_table = period.split('&').filter(|part| !part.starts_with("interval=")).collect::<Vec<_>>().join("&");
    for report in [
        format!("activity-summary?{period}"),
        format!("user-activity?{period}&user_id={user_id}"),
        format!("user-activity/users?{of_table}"),
        format!("user-activity/users?{of_table}&sort=-total_activities&role=manager"),
        format!("case-changes?{period}"),
        format!("case-changes?{period}&change_type=hold"),
        format!("case-changes?{period}&member_id={user_id}"),
        format!("case-changes?{period}&actor_id={user_id}"),
        format!("case-changes?{period}&workshop_code=WS001&assigned_to={user_id}"),
        format!("quality-review-audit?{period}"),
        format!("system-events?{period}"),
    ] {
        app.statements();
        by.get(&format!("reports/{report}")).await.expect(200);
        let sent = app.statements_with_values();
        let accesses: Vec<&Statement> = sent
            .iter()
            .filter(|statement| statement.sql.contains("audit_entries") && !statement.sql.starts_with("INSERT"))
            .collect();
        assert!(!accesses.is_empty() || report.starts_with("quality"), "{report}");
        for statement in accesses.iter().filter(|statement| are_looked_at(statement)) {
            let scans = full_scans(app, statement).await;
            assert!(scans.is_empty(), "{report}: {scans:?}\n{}", statement.sql);
        }
    }
}

on_each_database! {
    async fn no_report_scans_the_whole_audit_log(app) {
        let by = app.as_manager().await;
        app.fill_log().await;
        expect_no_scans(app, &by, HOUR, any).await;
        app.seal().await;
        expect_no_scans(app, &by, HOUR, any).await;
        expect_no_scans(app, &by, "since=2026-01-01&until=2026-01-01", counts).await;
        expect_no_scans(app, &by, "all_time=true&interval=month", counts).await;
    }
}
