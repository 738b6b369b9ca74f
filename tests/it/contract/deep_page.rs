//! Page 10,000 of a list costs the same as the pages before it: the same statements, no sorting, no skipping by offset, and the
//! same time.

mod fill;

use super::operations;
use crate::app::{Answer, Client, Kind, TestApp};
use reqwest::Method;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How much more the deep page may cost.
const RATIO_MAX: f64 = 1.2;
/// A measurement may fail on a machine that is busy with other things; the ones after it must then succeed.
const ATTEMPTS: usize = 10;
const PAIRS: usize = 15;

/// Lists that never get that long, and why.
const SHORT: [(&str, &str); 4] = [
    ("/api/v1/cases/{case_id}/assignees", "as many as work in one place"),
    ("/api/v1/users/{user_id}/api-keys", "an administrator makes each by hand"),
    ("/api/v1/users/{user_id}/sessions", "a session that is not used for a day is not listed any more"),
    ("/api/v1/users/{user_id}/credit-allowances", "a member has one a quarter, which would take 2,500 years"),
];

/// A list with 10,000 pages of one row and some more.
struct Deep {
    path: String,
}

impl Deep {
    /// The path as in the contract.
    fn template(&self) -> &'static str {
        let path = self.path.split('?').next().unwrap_or_default();
        api::http::request::operations::template_of(&format!("/api/v1/{path}")).expect("an operation")
    }

    fn url(&self, limit: usize, cursor: Option<&str>) -> String {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        format!("{}{mark}limit={limit}{cursor}", self.path)
    }

    /// The cursor after this number of rows, in pages of maximum length: a cursor doesn't depend on the limit.
    async fn past(&self, by: &Client<'_>, mut rows: usize) -> String {
        let mut cursor = None::<String>;
        while rows > 0 {
            let limit = rows.min(200);
            let page = page(by, &self.url(limit, cursor.as_deref())).await.expect(200);
            let list = if page["entries"].is_object() { &page["entries"] } else { &page };
            assert_eq!(list["data"].as_array().map(Vec::len), Some(limit), "{} is not deep enough", self.path);
            cursor = list["page"]["next_cursor"].as_str().map(str::to_owned);
            rows -= limit;
        }
        cursor.expect("a next page")
    }

    async fn check(&self, app: &TestApp, by: &Client<'_>) {
        let first = self.url(1, None);
        let second = self.url(1, Some(&self.past(by, 1).await));
        let deep = self.url(1, Some(&self.past(by, 9_999).await));
        let cost = async |url: &str| {
            app.statements();
            page(by, url).await.expect(200);
            app.statements()
        };
        let (first_cost, second_cost, deep_cost) = (cost(&first).await, cost(&second).await, cost(&deep).await);
        // The first page may also record the access, and the rows of an early page may name people whose names must be read.
        assert!(deep_cost.len() <= first_cost.len(), "{}: {deep_cost:#?}", self.path);
        assert!(deep_cost.iter().all(|sql| second_cost.contains(sql)), "{}: {deep_cost:#?}", self.path);
        // Nothing is skipped: OFFSET 0 only keeps PostgreSQL to an order.
        let skips = |sql: &String| sql.replace(" OFFSET 0", "").contains(" OFFSET ");
        assert!(!deep_cost.iter().any(skips), "{} counts off: {deep_cost:#?}", self.path);
        let mut times = Vec::new();
        for _ in 0..ATTEMPTS {
            let [first, second, deep] = medians(by, [&first, &second, &deep]).await;
            let ratios = [deep.as_secs_f64() / first.as_secs_f64(), deep.as_secs_f64() / second.as_secs_f64()];
            times.push(format!(
                "page 1 {first:.2?}, page 2 {second:.2?}, page 10,000 {deep:.2?}: {:.2} and {:.2}",
                ratios[0], ratios[1]
            ));
            if ratios.iter().all(|ratio| *ratio <= RATIO_MAX) {
                return println!("{:?} {}, {} statements: {}", app.kind, self.path, deep_cost.len(), times.concat());
            }
        }
        panic!("page 10,000 of {} costs more than {RATIO_MAX} times as much, {ATTEMPTS} times in a row: {times:#?}", self.path);
    }
}

/// Without validation against the contract, which would take longer than the page itself.
async fn page(by: &Client<'_>, url: &str) -> Answer {
    by.fetch(&Method::GET, &format!("/api/v1/{url}"), None).await
}

/// Reads each page many times, alternating, so that other load on the machine affects all alike.
async fn medians<const N: usize>(by: &Client<'_>, urls: [&str; N]) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..PAIRS {
        for (url, times) in urls.iter().zip(&mut times) {
            let begun = Instant::now();
            page(by, url).await.expect(200);
            times.push(begun.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    })
}

async fn page_ten_thousand(kind: Kind) {
    let Some(app) = TestApp::start(kind).await else { return };
    let by = app.as_manager().await;
    let lists = fill::fill(&app, &by).await;
    let deep: BTreeSet<&str> = lists.iter().map(Deep::template).chain(SHORT.map(|(path, _)| path)).collect();
    let listed = operations();
    let paged = listed.iter().filter(|operation| operation.parameters().iter().any(|parameter| parameter["name"] == "cursor"));
    assert_eq!(deep, paged.map(|operation| operation.path.as_str()).collect(), "each list is here, deep or with its reason");
    for deep in lists {
        deep.check(&app, &by).await;
    }
    // No further checks: most of these rows were written without audit entries.
}

#[tokio::test]
async fn page_ten_thousand_costs_what_page_one_costs_on_sqlite() {
    page_ten_thousand(Kind::Sqlite).await;
}

#[tokio::test]
async fn page_ten_thousand_costs_what_page_one_costs_on_postgresql() {
    page_ten_thousand(Kind::Postgres).await;
}
