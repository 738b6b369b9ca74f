//! The measured paths: what is requested, by whom, over how many connections, and what it may cost.

use crate::place::{By, PASSWORD, Place};
use crate::wire::Request;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which request of a run this is.
#[derive(Clone, Copy, Debug)]
pub struct RequestNumber {
    pub worker: u64,
    pub workers: u64,
    pub number: u64,
}

/// What a path may cost, on PostgreSQL with the full number of entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    None,
    /// In milliseconds of CPU.
    Ms(f64),
    /// A report: in milliseconds of CPU, and times the ideal statement. On SQLite at most three times as many milliseconds.
    Report {
        ms: f64,
        ideal: Option<f64>,
    },
    /// Times what another path costs.
    Times {
        other: &'static str,
        times: f64,
    },
    /// Times what the ceiling costs, and at least this part of pgbench's transactions per second.
    Ceiling {
        times: f64,
        of_pgbench: f64,
    },
}

/// One measured path.
pub struct Path {
    pub name: &'static str,
    pub by: By,
    pub connections: u64,
    /// The requests that belong together: a hold is followed by its end.
    pub unit: u64,
    pub request: fn(&Place, RequestNumber) -> Request,
    /// Whether its cost must not grow with the log.
    pub is_flat: bool,
    /// Whether 422 `period_required` is an accepted answer.
    pub may_be_refused: bool,
    /// Whether the memory that it takes is limited.
    pub is_bounded_in_memory: bool,
    pub bound: Bound,
}

const WRITERS: u64 = 16;
const READERS: u64 = 4;

impl Path {
    fn write(name: &'static str, unit: u64, request: fn(&Place, RequestNumber) -> Request, bound: Bound) -> Self {
        let by = By::Manager;
        Self {
            name,
            by,
            connections: WRITERS,
            unit,
            request,
            is_flat: true,
            may_be_refused: false,
            is_bounded_in_memory: false,
            bound,
        }
    }

    fn read(name: &'static str, request: fn(&Place, RequestNumber) -> Request, bound: Bound) -> Self {
        Self { connections: READERS, ..Self::write(name, 1, request, bound) }
    }

    /// Whether it leaves much for the sealer.
    pub fn writes(&self) -> bool {
        self.connections == WRITERS
    }

    /// Fails unless a response is one that is measured: a refusal would cost less.
    pub fn assert_accepted(&self, request: &Request, status: u16, body: &[u8]) {
        let is_accepted = (200..300).contains(&status) || (self.may_be_refused && status == 422);
        assert!(is_accepted, "{} {}: {status} {}", request.method, request.path, String::from_utf8_lossy(body));
    }

    /// A search: without a hit, so that all that it looks through counts.
    fn search(name: &'static str, request: fn(&Place, RequestNumber) -> Request) -> Self {
        let bound = Bound::Ms(25.0);
        Self { may_be_refused: true, is_flat: false, is_bounded_in_memory: true, ..Self::read(name, request, bound) }
    }

    /// A report, by an administrator, who may read all of them; one after the other, since a caller may have few at once.
    fn report(name: &'static str, request: fn(&Place, RequestNumber) -> Request, ms: f64, ideal: Option<f64>) -> Self {
        let path = Self::read(name, request, Bound::Report { ms, ideal });
        Self { by: By::Administrator, connections: 1, is_bounded_in_memory: true, ..path }
    }
}

/// A number that no other request had, for texts that must differ.
fn unique() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// An open case of this connection's own.
fn case(place: &Place, turn: RequestNumber, number: u64) -> String {
    let own = (place.filled.open_cases() / turn.workers).max(1);
    format!("/api/v1/cases/{}", place.open_case(turn.worker + turn.workers * (number % own)))
}

fn edit(place: &Place, turn: RequestNumber) -> Request {
    Request::patch(case(place, turn, turn.number), json!({"internal_notes": format!("Called {} times.", unique())}))
}

fn hold_and_resume(place: &Place, turn: RequestNumber) -> Request {
    let case = case(place, turn, turn.number / 2);
    match turn.number % 2 {
        0 => Request::post(format!("{case}/hold"), json!({"reason": "waiting for a pay stub"})),
        _ => Request::post(format!("{case}/resume"), json!({"reason": "it has come"})),
    }
}

/// The first page, with its own entry: the same filters again within 15 minutes would only be counted.
fn log(_: &Place, _: RequestNumber) -> Request {
    let number = unique();
    let (minute, second, ms) = (number / 60_000 % 60, number / 1_000 % 60, number % 1_000);
    Request::get(format!("/api/v1/audit-log?limit=50&since=2001-01-01T00:{minute:02}:{second:02}.{ms:03}Z"))
}

fn login(_: &Place, _: RequestNumber) -> Request {
    Request::post("/api/v1/auth/login", json!({"username": "manager", "password": PASSWORD}))
}

fn user_activity(place: &Place, period: &str) -> Request {
    Request::get(format!("/api/v1/reports/user-activity?user_id={}&{period}", place.clerk.id))
}

const MONTH: &str = "period=last_30_days";
const ALWAYS: &str = "all_time=true";

/// A path without variable parts.
macro_rules! get {
    ($path:literal) => {
        |_, _| Request::get(concat!("/api/v1/", $path))
    };
}

/// All of them, in the order of the table.
pub fn all() -> Vec<Path> {
    [writes_and_reads(), searches(), reports()].into_iter().flatten().collect()
}

/// Edits of a case, each of a case of the connection's own.
pub fn edits() -> Path {
    Path::write("edit", 1, edit, Bound::Ceiling { times: 2.0, of_pgbench: 0.45 })
}

fn writes_and_reads() -> Vec<Path> {
    vec![
        edits(),
        Path::write("hold-resume", 2, hold_and_resume, Bound::Ms(1.3)),
        Path::read("case", |place, turn| Request::get(case(place, turn, turn.number)), Bound::Ms(0.35)),
        Path::read("cases-50", get!("cases?limit=50"), Bound::Ms(0.6)),
        Path::read("log-50", log, Bound::Ms(0.9)),
        // Both without an entry of their own, since the later pages of a list have none.
        Path::read("log-first", get!("audit-log?limit=50"), Bound::None),
        Path {
            is_flat: false,
            ..Path::read(
                "log-deep",
                |place, _| Request::get(format!("/api/v1/audit-log?limit=50{}", place.deep_cursor)),
                Bound::Times { other: "log-first", times: 1.2 },
            )
        },
        Path { is_flat: false, ..Path::read("action-types", get!("audit-action-types"), Bound::None) },
        Path { is_flat: false, by: By::Anonymous, connections: 1, ..Path::read("sign-in", login, Bound::None) },
    ]
}

fn searches() -> Vec<Path> {
    vec![
        Path::search("search-text", get!("audit-log?q=zyxwvutsrq")),
        Path::search("search-address", get!("audit-log?ip_address=203.0.113.77")),
        Path::search("search-field-30d", get!("audit-log?changed_field=phone_number&period=last_30_days")),
        Path::search("search-outcome", get!("audit-log?outcome=denied")),
        Path::search("search-source", get!("audit-log?source=job")),
        Path::search("search-request", get!("audit-log?request_id=01a20725-be30-7584-bca5-f00e655c90d7")),
        Path { bound: Bound::None, ..Path::search("log-total", get!("audit-log?limit=50&include_total=true")) },
    ]
}

fn reports() -> Vec<Path> {
    let (month, always, ideal) = (15.0, 40.0, Some(1.5));
    vec![
        Path::report("activity-summary-30d", get!("reports/activity-summary?period=last_30_days"), month, ideal),
        Path::report("activity-summary-all", get!("reports/activity-summary?all_time=true"), always, None),
        Path::report("user-activity-30d", |place, _| user_activity(place, MONTH), month, ideal),
        Path::report("user-activity-all", |place, _| user_activity(place, ALWAYS), always, None),
        Path::report("case-changes-30d", get!("reports/case-changes?period=last_30_days"), month, ideal),
        Path::report("case-changes-all", get!("reports/case-changes?all_time=true"), always, None),
        Path::report("quality-review-30d", get!("reports/quality-review-audit?period=last_30_days"), month, ideal),
        Path::report("quality-review-all", get!("reports/quality-review-audit?all_time=true"), always, None),
        Path::report("system-events-30d", get!("reports/system-events?period=last_30_days"), month, ideal),
        Path::report("system-events-all", get!("reports/system-events?all_time=true"), always, None),
    ]
}
