//! What needs no clock: statements per path, rows that they read, and instructions; compared with the last values.

use crate::app::{Client, Kind, TestApp};
use crate::compare::{Change, MORE_MAX, changes, merged};
use crate::instructions;
use crate::parse;
use crate::paths::{self, Path, RequestNumber};
use crate::place::Place;
use reqwest::Method;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Map, Value as Json, json};

/// Few enough for every merge, and many enough that a plan reads an index and not the table.
const ENTRIES: u64 = 20_000;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/counts.json");

/// Counts on both databases; whether no count is more than a tenth above the last one.
pub async fn run(is_recorded: bool) -> bool {
    let mut now = Map::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = TestApp::start_with(kind, Place::settings()).await else { continue };
        let name = format!("{kind:?}").to_lowercase();
        let mut place = Place::prepare(&name, app, ENTRIES).await;
        place.find_deep_cursor(ENTRIES / 2).await;
        now.insert(name, of_paths(&place).await);
        if kind == Kind::Sqlite {
            now.extend(instructions::count(place).await);
        }
    }
    let last: Json = std::fs::read_to_string(FILE).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(json!({}));
    let now = Json::Object(now);
    let different = changes(&last, &now);
    for Change { name, last, now } in &different {
        println!("{name}: {last} before, {now} now");
    }
    if is_recorded {
        let text = serde_json::to_string_pretty(&merged(&last, &now)).expect("JSON");
        std::fs::write(FILE, text + "\n").expect("the counts");
        return true;
    }
    let too_many = different.iter().filter(|change| change.is_too_much()).count();
    println!("{} counts differ, {too_many} of them by more than {MORE_MAX} %", different.len());
    if too_many > 0 {
        println!("if that is as it should be: cargo bench-counts --record, and say why in the commit");
    }
    too_many == 0
}

async fn of_paths(place: &Place) -> Json {
    let mut counts = Map::new();
    for path in paths::all() {
        // What is prepared or cached on first use is not counted.
        let by = place.caller(path.by).await;
        request(place, &by, &path, 0).await;
        place.app.statements();
        request(place, &by, &path, 1).await;
        let sent = place.app.statements_with_values();
        let mut count = Map::new();
        count.insert("statements".to_owned(), json!(sent.len()));
        let reads: Vec<&Statement> = sent.iter().filter(|statement| is_a_read(&statement.sql)).collect();
        let (name, read) = read(&place.app, &reads).await;
        count.insert(name.to_owned(), json!(read));
        counts.insert(path.name.to_owned(), Json::Object(count));
    }
    Json::Object(counts)
}

/// Sends the requests of a path once to the service in this process, whose statements are known.
async fn request(place: &Place, by: &Client<'_>, path: &Path, unit: u64) {
    for number in unit * path.unit..(unit + 1) * path.unit {
        let request = (path.request)(place, RequestNumber { worker: 0, workers: 1, number });
        let method = Method::from_bytes(request.method.as_bytes()).expect("a method");
        let body = request.body.clone().map(|body| ("application/json", body.into_bytes()));
        let answer = by.fetch(&method, &request.path, body).await;
        path.assert_accepted(&request, answer.status(), answer.text.as_bytes());
    }
}

fn is_a_read(sql: &str) -> bool {
    ["SELECT ", "WITH "].iter().any(|verb| sql.starts_with(verb)) && !sql.contains("INSERT INTO") && !sql.contains("pg_advisory")
}

/// On PostgreSQL the rows that the statements read, on SQLite their steps that pass through a whole table or index.
async fn read(app: &TestApp, statements: &[&Statement]) -> (&'static str, u64) {
    let mut read = 0;
    for statement in statements {
        read += match app.kind {
            Kind::Sqlite => parse::scans(&app.plan(statement).await) as u64,
            Kind::Postgres => rows_read(app, statement).await.round() as u64,
        };
    }
    (if app.kind == Kind::Sqlite { "scans" } else { "rows" }, read)
}

/// The rows that a statement takes from tables and indexes; it is executed once more for it.
async fn rows_read(app: &TestApp, statement: &Statement) -> f64 {
    let sql = format!("EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) {}", statement.sql);
    let row = app.outside.query_one_raw(Statement { sql, ..statement.clone() }).await.expect("a plan").expect("a row");
    parse::rows_read(&row.try_get::<Json>("", "QUERY PLAN").expect("JSON"))
}
