//! Every filter of the log, alone and in pairs, compared with a naive scan of all entries.

use super::world::{data, happened, ids, newest_first};
use crate::app::at;
use chrono::{DateTime, Utc};
use entity::audit::Action;
use serde_json::{Value as Json, json};

/// A query parameter and its meaning.
struct Question {
    parameter: String,
    holds: Box<dyn Fn(&Json) -> bool>,
}

fn ask(parameter: impl Into<String>, holds: impl Fn(&Json) -> bool + 'static) -> Question {
    Question { parameter: parameter.into(), holds: Box::new(holds) }
}

fn equal(parameter: &str, pointer: &'static str, value: Json) -> Question {
    let text = value.as_str().unwrap().to_owned();
    ask(format!("{parameter}={text}"), move |entry| entry.pointer(pointer) == Some(&value))
}

fn category(entry: &Json) -> &'static str {
    Action::from_code(entry["action_type"].as_str().unwrap()).unwrap().category().code()
}

fn instant(entry: &Json) -> DateTime<Utc> {
    at(entry["occurred_at"].as_str().unwrap())
}

fn civil_day(entry: &Json) -> String {
    instant(entry).with_timezone(&chrono_tz::America::Chicago).date_naive().to_string()
}

/// The text that a free-text search covers.
fn haystack(entry: &Json) -> String {
    let mut words = vec![entry["description"].clone(), entry["actor_label"].clone(), entry["case"]["case_number"].clone()];
    for person in [&entry["actor"], &entry["related_user"]] {
        words.push(person["username"].clone());
        words.extend(person["username"].as_str().map(|name| json!(format!("{name}@example.org"))));
    }
    words.iter().filter_map(Json::as_str).collect::<Vec<_>>().join("\n").to_lowercase()
}

fn changed(parameter: &str, field: &'static str, side: Option<(&'static str, Json)>) -> Question {
    ask(parameter, move |entry| {
        let change = &entry["changes"][field];
        side.as_ref().map_or(!change.is_null(), |(side, value)| !change.is_null() && change[side] == *value)
    })
}

fn searched(parameter: &str, text: &'static str) -> Question {
    ask(format!("q={parameter}"), move |entry| haystack(entry).contains(text))
}

fn questions_about_changes(assignee: Json) -> Vec<Question> {
    vec![
        changed("changed_field=hold_duration_days", "hold_duration_days", None),
        changed("changed_field=status", "status", None),
        // The end of `special_notes` and `resubmission_notes`.
        changed("changed_field=notes", "notes", None),
        changed("changed_field=status&changed_to=hold", "status", Some(("to", json!("hold")))),
        changed("changed_field=status&changed_from=accepted", "status", Some(("from", json!("accepted")))),
        changed("changed_field=hold_duration_days&changed_to=14", "hold_duration_days", Some(("to", json!(14)))),
        changed("changed_field=hold_duration_days&changed_from=null", "hold_duration_days", Some(("from", Json::Null))),
        changed("changed_field=is_active&changed_to=true", "is_active", Some(("to", json!(true)))),
        changed("changed_field=credit_value&changed_to=2.0", "credit_value", Some(("to", json!("2.0")))),
        changed("changed_field=credit_value&changed_to=2", "credit_value", Some(("to", json!("2.0")))),
        changed("changed_field=credit_value&changed_to=2.00", "credit_value", Some(("to", json!("2.0")))),
        changed("changed_field=num_reports_requested&changed_to=3.0", "num_reports_requested", Some(("to", json!(3)))),
        changed(
            "changed_field=held_at&changed_to=2026-12-02T06:03:00%2B01:00",
            "held_at",
            Some(("to", json!("2026-12-02T05:03:00.000Z"))),
        ),
        changed(
            &format!("changed_field=assigned_to_id&changed_to={}", assignee.as_str().unwrap().to_uppercase()),
            "assigned_to_id",
            Some(("to", assignee)),
        ),
    ]
}

fn questions(entries: &[Json]) -> Vec<Question> {
    let first = |holds: &dyn Fn(&&Json) -> bool| entries.iter().rev().find(|entry| holds(entry)).unwrap().clone();
    let on_case = first(&|entry| entry["case"].is_object() && entry["actor"].is_object());
    let related = first(&|entry| entry["related_user"].is_object());
    let (number, actor) = (on_case["case"]["case_number"].clone(), on_case["actor"]["id"].clone());
    let assigned = first(&|entry| entry["changes"]["assigned_to_id"]["to"].is_string());
    let mut questions = questions_about_changes(assigned["changes"]["assigned_to_id"]["to"].clone());
    questions.extend([
        equal("action_type", "/action_type", json!("case_held")),
        ask("action_type=case_held&action_type=login", |entry| {
            ["case_held", "login"].contains(&entry["action_type"].as_str().unwrap())
        }),
        ask("category=case", |entry| category(entry) == "case"),
        ask("category=user&category=session", |entry| ["user", "session"].contains(&category(entry))),
        equal("actor_id", "/actor/id", on_case["actor"]["id"].clone()),
        ask(format!("exclude_actor_id={}", actor.as_str().unwrap()), move |entry| entry["actor"]["id"] != actor),
        equal("related_user_id", "/related_user/id", related["related_user"]["id"].clone()),
        equal("case_id", "/case/id", on_case["case"]["id"].clone()),
        equal("case_number", "/case/case_number", number.clone()),
        ask(format!("case_number={}", number.as_str().unwrap().to_lowercase()), move |entry| {
            entry["case"]["case_number"] == number
        }),
        equal("case_number", "/case/case_number", json!("WS999-2026-12-0001")),
        equal("outcome", "/outcome", json!("denied")),
        ask("outcome=failure&outcome=denied", |entry| entry["outcome"] != "success"),
        equal("source", "/source", json!("automatic")),
        ask("source=job&source=service", |entry| entry["source"] == "job" || entry["source"] == "service"),
        equal("ip_address", "/ip_address", json!("127.0.0.1")),
        ask("ip_address=2001:0db8::0007", |entry| entry["ip_address"] == "2001:db8::7"),
        ask("ip_address=::ffff:127.0.0.1", |entry| entry["ip_address"] == "127.0.0.1"),
        ask("ip_address=127.0.0.0/8", |entry| entry["ip_address"] == "127.0.0.1"),
        ask("ip_address=2001:db8::/32", |entry| entry["ip_address"] == "2001:db8::7"),
        equal("request_id", "/request_id", json!("request-of-a-hold")),
        searched("PLACED%20on", "placed on"),
        searched("%25", "%"),
        searched("r_with%20%5C", "r_with \\"),
        searched("%C3%84RGER", "ärger"),
        searched("tech2@example", "tech2@example"),
        ask("since=2026-12-02T05:00:00Z", |entry| instant(entry) >= at("2026-12-02T05:00:00Z")),
        ask("since=2026-12-01&until=2026-12-01", |entry| civil_day(entry) == "2026-12-01"),
        ask("until=2026-12-03T05:00:00%2B00:00", |entry| instant(entry) < at("2026-12-03T05:00:00Z")),
        ask("since=2026-12-02", |entry| civil_day(entry).as_str() >= "2026-12-02"),
    ]);
    questions
}

/// Whether two questions can be combined in one request: a parameter may be repeated only for OR.
fn go_together(one: &Question, other: &Question) -> bool {
    let names = |question: &Question| -> Vec<String> {
        question.parameter.split('&').map(|pair| pair.split('=').next().unwrap().to_owned()).collect()
    };
    let taken = names(one);
    names(other).iter().all(|name| !taken.contains(name))
}

on_each_database! {
    async fn every_filter_and_every_pair_finds_exactly_what_a_naive_scan_finds(app) {
        let entries = newest_first(happened(app).await);
        let by = app.as_admin().await;
        let end = app.clock.now().to_rfc3339();
        let before_now = ask(format!("until={}", end.replace('+', "%2B")), move |entry| instant(entry) < at(&end));
        let questions = questions(&entries);
        let alone = questions.iter().map(|one| vec![one]);
        let pairs = questions.iter().enumerate().flat_map(|(number, one)| {
            questions.iter().skip(number + 1).filter(|other| go_together(one, other)).map(move |other| vec![one, other])
        });
        let (mut asked, mut found) = (0, 0);
        for mut together in alone.chain(pairs) {
            // The entries written by the questions themselves came later.
            if together.iter().all(|question| go_together(question, &before_now)) {
                together.push(&before_now);
            }
            let filters: Vec<&str> = together.iter().map(|question| question.parameter.as_str()).collect();
            // Some filters require a period; nothing happened before this one.
            let since = if filters.iter().any(|filter| filter.starts_with("since=")) { "" } else { "&since=2026-11-20" };
            let path = format!("audit-log?limit=200&include_total=true&{}{since}", filters.join("&"));
            let list = by.get(&path).await.expect(200);
            let holds = |entry: &&Json| together.iter().all(|question| (question.holds)(entry));
            let expected: Vec<Json> = entries.iter().filter(holds).cloned().collect();
            let of_the_world: Vec<Json> =
                data(&list).into_iter().filter(|entry| entries.iter().any(|known| known["id"] == entry["id"])).collect();
            assert_eq!(ids(&of_the_world), ids(&expected), "{path}");
            if of_the_world.len() == data(&list).len() {
                assert_eq!(list["page"]["total"], expected.len(), "{path}");
            }
            (asked, found) = (asked + 1, found + expected.len());
        }
        assert!(asked > 500 && found > 800, "{asked} questions found {found} entries");
    }

    async fn an_invalid_filter_is_refused_by_name_and_writes_no_entry(app) {
        happened(app).await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        for (query, code, fault) in [
            ("action_type=case_hold", "invalid_parameter", "query /action_type"),
            ("action_type=", "invalid_parameter", "query /action_type"),
            ("category=cases", "invalid_parameter", "query /category"),
            ("outcome=ok", "invalid_parameter", "query /outcome"),
            ("source=hook", "invalid_parameter", "query /source"),
            ("actor_id=tech2", "invalid_parameter", "query /actor_id"),
            ("related_user_id=", "invalid_parameter", "query /related_user_id"),
            ("case_id=1", "invalid_parameter", "query /case_id"),
            ("case_number=", "invalid_parameter", "query /case_number"),
            ("ip_address=localhost", "invalid_parameter", "query /ip_address"),
            ("request_id=", "invalid_parameter", "query /request_id"),
            ("changed_field=changes.status", "invalid_parameter", "query /changed_field"),
            ("changed_field=", "invalid_parameter", "query /changed_field"),
            ("changed_from=a", "invalid_parameter", "query /changed_from"),
            ("changed_to=a", "invalid_parameter", "query /changed_to"),
            ("q=", "invalid_parameter", "query /q"),
            ("q=%00", "invalid_parameter", "query /q"),
            ("since=yesterday", "invalid_parameter", "query /since"),
            ("since=2026-02-30", "invalid_parameter", "query /since"),
            ("until=2026-12-01T08:00:00", "invalid_parameter", "query /until"),
            ("since=1999-12-31", "invalid_period", "query /since"),
            ("until=2101-01-01", "invalid_period", "query /until"),
            ("since=2026-12-02&until=2026-12-01", "invalid_period", "query /since"),
            ("since=2026-12-02T00:00:00Z&until=2026-12-02T00:00:00Z", "invalid_period", "query /since"),
            ("limit=0", "invalid_parameter", "query /limit"),
            ("limit=201", "invalid_parameter", "query /limit"),
            ("include_total=yes", "invalid_parameter", "query /include_total"),
            ("cursor=abc", "invalid_cursor", "query /cursor"),
            ("actor=tech2", "invalid_parameter", "query /actor"),
            ("q=a&q=b", "invalid_parameter", "query /q"),
            ("since=2026-12-01&since=2026-12-02", "invalid_parameter", "query /since"),
        ] {
            let answer = by.get(&format!("audit-log?{query}")).await;
            answer.expect_problem(400, code);
            assert_eq!(answer.faults(), [fault], "{query}");
            assert!(answer.json()["data"].is_null());
            if !["limit", "cursor", "include_total"].contains(&query.split('=').next().unwrap()) {
                let export = by.get(&format!("audit-log/export.csv?{query}")).await;
                export.expect_problem(400, code);
                assert_eq!(export.faults(), [fault], "{query}");
            }
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
    }

    async fn a_changed_field_or_value_that_does_not_exist_is_refused(app) {
        happened(app).await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        for (query, name) in [
            ("changed_field=assigned_to", "changed_field"),
            ("changed_field=Status", "changed_field"),
            ("changed_field=atus", "changed_field"),
            ("changed_field=credit_tenths", "changed_field"),
            ("changed_field=version", "changed_field"),
            ("changed_field=status&changed_to=Hold", "changed_to"),
            ("changed_field=status&changed_to=", "changed_to"),
            ("changed_field=tier&changed_from=2", "changed_from"),
            ("changed_field=is_active&changed_to=yes", "changed_to"),
            ("changed_field=credit_value&changed_to=two", "changed_to"),
            ("changed_field=num_reports_requested&changed_to=03", "changed_to"),
            ("changed_field=due_on&changed_to=2026-12-5", "changed_to"),
            ("changed_field=held_at&changed_to=2026-12-02", "changed_to"),
            ("changed_field=assigned_to_id&changed_to=tech2", "changed_to"),
            ("changed_field=special_notes&changed_to=call", "changed_to"),
        ] {
            for path in ["audit-log", "audit-log/export.ndjson"] {
                let answer = by.get(&format!("{path}?{query}")).await;
                answer.expect_problem(400, "invalid_parameter");
                assert_eq!(answer.faults(), [format!("query /{name}")], "{query}");
            }
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
    }
}
