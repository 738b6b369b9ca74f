//! Searching the log for a text: the same as a naive search, through an index where there is one.

use super::world::{data, ids, newest_first, record};
use crate::app::{Settings, TestApp, with_letters_of};
use entity::audit::{Actor, Context, Event};
use entity::audit_entry;
use entity::audit_log::{Filter, TextIndex, candidates};
use entity::page::statement;
use entity::text::folded;
use sea_orm::{DbBackend, EntityTrait, PaginatorTrait};
use serde_json::Value as Json;

const NAMES: [&str; 14] = [
    "Maßband",
    "MASSBAND",
    "ΟΔΟΣ",
    "οδος",
    "İstanbul",
    "Istanbul",
    "<b>50%_off</b>",
    "a*b?c[d]",
    "say \"moss\"",
    "O'Brien \\ Núñez",
    "ﬁsh",
    "FISH",
    "Mo\u{17F}s",
    "Ada Moss",
];

async fn arrange(app: &TestApp) -> Vec<Json> {
    for name in NAMES {
        let context = Context {
            actor: Actor::Anonymous,
            api_key: None,
            in_job: false,
            request_id: "a-request".to_owned(),
            ip_address: None,
            user_agent: None,
        };
        let mut event = Event::login_failed("?", None, "unknown_username", None);
        event.description = format!("Failed: {name}.");
        record(app, context, event).await;
    }
    newest_first(app.all_entries().await)
}

on_each_database! {
    async fn a_text_is_found_exactly_where_a_naive_search_finds_it(app) {
        let entries = arrange(app).await;
        let by = app.as_manager().await;
        let whole = NAMES.into_iter().map(str::to_owned);
        let parts = NAMES.into_iter().flat_map(|name| {
            let letters: Vec<char> = name.chars().collect();
            let part = |length| letters.windows(length).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>();
            [part(1), part(3), part(4)].concat()
        });
        for text in whole.chain(parts).filter(|text: &String| !text.trim().is_empty()) {
            let holds = |entry: &&Json| folded(entry["description"].as_str().unwrap()).contains(&folded(&text));
            let expected: Vec<Json> = entries.iter().filter(holds).cloned().collect();
            let sought: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let path = format!("audit-log?action_type=login&outcome=failure&include_total=true&since=2026-11-20&q={sought}");
            let list = by.get(&path).await.expect(200);
            // The actor's label is searched too.
            if !folded("Anonymous anonymous").contains(&folded(&text)) {
                assert_eq!(ids(&data(&list)), ids(&expected), "{text}");
                assert_eq!(list["page"]["total"], expected.len(), "{text}");
                assert_eq!(list["page"]["total_is_capped"], false);
            }
        }
    }

    async fn what_no_index_bounds_needs_a_period(app) {
        arrange(app).await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        for (query, name) in [
            ("q=%25", "q"),
            ("q=ab&actor_id=01a20725-be30-7584-bca5-f00e655c90d7", "q"),
            ("ip_address=10.0.0.0/8", "ip_address"),
            ("changed_field=status", "changed_field"),
            ("changed_field=status&until=2026-12-31", "changed_field"),
            ("changed_field=status&since=2026-09-01", "changed_field"),
        ] {
            let answer = by.get(&format!("audit-log?{query}")).await;
            answer.expect_problem(422, "period_required");
            assert_eq!(answer.faults(), [format!("query /{name}")], "{query}");
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        for query in [
            "q=%25&since=2026-11-20",
            "q=%25&since=2026-05-01&until=2026-05-31",
            "changed_field=status&case_number=WS001-2026-12-0001",
            "ip_address=10.0.0.0/8&request_id=a-request",
            "q=Ada%20Moss",
            "ip_address=10.0.0.7",
        ] {
            by.get(&format!("audit-log?{query}")).await.expect(200);
        }
        assert_eq!(by.get("audit-log/export.ndjson?q=%25").await.status(), 200);
    }

    async fn a_rare_text_is_found_by_the_index_among_a_hundred_thousand_entries(app) {
        app.fill_log().await;
        let backend = app.outside.get_database_backend();
        let text_index = TextIndex::read(&app.outside).await.unwrap();
        assert_ne!(text_index, TextIndex::None, "the tests' server has pg_trgm");
        let filter = Filter { text: Some("no such text".to_owned()), text_index, ..Filter::default() };
        let plan = app.plan(&statement(&candidates(&filter, backend).unwrap(), backend)).await.join("\n");
        let index = if backend == DbBackend::Postgres { "audit_entries_by_text" } else { "audit_texts VIRTUAL TABLE INDEX" };
        assert!(plan.contains(index), "{plan}");
        // A frequent one is soon found without.
        let list = app.as_manager().await.get("audit-log?q=generated&limit=200&include_total=true").await.expect(200);
        assert_eq!((data(&list).len(), &list["page"]["total"]), (200, &10_001.into()));
        assert_eq!(list["page"]["total_is_capped"], true);
    }

    async fn a_frequent_text_needs_a_period_where_few_of_its_entries_match_the_other_filters(app) {
        app.fill_log().await;
        let by = app.as_manager().await;
        let month = "since=2026-01-01&until=2026-01-20";
        for (query, is_soon_read) in [
            ("q=generated", true),
            ("q=generated&action_type=case_held", true),
            ("q=generated&sort=occurred_at", true),
            ("q=generated&source=endpoint", false),
            ("q=generated&source=endpoint&sort=occurred_at", false),
            ("q=generated&action_type=report_generated", false),
            // In each of these places an entry is found by something else.
            ("q=generated&request_id=request-7", true),
            ("q=no%20such%20text&source=endpoint", true),
        ] {
            let answer = by.get(&format!("audit-log?{query}")).await;
            match is_soon_read {
                true => drop(answer.expect(200)),
                false => drop(answer.expect_problem(422, "period_required")),
            }
            by.get(&format!("audit-log?{query}&{month}")).await.expect(200);
        }
        // The last page ends where the log does.
        let minutes = "since=2026-01-01T00:00:00Z&until=2026-01-01T00:03:00Z";
        let list = by.get(&format!("audit-log?q=generated&limit=200&{minutes}")).await.expect(200);
        assert_eq!(data(&list).len(), 179);
        let path = "audit-log?q=generated&source=endpoint&include_total=true&limit=1";
        let list = by.get(&format!("{path}&{month}")).await.expect(200);
        assert_eq!((&list["page"]["total"], &list["page"]["total_is_capped"]), (&0.into(), &true.into()));
    }

    async fn what_is_found_by_a_text_has_its_sequence(app) {
        arrange(app).await;
        app.seal().await;
        let by = app.as_manager().await;
        for query in ["q=Istanbul", "q=Failed&limit=3", "q=Anonymous&sort=occurred_at"] {
            let found = data(&by.get(&format!("audit-log?{query}")).await.expect(200));
            assert!(!found.is_empty());
            for entry in found {
                let id = entry["id"].as_str().unwrap();
                assert_eq!(entry["sequence"], by.get(&format!("audit-log/{id}")).await.expect(200)["sequence"]);
                assert!(entry["sequence"].as_u64().unwrap() > 0, "{query}");
            }
        }
    }

    async fn the_total_is_exact_where_the_rollups_have_it(app) {
        app.fill_log().await;
        let by = app.as_manager().await;
        let total = async |query: &str| {
            let list = by.get(&format!("audit-log?limit=1&include_total=true&{query}")).await.expect(200);
            (list["page"]["total"].as_u64().unwrap(), list["page"]["total_is_capped"].as_bool().unwrap())
        };
        assert_eq!(total("").await, (10_001, true));
        app.seal().await;
        let entries = audit_entry::Entity::find().count(&app.outside).await.unwrap();
        assert_eq!(total("").await, (entries, false));
        assert_eq!(total("outcome=success&outcome=failure&outcome=denied").await, (entries, false));
        assert_eq!(total("outcome=denied").await, (0, false));
        // With the entries of these two readings, which are pending.
        assert_eq!(total("since=2000-01-01").await, (entries + 2, false));
        assert_eq!(total(&format!("exclude_actor_id={}", by.id())).await, (10_001, true), "no rollup leaves actors out");
    }
}

/// `pg_trgm` takes letters that the database's `LC_CTYPE` does not know for blanks.
#[tokio::test]
async fn where_only_ascii_letters_are_indexed_a_text_without_three_of_them_needs_a_period() {
    for (ctype, status) in [("C", 422), ("C.UTF-8", 200)] {
        let Some(url) = with_letters_of(ctype).await else { continue };
        let app = TestApp::start_at(&url, Settings::default()).await;
        let entries = arrange(&app).await;
        let by = app.as_manager().await;
        for (text, is_in_ascii) in
            [("ΟΔΟΣ", false), ("Núñez", false), ("Ada Moss", true), ("brien \\ núñez", true), ("moß", true)]
        {
            let sought: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let answer = by.get(&format!("audit-log?q={sought}")).await;
            let expected = if is_in_ascii { 200 } else { status };
            assert_eq!(answer.status(), expected, "{text} with {ctype}");
            if expected == 422 {
                answer.expect_problem(422, "period_required");
                assert_eq!(answer.faults(), ["query /q"], "{text}");
            }
            let list =
                by.get(&format!("audit-log?q={sought}&since=2026-11-20&action_type=login&outcome=failure")).await.expect(200);
            let holds = |entry: &&Json| folded(entry["description"].as_str().unwrap()).contains(&folded(text));
            let holding: Vec<Json> = entries.iter().filter(holds).cloned().collect();
            assert_eq!(ids(&data(&list)), ids(&holding), "{text} with {ctype}");
            if expected == 200 {
                let list = by.get(&format!("audit-log?q={sought}&action_type=login&outcome=failure")).await.expect(200);
                assert_eq!(ids(&data(&list)), ids(&holding), "{text} with {ctype}, without a period");
            }
        }
        app.finish().await;
    }
}
