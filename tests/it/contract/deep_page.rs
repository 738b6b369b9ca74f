//! Page 10,000 of a list costs what the pages before it cost: the same statements, no sorting, no counting off, and the time.

use crate::app::{Answer, Client, Kind, TestApp};
use entity::{audit_entry, case, user};
use reqwest::Method;
use sea_orm::{ConnectionTrait, EntityTrait, IdenStatic, Iterable};
use serde_json::json;
use std::time::{Duration, Instant};

/// How much more the deep page may cost.
const RATIO_MAX: f64 = 1.2;
/// On a machine that is busy with other things a measurement may fail; the ones after it then have to hold.
const ATTEMPTS: usize = 6;
const PAIRS: usize = 15;

/// A list with 10,000 pages of `limit` rows and some more.
struct Deep {
    path: String,
    limit: usize,
}

/// Multiplies one row of a table: its columns with other values in some of them, `i` being the number of the copy.
async fn multiply<E: EntityTrait>(app: &TestApp, table: &str, where_is: &str, count: usize, others: &[(&str, &str, &str)]) {
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for column in E::Column::iter() {
        let name = column.as_str();
        columns.push(format!("\"{name}\""));
        values.push(match (others.iter().find(|(other, ..)| *other == name), app.kind) {
            (Some((_, sqlite, _)), Kind::Sqlite) => (*sqlite).to_owned(),
            (Some((_, _, postgres)), Kind::Postgres) => (*postgres).to_owned(),
            (None, _) => format!("t.\"{name}\""),
        });
    }
    let (columns, values) = (columns.join(", "), values.join(", "));
    let (before, numbers) = match app.kind {
        Kind::Sqlite => {
            (format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"), "n".to_owned())
        }
        Kind::Postgres => (String::new(), format!("generate_series(1::bigint, {count}) AS n (i)")),
    };
    run(app, &format!("{before} INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, {numbers} WHERE {where_is}"))
        .await;
}

#[expect(clippy::disallowed_methods, reason = "rows by the ten thousand, past the door")]
async fn run(app: &TestApp, sql: &str) {
    app.outside.execute_unprepared(sql).await.unwrap();
}

/// Ids of the days before the test begins: the copies are older than what they are copied from.
const SQLITE_ID: &str = "unhex(printf('%012x', 1795000000000 + i * 20) || '7000' || printf('b%015x', i))";
const POSTGRES_ID: &str = "(lpad(to_hex(1795000000000 + i * 20), 12, '0') || '7000b' || lpad(to_hex(i), 15, '0'))::uuid";

const ID: (&str, &str, &str) = ("id", SQLITE_ID, POSTGRES_ID);

fn literal(kind: Kind, id: &str) -> String {
    match kind {
        Kind::Sqlite => format!("x'{}'", id.replace('-', "")),
        Kind::Postgres => format!("'{id}'"),
    }
}

/// Copies of the newest entry of a type.
async fn multiply_entry(app: &TestApp, action: &str, count: usize, offset: usize) {
    // Each filling has instants of its own.
    let (sqlite, postgres) = (
        SQLITE_ID.replace("i * 20", &format!("i * 20 + {offset}")),
        POSTGRES_ID.replace("i * 20", &format!("i * 20 + {offset}")),
    );
    let newest = format!("t.id = (SELECT id FROM audit_entries WHERE action_type = '{action}' ORDER BY id DESC LIMIT 1)");
    multiply::<audit_entry::Entity>(app, "audit_entries", &newest, count, &[("id", &sqlite, &postgres)]).await;
}

/// Fills every list, and says how deep it is.
async fn fill<'a>(app: &'a TestApp, by: &Client<'a>) -> Vec<Deep> {
    let (case, tech) = (app.a_case().accepted().create().await, app.tech(3).await);
    by.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
    multiply_entry(app, "case_held", 50_010, 1).await;
    // Another case, held by somebody else, for the report: it adds up over the whole period on every page.
    let other = app.a_case().accepted().create().await;
    app.as_user(&tech).await.post(&other.url("hold"), json!({"reason": "waiting"})).await.expect(200);
    multiply_entry(app, "case_held", 10_010, 2).await;

    // Raw rows without entries: the nets below would refuse them.
    let nets: &[&str] = match app.kind {
        Kind::Sqlite => &["DROP TRIGGER cases_audited_insert", "DROP TRIGGER users_audited_insert"],
        Kind::Postgres => &["ALTER TABLE cases DISABLE TRIGGER cases_audited", "ALTER TABLE users DISABLE TRIGGER users_audited"],
    };
    for net in nets {
        run(app, net).await;
    }
    let due_on = ("due_on", "date(t.due_on, '+' || (i % 60) || ' days')", "t.due_on + (i % 60)::int");
    let case_number = ("case_number", "'COPY-' || i", "'COPY-' || i");
    multiply::<case::Entity>(
        app,
        "cases",
        &format!("t.id = {}", literal(app.kind, &case.id())),
        10_010,
        &[ID, case_number, due_on],
    )
    .await;
    let names =
        [("username", "'copy' || i", "'copy' || i"), ("email", "'copy' || i || '@example.org'", "'copy' || i || '@example.org'")];
    let someone = format!("t.id = {}", literal(app.kind, &by.id()));
    multiply::<user::Entity>(app, "users", &someone, 10_010, &[ID, names[0], names[1]]).await;
    run(app, "ANALYZE").await;

    let deep = |path: String, limit: usize| Deep { path, limit };
    let sorted =
        ["cases?sort=", "cases?sort=-"].map(|path| ["created_at", "due_on", "updated_at"].map(|key| format!("{path}{key}")));
    let by_name = ["users?sort=username", "users?sort=-username", "users?sort=created_at", "users?sort=-created_at"];
    let entries = [
        "audit-log".to_owned(),
        case.url("audit-trail"),
        format!("users/{}/audit-trail", by.id()),
        "auth/me/activity".to_owned(),
    ];
    let report = format!("reports/user-activity?user_id={}", tech.id);
    let ones = sorted.into_iter().flatten().chain(by_name.map(str::to_owned)).chain([report]);
    entries
        .into_iter()
        .map(|path| deep(path.clone(), if path == "audit-log" { 5 } else { 1 }))
        .chain(ones.map(|path| deep(path, 1)))
        .collect()
}

impl Deep {
    fn url(&self, limit: usize, cursor: Option<&str>) -> String {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        format!("{}{mark}limit={limit}{cursor}", self.path)
    }

    /// The cursor that leads past so many rows, in steps as long as they may be: a cursor doesn't care for the limit.
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
        let first = self.url(self.limit, None);
        let second = self.url(self.limit, Some(&self.past(by, self.limit).await));
        let deep = self.url(self.limit, Some(&self.past(by, 9_999 * self.limit).await));
        let cost = async |url: &str| {
            app.statements();
            page(by, url).await.expect(200);
            app.statements()
        };
        let (first_cost, second_cost, deep_cost) = (cost(&first).await, cost(&second).await, cost(&deep).await);
        // The first page may also record the look, and the rows of an early one may name people whose names are to be read.
        assert!(deep_cost.len() <= first_cost.len(), "{}: {deep_cost:#?}", self.path);
        assert!(deep_cost.iter().all(|sql| second_cost.contains(sql)), "{}: {deep_cost:#?}", self.path);
        assert!(!deep_cost.iter().any(|sql| sql.contains(" OFFSET ")), "{} counts off: {deep_cost:#?}", self.path);
        let mut told = Vec::new();
        for _ in 0..ATTEMPTS {
            let [first, second, deep] = medians(by, [&first, &second, &deep]).await;
            let ratios = [deep.as_secs_f64() / first.as_secs_f64(), deep.as_secs_f64() / second.as_secs_f64()];
            told.push(format!(
                "page 1 {first:.2?}, page 2 {second:.2?}, page 10,000 {deep:.2?}: {:.2} and {:.2}",
                ratios[0], ratios[1]
            ));
            if ratios.iter().all(|ratio| *ratio <= RATIO_MAX) {
                return println!(
                    "{:?} {}, {} a page, {} statements: {}",
                    app.kind,
                    self.path,
                    self.limit,
                    deep_cost.len(),
                    told.concat()
                );
            }
        }
        panic!("page 10,000 of {} costs more than {RATIO_MAX} times as much, {ATTEMPTS} times in a row: {told:#?}", self.path);
    }
}

/// Not held to the contract, which would take longer than the page.
async fn page(by: &Client<'_>, url: &str) -> Answer {
    by.fetch(&Method::GET, &format!("/api/v1/{url}"), None).await
}

/// Each page many times, by turns, so that whatever else the machine does disturbs all alike.
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
    for deep in fill(&app, &by).await {
        deep.check(&app, &by).await;
    }
    // Nothing else is asked: most of these rows came past the door.
}

#[tokio::test]
async fn page_ten_thousand_costs_what_page_one_costs_on_sqlite() {
    page_ten_thousand(Kind::Sqlite).await;
}

#[tokio::test]
async fn page_ten_thousand_costs_what_page_one_costs_on_postgresql() {
    page_ten_thousand(Kind::Postgres).await;
}
