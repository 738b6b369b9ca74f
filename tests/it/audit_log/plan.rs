//! A page of the log among 100,000 entries: it is found by an index, with any filter.

use super::world::data;
use crate::app::TestApp;
use entity::audit::{Action, Category, Outcome, Source};
use entity::audit_log::{self, AddressRange, Filter};
use entity::page::{Direction, Position, statement};
use sea_orm::DbBackend;
use uuid::Uuid;

async fn plan(app: &TestApp, filter: &Filter, direction: Direction, after: Option<&Position>) -> Vec<String> {
    let backend = app.outside.get_database_backend();
    let page = statement(&audit_log::listing(filter, direction, after, 51, backend), backend);
    assert!(page.sql.ends_with(" LIMIT 51"), "{}", page.sql);
    app.plan(&page).await
}

fn one_address() -> Option<AddressRange> {
    let address: std::net::IpAddr = "192.0.2.7".parse().unwrap();
    Some((address, address).into())
}

/// Whether every access to the log uses an index, and none of them sorts the rows found there.
fn is_led(backend: DbBackend, plan: &[String]) -> bool {
    match backend {
        DbBackend::Postgres => {
            let accesses: Vec<_> = plan.iter().filter(|line| line.contains(" on audit_entries")).collect();
            !accesses.is_empty() && accesses.iter().all(|line| line.contains("Index")) && !plan.concat().contains("Bitmap")
        }
        _ => {
            let accesses: Vec<_> = plan.iter().filter(|line| line.contains("audit_entries")).collect();
            !accesses.is_empty() && accesses.iter().all(|line| line.contains("INDEX"))
        }
    }
}

on_each_database! {
    async fn a_page_is_found_by_an_index_among_a_hundred_thousand_entries(app) {
        app.fill_log().await;
        let id = |number: u128| Some(Uuid::from_u128(number));
        let of = |actions: &[Action]| Filter { actions: actions.to_vec(), ..Filter::default() };
        let by_case = Filter { case_id: id(7), ..Filter::default() };
        for (name, filter, sorts) in [
            ("unfiltered", Filter::default(), false),
            ("by case", by_case.clone(), false),
            ("by actor", Filter { actor_id: id(7), ..Filter::default() }, false),
            ("without an actor", Filter { excluded_actor_ids: vec![Uuid::from_u128(7)], ..Filter::default() }, false),
            ("by related user", Filter { related_user_id: id(7), ..Filter::default() }, false),
            ("by API key", Filter { api_key_id: id(7), ..Filter::default() }, false),
            ("by action type", of(&[Action::CaseHeld]), false),
            ("by a frequent action type", of(&[Action::CaseUpdated]), false),
            ("by an action type that never happened", of(&[Action::BulkExport]), false),
            ("by request", Filter { request_id: Some("request-77".to_owned()), ..Filter::default() }, false),
            ("by case and category", Filter { categories: vec![Category::Case], ..by_case }, false),
            ("by case number", Filter { case_number: Some("C7".to_owned()), ..Filter::default() }, false),
            ("by several action types", of(&[Action::CaseHeld, Action::Login, Action::BulkExport]), true),
            ("by address", Filter { ip_address: one_address(), ..Filter::default() }, true),
            ("by outcome", Filter { outcomes: vec![Outcome::Denied], ..Filter::default() }, false),
            ("by outcomes", Filter { outcomes: vec![Outcome::Denied, Outcome::Failure], ..Filter::default() }, true),
            ("by source", Filter { sources: vec![Source::Service], ..Filter::default() }, false),
            ("by person", Filter { person_id: id(7), ..Filter::default() }, true),
        ] {
            let last = Position { value: None, id: Uuid::from_u128(0x019b_7500_0000_7000_8000_0000_0000_0000) };
            let (up, down) = (Direction::Ascending, Direction::Descending);
            for (direction, after) in [(down, None), (down, Some(&last)), (up, None), (up, Some(&last))] {
                let plan = plan(app, &filter, direction, after).await;
                let text = plan.join("\n");
                assert!(is_led(app.outside.get_database_backend(), &plan), "{name}, {direction:?}, {after:?}:\n{text}");
                // Only if indexes are merged is there something to sort: their newest entries.
                let is_sorted = text.contains("Sort") || text.contains("TEMP B-TREE");
                assert!(sorts || !is_sorted, "{name}, {direction:?}, {after:?}:\n{text}");
            }
        }
        let by = app.as_manager().await;
        let list = by.get("audit-log?until=2026-01-31&limit=200&action_type=case_updated").await.expect(200);
        assert_eq!(data(&list).len(), 200);
    }
}
