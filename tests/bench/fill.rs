//! Fills the log with a given number of entries, by SQL: copies of entries that requests left, each with its own id, instant,
//! case, actor and request. All triggers are on, and every body is canonical.

use crate::app::copies::{literal, run};
use crate::app::{Client, Kind, TestApp};
use entity::user::{Level, Role};
use entity::{audit_entry, case};
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Iterable, QueryFilter, QueryOrder};
use serde_json::json;
use std::collections::BTreeMap;

/// The number of entries per case.
pub const PER_CASE: u64 = 50;
/// Of so many cases, the last one is open, and the others are completed.
const PER_OPEN_CASE: u64 = 10;
/// The days before now over which the entries are spread.
const DAYS: u64 = 400;
const DAY_MS: u64 = 86_400_000;
/// The midnight of `America/Chicago` in UTC; an hour earlier in summer.
const DAY_BEGINS_MS: u64 = 6 * 3_600_000;
/// Entries per statement.
const CHUNK: u64 = 50_000;
const ACTORS: usize = 40;

/// What the log contains.
#[derive(Clone, Debug)]
pub struct Filled {
    pub entries: u64,
    pub cases: u64,
    /// The instant of the first entry, in milliseconds since 1970.
    first_ms: u64,
}

impl Filled {
    fn new(entries: u64) -> Self {
        let now = u64::try_from(chrono::Utc::now().timestamp_millis()).expect("after 1970");
        // The last noon of a past day in the default time zone, so that rows and periods do not depend on the time of day: how
        // many civil days the entries of a case fall on decides how many rows are rolled up.
        let noon = (now - DAY_BEGINS_MS) / DAY_MS * DAY_MS + DAY_BEGINS_MS - DAY_MS / 2;
        Self { entries, cases: (entries / PER_CASE).max(1), first_ms: noon - DAYS * DAY_MS }
    }

    /// The number of open cases: the last ones.
    pub fn open_cases(&self) -> u64 {
        (self.cases / PER_OPEN_CASE).max(1)
    }

    /// The id of a case, by its number.
    pub fn case(&self, number: u64) -> String {
        let ms = self.first_ms + number * self.case_step();
        format!("{:08x}-{:04x}-7000-b000-{number:012x}", ms >> 16, ms & 0xffff)
    }

    /// The same as an expression of PostgreSQL.
    pub fn case_in_postgres(&self, number: &str) -> String {
        let ms = format!("{} + {number} * {}", self.first_ms, self.case_step());
        format!("(lpad(to_hex({ms}), 12, '0') || '7000b000' || lpad(to_hex({number}), 12, '0'))::uuid")
    }

    fn case_step(&self) -> u64 {
        DAYS * DAY_MS / self.cases
    }

    fn entry_step(&self) -> u64 {
        DAYS * DAY_MS / self.entries
    }
}

/// Fills an empty database. The caller checks what that costs.
pub async fn fill(app: &TestApp, entries: u64) -> Filled {
    let filled = Filled::new(entries);
    let template = leave_templates(app).await;
    let templates = keep_templates(app).await;
    let created = templates.iter().position(|entry| entry.action_type == "case_created").expect("a new case") as u64;
    let copy = Copies { app, filled: &filled, templates: templates.len() as u64 };
    let cases = copy.cases(&template);
    let first = copy.entries(0, filled.cases, Some(created));
    // The net demands the entry of each case in the same transaction.
    run(app, &format!("BEGIN; {cases}; {first}; COMMIT")).await;
    let mut from = filled.cases;
    while from < entries {
        let to = (from + CHUNK).min(entries);
        run(app, &copy.entries(from, to, None)).await;
        from = to;
    }
    run(app, "ANALYZE").await;
    filled
}

/// One case with the requests that are usual for one, and what else is in a log; returns the id of the case.
async fn leave_templates(app: &TestApp) -> String {
    for number in 0..ACTORS {
        app.user(&format!("clerk{number}"), Role::Technician, Some(Level::Three)).await;
    }
    let (member, manager, admin) = (app.as_member().await, app.as_manager().await, app.as_admin().await);
    let tech = app.as_tech(3).await;
    let names = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "num_reports_requested": 3});
    let case = member.post("cases", names).await.expect(201);
    let path = format!("cases/{}", case["id"].as_str().expect("an id"));
    member.patch(&path, json!({"special_notes": "Please call first."})).await.expect(200);
    member.post(&format!("{path}/submit"), json!({})).await.expect(200);
    let terms = json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": tech.id()});
    manager.post(&format!("{path}/accept"), terms).await.expect(200);
    for number in 0..6 {
        let notes = format!("Called {number} times, no answer yet.");
        tech.patch(&path, json!({"internal_notes": notes, "reason": "after a call"})).await.expect(200);
        manager.patch(&path, json!({"client_email": format!("client{number}@example.org"), "reason": "asked"})).await.expect(200);
    }
    for _ in 0..2 {
        let hold = json!({"reason": "waiting for a pay stub", "hold_duration_days": 14});
        tech.post(&format!("{path}/hold"), hold).await.expect(200);
        tech.post(&format!("{path}/resume"), json!({"reason": "it has come"})).await.expect(200);
    }
    tech.post(&format!("{path}/notes"), json!({"body": "They called twice.", "visibility": "internal"})).await.expect(201);
    manager.post(&format!("{path}/tier"), json!({"tier": "tier_2", "reason": "more reports"})).await.expect(200);
    read(&manager, &admin).await;
    let wrong = json!({"username": "manager", "password": "not the right one"});
    assert_eq!(app.as_anonymous().post("auth/login", wrong).await.status(), 401);
    case["id"].as_str().expect("an id").to_owned()
}

/// What is recorded of readers.
async fn read(manager: &Client<'_>, admin: &Client<'_>) {
    manager.get("audit-log?limit=1").await.expect(200);
    admin.get("audit-log?action_type=case_held").await.expect(200);
    manager.get("reports/activity-summary").await.expect(200);
    admin.get("exports/cases.csv").await.expect(200);
}

/// Keeps the entries so far as templates, with marks where a copy has its own values.
async fn keep_templates(app: &TestApp) -> Vec<audit_entry::Model> {
    use audit_entry::Column;
    let about_users = Column::ActionType.is_not_in(["user_created", "user_updated"]);
    let all = audit_entry::Entity::find().filter(about_users).order_by_asc(Column::Id).all(&app.outside).await.expect("entries");
    let ids: Vec<String> = all.iter().map(|entry| literal(app.kind, &entry.id.to_string())).collect();
    let mut script = format!(
        "CREATE TABLE bench_templates AS SELECT row_number() OVER (ORDER BY id) - 1 AS slot, e.* FROM audit_entries e \
         WHERE id IN ({})",
        ids.join(", ")
    );
    for (slot, entry) in all.iter().enumerate() {
        let marked = |text: &str| format!("'{}'", marked(entry, text).replace('\'', "''"));
        script += &format!(
            "; UPDATE bench_templates SET description = {}, search_text = {}, body = {} WHERE slot = {slot}",
            marked(&entry.description),
            marked(&entry.search_text),
            marked(&entry.body)
        );
    }
    script += "; CREATE TABLE bench_people AS SELECT row_number() OVER (ORDER BY id) - 1 AS slot, id, username FROM users \
               WHERE username LIKE 'clerk%'; ANALYZE bench_templates; ANALYZE bench_people";
    run(app, &script).await;
    all
}

/// A text of an entry with marks in the place of what each copy has of its own.
fn marked(entry: &audit_entry::Model, text: &str) -> String {
    let mut own: BTreeMap<String, &str> = BTreeMap::new();
    let mut mark = |value: Option<String>, mark: &'static str| {
        own.extend(value.map(|value| (value, mark)));
    };
    mark(Some(entry.id.to_string()), "@ENTRY@");
    mark(Some(format!("\"occurred_at\":\"{}\"", entity::clock::rfc3339(entry.occurred_at))), "\"occurred_at\":\"@AT@\"");
    mark(entry.case_id.map(|id| id.to_string()), "@CASE@");
    mark(entry.case_number.clone(), "@NUMBER@");
    mark(entry.case_number.as_ref().map(|number| number.to_lowercase()), "@number@");
    mark(entry.actor_id.map(|id| id.to_string()), "@ACTOR@");
    // Not wherever it stands: the manager of the tests is called like their role.
    mark(entry.actor_id.map(|_| format!("\"actor_label\":\"{}\"", entry.actor_label)), "\"actor_label\":\"@NAME@\"");
    mark(entry.actor_id.map(|_| format!("\"username\":\"{}\"", entry.actor_label)), "\"username\":\"@NAME@\"");
    mark(Some(format!("\"request_id\":\"{}\"", entry.request_id)), "\"request_id\":\"@REQUEST@\"");
    own.iter().fold(text.to_owned(), |text, (value, mark)| text.replace(value.as_str(), mark))
}

/// The statements that copy.
struct Copies<'a> {
    app: &'a TestApp,
    filled: &'a Filled,
    templates: u64,
}

impl Copies<'_> {
    fn is_sqlite(&self) -> bool {
        self.app.kind == Kind::Sqlite
    }

    /// The numbers from the first up to the last, without it.
    fn numbers(&self, from: u64, to: u64) -> String {
        let last = to - 1;
        if self.is_sqlite() {
            format!("RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {last})")
        } else {
            format!("n (i) AS (SELECT * FROM generate_series({from}::bigint, {last}::bigint))")
        }
    }

    /// An id as text, made from an instant and a number.
    fn id(&self, ms: &str, variant: char, number: &str) -> String {
        if self.is_sqlite() {
            format!("printf('%08x-%04x-7000-{variant}000-%012x', ({ms}) >> 16, ({ms}) & 65535, {number})")
        } else {
            format!("(lpad(to_hex({ms}), 12, '0') || '7000{variant}000' || lpad(to_hex({number}), 12, '0'))::uuid::text")
        }
    }

    /// An id in text as the column has it.
    fn stored(&self, id: &str) -> String {
        if self.is_sqlite() { format!("unhex(replace({id}, '-', ''))") } else { format!("({id})::uuid") }
    }

    fn number(&self, case: &str) -> String {
        if self.is_sqlite() {
            format!("printf('WS%03d-2025-01-%06d', ({case}) % 40, {case})")
        } else {
            format!("('WS' || lpad((({case}) % 40)::text, 3, '0') || '-2025-01-' || lpad(({case})::text, 6, '0'))")
        }
    }

    /// The template of the cases, once for each.
    fn cases(&self, template: &str) -> String {
        let (first, step) = (self.filled.first_ms, self.filled.case_step());
        let id = self.stored(&self.id(&format!("{first} + i * {step}"), 'b', "i"));
        let first_open = self.filled.cases - self.filled.open_cases();
        let unless_open = |closed: &str, open: &str| format!("CASE WHEN i < {first_open} THEN {closed} ELSE {open} END");
        let own: BTreeMap<&str, String> = [
            ("id", id),
            ("case_number", self.number("i")),
            ("status", unless_open("'completed'", "t.status")),
            ("completed_at", unless_open("t.accepted_at", "NULL")),
            ("released_at", unless_open("t.accepted_at", "NULL")),
        ]
        .into();
        let columns: Vec<&str> = case::Column::iter().map(|column| column.as_str()).collect();
        let values = columns.iter().map(|name| own.get(name).cloned().unwrap_or_else(|| format!("t.\"{name}\"")));
        format!(
            "WITH {} INSERT INTO cases ({}) SELECT {} FROM n CROSS JOIN cases t WHERE t.id = {}",
            self.numbers(0, self.filled.cases),
            quoted(&columns),
            values.collect::<Vec<_>>().join(", "),
            literal(self.app.kind, template)
        )
    }

    /// Entries of these numbers; `only` is the template of all of them, which are then the first entries of the cases.
    fn entries(&self, from: u64, to: u64, only: Option<u64>) -> String {
        let Filled { cases, first_ms, .. } = self.filled;
        let step = if only.is_some() { self.filled.case_step() } else { self.filled.entry_step() };
        // The entries of a case are near each other, as they are in a log.
        let case = if only.is_some() { "i".to_owned() } else { format!("(i / {PER_CASE} + i % 7 * 3) % {cases}") };
        let slot = only.map_or_else(|| format!("i % {}", self.templates), |only| only.to_string());
        let case_ms = format!("{first_ms} + ({case}) * {}", self.filled.case_step());
        let entry_ms = format!("{first_ms} + i * {step}");
        let columns: Vec<&str> = audit_entry::Column::iter().map(|column| column.as_str()).collect();
        let own = self.own_values();
        let values = columns.iter().map(|name| own.get(name).cloned().unwrap_or_else(|| format!("t.\"{name}\"")));
        format!(
            "WITH {numbers}, x AS MATERIALIZED (SELECT {entry_ms} AS ms, {slot} AS slot, (i * 31) % {ACTORS} AS person, \
             {entry} AS entry_text, {case_text} AS case_text, {number} AS number, 'bench-' || (i / 2) AS request FROM n) \
             INSERT INTO audit_entries ({columns}) SELECT {values} FROM x CROSS JOIN bench_templates t \
             CROSS JOIN bench_people p WHERE t.slot = x.slot AND p.slot = x.person",
            numbers = self.numbers(from, to),
            entry = self.id(&entry_ms, '8', "i"),
            case_text = self.id(&case_ms, 'b', &format!("({case})")),
            number = self.number(&case),
            columns = quoted(&columns),
            values = values.collect::<Vec<_>>().join(", "),
        )
    }

    /// What each copy has of its own, by column.
    fn own_values(&self) -> BTreeMap<&'static str, String> {
        let (stored_at, written_at) = if self.is_sqlite() {
            (
                "strftime('%Y-%m-%dT%H:%M:%f+00:00', x.ms / 1000.0, 'unixepoch')",
                "strftime('%Y-%m-%dT%H:%M:%fZ', x.ms / 1000.0, 'unixepoch')",
            )
        } else {
            (
                "'epoch'::timestamptz + x.ms * interval '1 millisecond'",
                "to_char(('epoch'::timestamptz + x.ms * interval '1 millisecond') AT TIME ZONE 'UTC', \
                 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
            )
        };
        let with_own = |column: &str| {
            let marks = [
                ("@ENTRY@", "x.entry_text"),
                ("@AT@", written_at),
                ("@CASE@", "x.case_text"),
                ("@NUMBER@", "x.number"),
                ("@number@", "lower(x.number)"),
                ("@ACTOR@", if self.is_sqlite() { HYPHENATED } else { "p.id::text" }),
                ("@NAME@", "p.username"),
                ("@REQUEST@", "x.request"),
            ];
            marks.iter().fold(format!("t.{column}"), |text, (mark, own)| format!("replace({text}, '{mark}', {own})"))
        };
        let unless_null = |column: &str, own: &str| format!("CASE WHEN t.{column} IS NULL THEN NULL ELSE {own} END");
        let (entry, of_case) = (self.stored("x.entry_text"), self.stored("x.case_text"));
        [
            ("id", entry),
            ("occurred_at", stored_at.to_owned()),
            ("actor_id", unless_null("actor_id", "p.id")),
            ("actor_label", "CASE WHEN t.actor_id IS NULL THEN t.actor_label ELSE p.username END".to_owned()),
            ("case_id", unless_null("case_id", &of_case)),
            ("case_number", unless_null("case_number", "x.number")),
            ("object_id", "CASE WHEN t.object_type = 'case' THEN x.case_text ELSE t.object_id END".to_owned()),
            ("request_id", "x.request".to_owned()),
            ("description", with_own("description")),
            ("search_text", with_own("search_text")),
            ("body", with_own("body")),
        ]
        .into()
    }
}

/// The id of an actor as text, of the bytes that SQLite has.
const HYPHENATED: &str = "lower(substr(hex(p.id), 1, 8) || '-' || substr(hex(p.id), 9, 4) || '-' || substr(hex(p.id), 13, 4) \
                          || '-' || substr(hex(p.id), 17, 4) || '-' || substr(hex(p.id), 21))";

fn quoted(columns: &[&str]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}
