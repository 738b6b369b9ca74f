//! Creates an audit log of 100,000 entries, for tests of what must not depend on its length.

use super::{Kind, TestApp};
use sea_orm::ConnectionTrait;
use std::sync::atomic::Ordering;

impl TestApp {
    /// Fills the audit log directly, bypassing `AuditTx`: another type in every 100th entry, 1,000 cases, 50 actors, 4 entries
    /// per request.
    #[expect(clippy::disallowed_methods, reason = "through AuditTx this would take an hour")]
    pub async fn fill_log(&self) {
        let body = concat!(
            r#"{"action_type":"case_updated","actor":null,"actor_label":"System","actor_type":"system","case":null,"#,
            r#""changes":{},"description":"generated","document":null,"id":"ID","ip_address":null,"#,
            r#""metadata":{"event":"edited"},"object_id":"1","object_type":"generated","#,
            r#""occurred_at":"2026-01-01T00:00:00.000Z","outcome":"success","related_user":null,"request_id":"r","#,
            r#""source":"job","user_agent":null}"#,
        );
        let columns = "(id, occurred_at, action_type, outcome, actor_type, actor_id, actor_label, case_id, case_number, \
                       related_user_id, object_type, object_id, source, request_id, description, search_text, body)";
        let sqlite = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO audit_entries {columns} \
         SELECT unhex(printf('%012x', 1767225600000 + i * 1000) || printf('70008000%012x', i)), \
         strftime('%Y-%m-%dT%H:%M:%S+00:00', 1767225600 + i, 'unixepoch'), \
         CASE i % 100 WHEN 0 THEN 'case_held' WHEN 50 THEN 'login' ELSE 'case_updated' END, \
         'success', 'system', unhex(printf('%032x', i % 50)), 'System', unhex(printf('%032x', i % 1000)), 'C' || (i % 1000), \
         unhex(printf('%032x', i % 70)), 'generated', '1', 'job', 'request-' || (i / 4), 'generated', 'generated', \
         replace('{body}', 'ID', printf('%08x-%04x-7000-8000-%012x', \
         (1767225600000 + i * 1000) >> 16, (1767225600000 + i * 1000) & 65535, i)) \
         FROM n; ANALYZE"
        );
        let uuid = |number: &str| format!("lpad(to_hex({number}), 32, '0')::uuid");
        let id = "(lpad(to_hex(1767225600000 + i::bigint * 1000), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid";
        let postgres = format!(
            "INSERT INTO audit_entries {columns} SELECT {id}, to_timestamp(1767225600 + i), \
         CASE i % 100 WHEN 0 THEN 'case_held' WHEN 50 THEN 'login' ELSE 'case_updated' END, 'success', 'system', {}, \
         'System', {}, 'C' || (i % 1000), {}, 'generated', '1', 'job', 'request-' || (i / 4), 'generated', 'generated', \
         replace('{body}', 'ID', {id}::text) FROM generate_series(1, 100000) AS i; ANALYZE audit_entries",
            uuid("i % 50"),
            uuid("i % 1000"),
            uuid("i % 70"),
        );
        self.has_filled_log.store(true, Ordering::Relaxed);
        let statements = if self.kind == Kind::Sqlite { sqlite } else { postgres };
        self.outside.execute_unprepared(&statements).await.expect("a long log");
    }
}
