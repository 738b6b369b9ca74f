//! Entries are read-only, both over HTTP and directly in the database.

use super::world::{happened, outside};
use reqwest::Method;
use serde_json::json;

on_each_database! {
    async fn entries_can_only_be_read(app) {
        let entries = happened(app).await;
        let by = app.as_admin().await;
        let entry = format!("audit-log/{}", entries[0]["id"].as_str().unwrap());
        let case = entries.iter().find_map(|entry| entry["case"]["id"].as_str()).unwrap();
        let mark = app.mark().await;
        for path in [
            "audit-log",
            &entry,
            "audit-log/export.csv",
            "audit-log/export.ndjson",
            "audit-action-types",
            "audited-fields",
            "auth/me/activity",
            &format!("cases/{case}/audit-trail"),
            &format!("users/{}/audit-trail", by.id()),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let answer = by.send(method.clone(), path, Some(json!({"outcome": "success"}))).await;
                answer.expect_problem(405, "method_not_allowed");
                assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS", "{method} {path}");
            }
        }
        assert_eq!(app.mark().await, mark);
    }

    async fn the_database_refuses_to_alter_entries(app) {
        let entries = happened(app).await;
        let replaced = "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries LIMIT 1";
        let upserted =
            "INSERT INTO audit_entries SELECT * FROM audit_entries LIMIT 1 ON CONFLICT (id) DO UPDATE SET outcome = 'denied'";
        for (sqlite, postgres) in [
            ("UPDATE audit_entries SET outcome = 'denied'", "UPDATE audit_entries SET outcome = 'denied'"),
            ("DELETE FROM audit_entries", "DELETE FROM audit_entries"),
            (replaced, upserted),
            ("DELETE FROM audit_entries WHERE 1", "TRUNCATE audit_entries"),
            (
                "PRAGMA recursive_triggers = OFF; INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries LIMIT 1",
                "TRUNCATE audit_entries CASCADE",
            ),
        ] {
            let refused = outside(app, sqlite, postgres).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        assert_eq!(app.all_entries().await, entries);
    }
}
