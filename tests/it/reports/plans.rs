//! A report over an hour among 100,000 entries: every access to the log uses an index.

use crate::app::{Kind, TestApp};
use sea_orm::Statement;

const HOUR: &str = "since=2026-01-01T10:00:00Z&until=2026-01-01T11:00:00Z";

/// The only figure that counts all entries regardless of the period: `audit_entries_total`, until there are rollups.
fn counts_everything(statement: &Statement) -> bool {
    statement.sql.contains("AS entry_count")
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

on_each_database! {
    async fn no_report_of_an_hour_scans_the_whole_audit_log(app) {
        let by = app.as_manager().await;
        app.fill_log().await;
        let user_id = by.id();
        for report in [
            format!("activity-summary?{HOUR}"),
            format!("user-activity?{HOUR}&user_id={user_id}"),
            format!("user-activity/users?{HOUR}"),
            format!("user-activity/users?{HOUR}&sort=-total_activities&role=manager"),
            format!("case-changes?{HOUR}"),
            format!("case-changes?{HOUR}&change_type=hold"),
            format!("case-changes?{HOUR}&member_id={user_id}"),
            format!("case-changes?{HOUR}&workshop_code=WS001&assigned_to={user_id}"),
            format!("quality-review-audit?{HOUR}"),
            format!("system-events?{HOUR}"),
        ] {
            app.statements();
            by.get(&format!("reports/{report}")).await.expect(200);
            let sent = app.statements_with_values();
            let accesses: Vec<&Statement> = sent
                .iter()
                .filter(|statement| statement.sql.contains("audit_entries") && !statement.sql.starts_with("INSERT"))
                .collect();
            assert!(!accesses.is_empty() || report.starts_with("quality"), "{report}");
            for statement in accesses.iter().filter(|statement| !counts_everything(statement)) {
                let scans = full_scans(app, statement).await;
                assert!(scans.is_empty(), "{report}: {scans:?}\n{}", statement.sql);
            }
        }
    }
}
