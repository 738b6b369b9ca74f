//! What each hot path costs, in processor time of the service and its database, and how many times what it would have to cost:
//! `cargo bench-all`. The counts that need no clock: `cargo bench-counts`.
//!
//! Figures of one run are compared with each other, and rounds are interleaved, since a machine is not as fast today as it was
//! yesterday. Processor time instead of elapsed time: it includes no waiting, and hardly depends on what else runs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing bench should abort immediately"
)]
#![expect(clippy::as_conversions, reason = "counts of a bench are small")]

#[path = "../it/app/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
mod app;
mod ceiling;
mod compare;
mod controls;
mod counts;
mod cpu;
mod disk;
mod drive;
mod figures;
mod fill;
mod instructions;
mod lag;
mod measure;
mod parse;
mod paths;
mod place;
#[path = "../drills/server.rs"]
#[expect(dead_code, reason = "shared with the drills, which kill it")]
mod server;
mod wire;

use app::Kind;
use figures::{Row, Verdict};
use serde_json::json;
use std::io::Write;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const HISTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/history.jsonl");
const USAGE: &str = "\
cargo bench-all [NAME…]     measures all paths, or those whose name begins with one of these
  --rows N                  entries in the log; 1000000 by default
  --short                   20000 entries, and a fraction of the time: whether it works, not what it costs
  --only postgres|sqlite    on one database
  --check                   fails if a limit is exceeded
  --record                  adds the figures to tests/bench/history.jsonl
cargo bench-counts          counts statements, rows and instructions, and fails if one grew by more than 10 %
  --record                  keeps the counts in tests/bench/counts.json instead";

/// The options of a run.
pub struct Plan {
    pub rows: u64,
    is_short: bool,
    is_checked: bool,
    is_recorded: bool,
    is_counting: bool,
    only: Option<String>,
    names: Vec<String>,
}

impl Plan {
    /// `None` if the arguments are not understood.
    fn parse(arguments: &[String]) -> Option<Self> {
        let (mut rows, mut only, mut names, mut flags) = (None, None, Vec::new(), Vec::new());
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--rows" => rows = Some(rest.next()?.parse::<u64>().ok().filter(|rows| *rows >= 10_000)?),
                "--only" => only = Some(rest.next().filter(|kind| ["postgres", "sqlite"].contains(&kind.as_str()))?.clone()),
                "--short" | "--check" | "--record" | "--counts" => flags.push(argument.as_str()),
                name if name.starts_with('-') => return None,
                name => names.push(name.to_owned()),
            }
        }
        let has = |flag: &str| flags.contains(&flag);
        let is_short = has("--short");
        Some(Self {
            rows: rows.unwrap_or(if is_short { 20_000 } else { 1_000_000 }),
            is_short,
            is_checked: has("--check"),
            is_recorded: has("--record"),
            is_counting: has("--counts"),
            only,
            names,
        })
    }

    /// Whether a path is measured.
    pub fn includes(&self, path: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| path.starts_with(name.as_str()))
    }

    /// How long each measurement takes.
    pub fn time(&self) -> Duration {
        if self.is_short { Duration::from_millis(200) } else { Duration::from_millis(1_500) }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, database, address] = arguments.as_slice()
        && first == ceiling::ARGUMENT
    {
        let served = ceiling::serve(database.clone(), address.clone()).await;
        return if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(plan) = Plan::parse(&arguments) else {
        println!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let holds = if plan.is_counting { counts::run(plan.is_recorded).await } else { measured(&plan).await };
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures, prints and keeps the figures; whether no limit that is checked is exceeded.
async fn measured(plan: &Plan) -> bool {
    let began = Instant::now();
    let mut rows = Vec::new();
    for (kind, name) in [(Kind::Postgres, "postgres"), (Kind::Sqlite, "sqlite")] {
        if plan.only.as_ref().is_none_or(|only| only == name) {
            rows.extend(measure::on(kind, plan).await);
        }
    }
    println!("\n{} entries, CPU per request of service and database, {} s\n", plan.rows, began.elapsed().as_secs());
    println!("{}", figures::table(&rows));
    let over = rows.iter().filter(|row| row.verdict() == Verdict::Over).count();
    println!("{over} of {} figures over their limits", rows.len());
    if plan.is_recorded {
        keep(plan, &rows);
    }
    over == 0 || !plan.is_checked
}

/// Adds a line to the history.
fn keep(plan: &Plan, rows: &[Row]) {
    let commit = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().expect("git").stdout;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let build = if cfg!(debug_assertions) { "dev" } else { "release" };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let conditions = json!({"rows": plan.rows, "short": plan.is_short, "build": build, "cores": cores});
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let line = figures::record(&commit, &at, &conditions, rows);
    let mut history = std::fs::OpenOptions::new().append(true).create(true).open(HISTORY).expect("the history");
    writeln!(history, "{line}").expect("a line");
}
