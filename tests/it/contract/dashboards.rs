//! The data that dashboards read exists: every array of every report is flat, and each query of the provisioned dashboards, of
//! the alerting rules and of the recipes in docs/dashboards.md finds what it names.

use crate::app::{Client, Exposition, Kind, TestApp};
use api::credentials::password::{Cost, hash};
use api::demo::{self, Plan};
use entity::audit::Event;
use entity::job::JobRun;
use entity::user::{Person, Role};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const REPORTS: [&str; 5] = ["activity-summary", "user-activity", "case-changes", "quality-review-audit", "system-events"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The provisioned dashboards, by file name.
fn dashboards() -> BTreeMap<String, Json> {
    let folder = root().join(".docker/observability/grafana/dashboards");
    let files = std::fs::read_dir(folder).expect("dashboards").flatten().map(|entry| entry.path());
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(&path).expect("a file")).unwrap_or_else(|error| panic!("{error}")))
    };
    files.map(read).collect()
}

/// Every query of a dashboard, with the title of its panel.
fn targets(dashboard: &Json) -> Vec<(String, Json)> {
    let panels = dashboard["panels"].as_array().expect("panels");
    let of_panel = |panel: &Json| {
        let title = panel["title"].as_str().expect("a title").to_owned();
        let targets = panel["targets"].as_array().expect("targets").clone();
        targets.into_iter().map(move |target| (title.clone(), target))
    };
    panels.iter().flat_map(of_panel).collect()
}

/// Half a year of all kinds of activity.
pub async fn populate(app: &TestApp) {
    let cheap = |password: &str| hash(Cost { memory_kib: 64, rounds: 1 }, password).map_err(|error| error.to_string());
    // No dashboard reads the content of a document.
    let forget = async |_: Vec<(uuid::Uuid, Vec<u8>)>| Ok(());
    demo::fill(app.app.db(), Plan::of_entries(2_000), 1, app.clock.now(), cheap, forget, |_| {}).await.expect("the demo");
}

/// Whether a query reads from this source.
fn is_of(target: &Json, source: &str) -> bool {
    target["datasource"]["uid"] == source
}

/// A user with much activity.
async fn busy(by: &Client<'_>) -> String {
    let summary = by.get("reports/activity-summary?all_time=true").await.expect(200);
    summary["top_users"][0]["user_id"].as_str().expect("an id").to_owned()
}

fn is_scalar(value: &Json) -> bool {
    !value.is_array() && !value.is_object()
}

/// Finds every array, checks that its rows are flat, and records its location and number of rows.
fn arrays(at: &str, value: &Json, found: &mut BTreeMap<String, usize>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let here = format!("{at}/{key}");
        match value {
            Json::Object(_) => arrays(&here, value, found),
            Json::Array(rows) => {
                *found.entry(here.clone()).or_default() += rows.len();
                rows.iter().for_each(|row| ensure_flat(&here, row, found));
            }
            _ => {}
        }
    }
}

fn ensure_flat(at: &str, row: &Json, found: &mut BTreeMap<String, usize>) {
    let row = row.as_object().unwrap_or_else(|| panic!("{at}: {row} is no row"));
    for (key, value) in row {
        // The only exception: the changes of an entry, which are themselves rows of scalars.
        let is_excepted = at == "case-changes/entries/data" && key == "before_after";
        assert!(is_scalar(value) || is_excepted, "{at}/{key}: {value}");
        for change in value.as_array().into_iter().flatten() {
            *found.entry(format!("{at}/{key}")).or_default() += 1;
            assert!(change.as_object().is_some_and(|change| change.values().all(is_scalar)), "{at}/{key}: {change}");
        }
    }
}

/// The result of a root selector in Infinity: the rows of an array, or an object as the only row.
fn rows<'a>(answer: &'a Json, selector: &str) -> Option<Vec<&'a Map<String, Json>>> {
    let selected = selector.split('.').try_fold(answer, |value, key| value.get(key))?;
    match selected {
        Json::Array(rows) => rows.iter().map(Json::as_object).collect(),
        Json::Object(row) => Some(vec![row]),
        _ => None,
    }
}

/// Grafana's name for the data of another panel of the same dashboard.
const OTHER_PANEL: &str = "-- Dashboard --";

/// The arrays that one query reads, by the value of `part` that its root selector gives their rows (JSONata).
fn parts(selector: &str) -> BTreeMap<&str, &str> {
    let inside = selector.strip_prefix("([").and_then(|rest| rest.strip_suffix("])"));
    let merged = inside.unwrap_or_else(|| panic!("{selector}")).split("\"}]), ").map(|part| part.trim_end_matches("\"}])"));
    merged
        .map(|part| part.split_once(".$merge([$, {\"part\": \"").unwrap_or_else(|| panic!("{part}")))
        .map(|(path, part)| (part, path))
        .collect()
}

/// The part of the shared rows that a panel shows, and the columns.
fn shown(panel: &Json) -> (&str, Vec<&str>) {
    let step = |id: &str| {
        let steps = panel["transformations"].as_array().expect("transformations");
        let step = steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("{}: no {id}", panel["title"]));
        &step["options"]
    };
    let filter = &step("filterByValue")["filters"][0];
    assert_eq!((&filter["fieldName"], &filter["config"]["id"]), (&json!("part"), &json!("equal")));
    let names = step("filterFieldsByName")["include"]["names"].as_array().expect("names");
    let part = filter["config"]["options"]["value"].as_str().expect("a part");
    (part, names.iter().map(|name| name.as_str().expect("a name")).collect())
}

/// A parameter's value as filled in by Grafana.
fn filled_in(app: &TestApp, value: &str, user_id: &str) -> String {
    let now = app.clock.now();
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let value = value.replace("${__from:date:iso}", &time(now - chrono::TimeDelta::days(200)));
    let value = value.replace("${__to:date:iso}", &time(now)).replace("${interval}", "week").replace("${user_id}", user_id);
    assert!(!value.contains('$'), "nothing fills in {value}");
    value
}

/// The words of a query that are metric names.
fn metrics_of(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| ["casetrail_", "http_", "process_"].iter().any(|prefix| word.starts_with(prefix)))
}

/// The text between each opening fence of a language and the next fence.
fn fenced(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The text between two markers, for each occurrence.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(inside, _)| inside).collect()
}

/// Whether a key occurs anywhere in a value.
fn has_key(value: &Json, key: &str) -> bool {
    match value {
        Json::Object(fields) => fields.contains_key(key) || fields.values().any(|value| has_key(value, key)),
        Json::Array(items) => items.iter().any(|item| has_key(item, key)),
        _ => false,
    }
}

on_each_database! {
    async fn every_array_in_every_report_is_flat_rows_of_scalars(app) {
        populate(app).await;
        let by = app.as_manager().await;
        let user_id = busy(&by).await;
        app.as_user(&app.user("etl", Role::Service, None).await).await.get("reports/case-changes").await.expect(200);
        let mut found = BTreeMap::new();
        for report in REPORTS {
            let more = match report {
                "activity-summary" => String::new(),
                "user-activity" => format!("&limit=200&user_id={user_id}"),
                _ => "&limit=200".to_owned(),
            };
            let answer = by.get(&format!("reports/{report}?all_time=true&interval=month{more}")).await;
            arrays(report, &answer.expect(200), &mut found);
        }
        let users = by.get("reports/user-activity/users?all_time=true").await.expect(200);
        arrays("user-activity/users", &users, &mut found);
        arrays("reports", &by.get("reports").await.expect(200), &mut found);
        let empty: Vec<_> = found.iter().filter(|(_, rows)| **rows == 0).collect();
        assert!(empty.is_empty(), "nothing is said about an array without rows: {empty:?}");
        assert_eq!(found.len(), 32, "{found:#?}");
    }

    async fn each_panel_of_the_provisioned_dashboards_finds_its_rows_and_columns(app) {
        populate(app).await;
        let by = app.as_manager().await;
        let user_id = busy(&by).await;
        let mut asked = BTreeSet::new();
        for (name, dashboard) in dashboards() {
            let targets = targets(&dashboard);
            let mut queries = targets.iter().map(|(_, target)| target).filter(|target| is_of(target, "casetrail-api"));
            let Some(target) = queries.next() else { continue };
            assert!(queries.next().is_none(), "{name}: one request serves all panels");
            let parameters = target["url_options"]["params"].as_array().expect("parameters");
            let pair = |pair: &Json| {
                let value = filled_in(app, pair["value"].as_str().expect("a value"), &user_id);
                format!("{}={value}", pair["key"].as_str().expect("a key"))
            };
            let query = parameters.iter().map(pair).collect::<Vec<_>>().join("&");
            let path = target["url"].as_str().expect("a path");
            let answer = by.get(&format!("{path}?{query}")).await.expect(200);
            let parts = parts(target["root_selector"].as_str().expect("a selector"));
            let columns = target["columns"].as_array().expect("columns").iter().map(|column| column["selector"].as_str());
            let columns: BTreeSet<&str> = columns.map(|column| column.expect("a column")).collect();
            let panels = dashboard["panels"].as_array().expect("panels");
            for panel in panels {
                let at = format!("{name}, {}", panel["title"]);
                let target = &panel["targets"][0];
                assert!(is_of(target, "casetrail-api") || target["panelId"] == panels[0]["id"], "{at}");
                let (part, names) = shown(panel);
                let rows = rows(&answer, parts[part]).unwrap_or_else(|| panic!("{at}: {part} gives no rows"));
                assert!(!rows.is_empty() && !names.is_empty(), "{at}: {part} is empty");
                for column in names {
                    assert!(rows.iter().all(|row| row.get(column).is_some_and(is_scalar)), "{at}: no {column} in {:?}", rows[0]);
                    assert!(columns.contains(column) && columns.contains("part"), "{at}: {column} is not read");
                }
            }
            asked.insert(path.rsplit('/').next().unwrap_or_default().to_owned());
        }
        assert_eq!(asked, REPORTS.iter().map(|report| (*report).to_owned()).collect());
    }

    async fn each_metric_of_the_dashboards_and_rules_exists(app) {
        let manager = app.as_manager().await;
        manager.get("reports/activity-summary").await.expect(200);
        let tx = app.write().await;
        let run = JobRun::scheduled(1, 0, None, 1);
        tx.record(Event::cron_job_executed("check_expired_holds", &run)).await.expect("a run");
        let recipient = Person::new(&app.user("manager", Role::Manager, None).await);
        tx.record(Event::email_notification_sent(&recipient, "case_held", 1, None)).await.expect("a mail");
        tx.commit().await.expect("commit");
        let figures = Exposition::parse(&app.as_anonymous().get("/metrics").await.text);
        let there: BTreeSet<&str> = figures.samples.keys().filter_map(|key| key.split('{').next()).collect();

        let dashboards = dashboards();
        let targets = dashboards.values().flat_map(targets);
        let mut queries: Vec<String> = targets.filter_map(|(_, target)| target["expr"].as_str().map(str::to_owned)).collect();
        assert!(queries.len() > 20);
        queries.push(text(".docker/observability/prometheus/rules.yml"));
        let asked: BTreeSet<&str> = queries.iter().flat_map(|query| metrics_of(query)).collect();
        let absent: Vec<_> = asked.difference(&there).collect();
        assert!(absent.is_empty(), "no such metric: {absent:?}");
        // And each of the service's metrics is shown somewhere.
        let families = figures.families.keys().filter(|family| family.starts_with("casetrail_"));
        let unshown: Vec<_> = families.filter(|family| !asked.iter().any(|name| name.starts_with(family.as_str()))).collect();
        assert!(unshown.is_empty(), "no dashboard shows {unshown:?}");
    }

    async fn the_recipe_for_power_bi_uses_existing_paths_and_fields(app) {
        populate(app).await;
        let by = app.as_manager().await;
        let recipes = fenced(&text("docs/dashboards.md"), "powerquery");
        assert!(!recipes.is_empty());
        for recipe in &recipes {
            let paths = between(recipe, "RelativePath = \"", "\"");
            let mut answers = vec![json!({"access_token": ""})];
            assert!(paths.contains(&"api/v1/auth/login"), "{paths:?}");
            for path in paths.iter().filter(|path| **path != "api/v1/auth/login") {
                // Its parameters are those given by the recipe: a name and a text.
                let given = between(recipe, "Query = [", "]").join(",");
                let pairs = given.split(',').filter_map(|pair| pair.trim().split_once(" = \""));
                let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", value.trim_end_matches('"'))).collect();
                answers.push(by.get(&format!("/{path}?{}", query.join("&"))).await.expect(200));
            }
            let fields = between(recipe, "[", "]");
            let is_name =
                |field: &&str| field.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_') && !field.is_empty();
            let columns = between(recipe, "{\"", "\"}").into_iter().flat_map(|columns| columns.split("\", \""));
            let fields: BTreeSet<&str> = fields.into_iter().filter(is_name).chain(columns).collect();
            assert!(fields.len() > 8, "{fields:?}");
            for field in fields {
                assert!(answers.iter().any(|answer| has_key(answer, field)), "no {field} in any answer");
            }
        }
    }

    async fn the_recipe_for_metabase_runs(app) {
        use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
        let statements = fenced(&text("docs/dashboards.md"), "sql").join("");
        let statements: Vec<&str> = statements.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).collect();
        assert!(statements.len() > 4);
        if app.kind == Kind::Sqlite {
            return;
        }
        populate(app).await;
        // A role belongs to the whole server, so its creation is rolled back.
        #[expect(clippy::disallowed_methods, reason = "the recipe is for the database's owner")]
        let tx = app.outside.begin().await.expect("a transaction");
        let backend = tx.get_database_backend();
        let mut questions = 0;
        for sql in statements {
            #[expect(clippy::disallowed_methods, reason = "the recipe is for the database's owner")]
            if sql.starts_with("SELECT") {
                tx.execute_unprepared("SET LOCAL ROLE metabase").await.expect("the role");
                let rows =
                    tx.query_all_raw(Statement::from_string(backend, sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
                assert!(!rows.is_empty(), "{sql}");
                questions += 1;
                tx.execute_unprepared("RESET ROLE").await.expect("the owner");
            } else {
                tx.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
        }
        assert!(questions > 1);
        let may = |table: &str, what: &str| format!("SELECT has_table_privilege('metabase', '{table}', '{what}') AS may");
        let may = async |table: &str, what: &str| -> bool {
            let row = tx.query_one_raw(Statement::from_string(backend, may(table, what))).await.expect("read").expect("a row");
            row.try_get("", "may").expect("an answer")
        };
        assert!(may("reporting.entries", "SELECT").await && !may("reporting.entries", "UPDATE").await);
        for table in ["audit_entries", "users", "cases", "credentials", "sessions"] {
            assert!(!may(table, "SELECT").await, "{table}");
        }
        tx.rollback().await.expect("rolled back");
    }
}

/// Only a reading with the same parameters is folded, so the period must not move with each refresh.
#[test]
fn the_period_of_a_report_stays_the_same_for_a_day() {
    for (name, dashboard) in dashboards().into_iter().filter(|(name, _)| REPORTS.contains(&name.as_str())) {
        assert_eq!(dashboard["time"], json!({"from": "now-30d/d", "to": "now/d"}), "{name}");
    }
}

#[test]
fn reports_are_read_every_five_minutes_at_most() {
    let five_minutes = ["5m", "15m", "30m", "1h", "6h"];
    for (name, dashboard) in dashboards() {
        assert_eq!(dashboard["refresh"], "5m", "{name}");
        assert_eq!(dashboard["timepicker"]["refresh_intervals"], json!(five_minutes), "{name}");
    }
    // A user who edits a dashboard can't request a shorter interval either.
    assert!(text("docker-compose.yml").contains("GF_DASHBOARDS_MIN_REFRESH_INTERVAL: 5m"));
}

/// Otherwise each viewer's browser would decide on which day a bucket starts.
#[test]
fn dashboards_show_times_in_the_zone_of_the_settings() {
    let zone = entity::setting::Model::first().time_zone;
    for (name, dashboard) in dashboards() {
        assert_eq!(dashboard["timezone"], zone, "{name}");
    }
}

#[test]
fn provisioned_dashboards_refer_to_existing_sources_and_dashboards() {
    let sources: Json =
        yaml_serde::from_str(&text(".docker/observability/grafana/provisioning/datasources/casetrail.yml")).expect("YAML");
    let known: BTreeSet<&str> =
        sources["datasources"].as_array().expect("sources").iter().map(|source| source["uid"].as_str().expect("a uid")).collect();
    let compose: Json = yaml_serde::from_str(&text("docker-compose.yml")).expect("YAML");
    for service in ["prometheus", "grafana"] {
        assert_eq!(compose["services"][service]["profiles"], json!(["observability"]));
        for volume in compose["services"][service]["volumes"].as_array().expect("volumes") {
            let source = volume.as_str().and_then(|volume| volume.split(':').next()).expect("a source");
            let is_there = compose["volumes"].get(source).is_some() || root().join(source).is_dir();
            assert!(is_there, "{source}");
        }
    }
    let mut names = BTreeSet::new();
    for (name, dashboard) in dashboards() {
        assert!(names.insert(dashboard["uid"].as_str().expect("a uid").to_owned()), "{name}");
        for (title, target) in targets(&dashboard) {
            let source = target["datasource"]["uid"].as_str().expect("a source");
            assert!(known.contains(source) || source == OTHER_PANEL, "{name}, {title}");
        }
    }
    for linked in dashboards()
        .values()
        .flat_map(|dashboard| between(&dashboard.to_string(), "\"/d/", "?").into_iter().map(str::to_owned).collect::<Vec<_>>())
    {
        assert!(names.contains(&linked), "{linked}");
    }
}
