//! A page of the log among 100,000 entries: an index leads to it, whatever it is narrowed by.

use super::world::{data, outside};
use crate::app::TestApp;
use entity::audit::{Action, Category};
use entity::page::Position;
use entity::trail::{self, Filter};
use sea_orm::DbBackend;
use uuid::Uuid;

/// Fills the trail past the door: every 100th entry another type, 1,000 cases, 50 actors, 4 entries a request.
pub async fn fill(app: &TestApp) {
    let body = r#"{"action_type":"case_updated","actor":null,"actor_label":"System","actor_type":"system","case":null,"changes":{},"description":"generated","document":null,"id":"ID","ip_address":null,"metadata":{"event":"edited"},"object_id":"1","object_type":"generated","occurred_at":"2026-01-01T00:00:00.000Z","outcome":"success","related_user":null,"request_id":"r","source":"job","user_agent":null}"#;
    let columns = "(id, occurred_at, action_type, outcome, actor_type, actor_id, actor_label, case_id, case_number, related_user_id, \
         object_type, object_id, source, request_id, description, search_text, body)";
    let sqlite = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO audit_entries {columns} SELECT unhex(printf('%012x', 1767225600000 + i * 1000) || printf('70008000%012x', i)), \
         '2026-01-01T00:00:00+00:00', CASE i % 100 WHEN 0 THEN 'case_held' WHEN 50 THEN 'login' ELSE 'case_updated' END, 'success', \
         'system', unhex(printf('%032x', i % 50)), 'System', unhex(printf('%032x', i % 1000)), 'C' || (i % 1000), \
         unhex(printf('%032x', i % 70)), 'generated', '1', 'job', 'request-' || (i / 4), 'generated', 'generated', \
         replace('{body}', 'ID', printf('%08x-%04x-7000-8000-%012x', (1767225600000 + i * 1000) >> 16, (1767225600000 + i * 1000) & 65535, i)) \
         FROM n; ANALYZE"
    );
    let uuid = |number: &str| format!("lpad(to_hex({number}), 32, '0')::uuid");
    let id = "(lpad(to_hex(1767225600000 + i::bigint * 1000), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid";
    let postgres = format!(
        "INSERT INTO audit_entries {columns} SELECT {id}, '2026-01-01T00:00:00Z', \
         CASE i % 100 WHEN 0 THEN 'case_held' WHEN 50 THEN 'login' ELSE 'case_updated' END, 'success', 'system', {}, 'System', {}, \
         'C' || (i % 1000), {}, 'generated', '1', 'job', 'request-' || (i / 4), 'generated', 'generated', \
         replace('{body}', 'ID', {id}::text) FROM generate_series(1, 100000) AS i; ANALYZE audit_entries",
        uuid("i % 50"),
        uuid("i % 1000"),
        uuid("i % 70"),
    );
    outside(app, &sqlite, &postgres).await.unwrap();
}

async fn plan(app: &TestApp, filter: &Filter, after: Option<&Position>) -> Vec<String> {
    let backend = app.outside.get_database_backend();
    let page = backend.build(&trail::listing(filter, after, 51, backend));
    app.plan(&page).await
}

/// Whether every look at the trail goes by an index, and none of them sorts what it found there.
fn is_led(backend: DbBackend, plan: &[String]) -> bool {
    match backend {
        DbBackend::Postgres => {
            let looks: Vec<_> = plan.iter().filter(|line| line.contains(" on audit_entries")).collect();
            !looks.is_empty() && looks.iter().all(|line| line.contains("Index")) && !plan.concat().contains("Bitmap")
        }
        _ => {
            let looks: Vec<_> = plan.iter().filter(|line| line.contains("audit_entries")).collect();
            !looks.is_empty() && looks.iter().all(|line| line.contains("INDEX"))
        }
    }
}

on_each_database! {
    async fn a_page_is_found_by_an_index_among_a_hundred_thousand_entries(app) {
        fill(app).await;
        let id = |number: u128| Some(Uuid::from_u128(number));
        let of = |actions: &[Action]| Filter { actions: actions.to_vec(), ..Filter::default() };
        let by_case = Filter { case_id: id(7), ..Filter::default() };
        for (name, filter, sorts) in [
            ("unfiltered", Filter::default(), false),
            ("by case", by_case.clone(), false),
            ("by actor", Filter { actor_id: id(7), ..Filter::default() }, false),
            ("by related user", Filter { related_user_id: id(7), ..Filter::default() }, false),
            ("by action type", of(&[Action::CaseHeld]), false),
            ("by a frequent action type", of(&[Action::CaseUpdated]), false),
            ("by an action type that never happened", of(&[Action::BulkExport]), false),
            ("by request", Filter { request_id: Some("request-77".to_owned()), ..Filter::default() }, false),
            ("by case and category", Filter { categories: vec![Category::Case], ..by_case }, false),
            ("by case number", Filter { case_number: Some("C7".to_owned()), ..Filter::default() }, false),
            ("by several action types", of(&[Action::CaseHeld, Action::Login, Action::BulkExport]), true),
            ("by person", Filter { person_id: id(7), ..Filter::default() }, true),
        ] {
            let last = Position { value: None, id: Uuid::from_u128(0x019b_7500_0000_7000_8000_0000_0000_0000) };
            for after in [None, Some(&last)] {
                let plan = plan(app, &filter, after).await;
                let text = plan.join("\n");
                assert!(is_led(app.outside.get_database_backend(), &plan), "{name}, {after:?}:\n{text}");
                // Only where indexes are merged is there something to sort: their newest entries.
                let is_sorted = text.contains("Sort") || text.contains("TEMP B-TREE");
                assert!(sorts || !is_sorted, "{name}, {after:?}:\n{text}");
            }
        }
        let by = app.as_manager().await;
        let list = by.get("audit-log?until=2026-01-31&limit=200&action_type=case_updated").await.expect(200);
        assert_eq!(data(&list).len(), 200);
    }
}
