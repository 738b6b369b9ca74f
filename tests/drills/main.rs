//! Drills: tests that take minutes and deliberately break things; `cargo drill` lists them, `cargo drill NAME` runs one.
//!
//! A drill that cannot fail proves nothing: with `--sabotage` something is damaged that the drill has to notice, and the exit
//! code is zero only if it did.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing drill should abort immediately"
)]

#[path = "../it/app/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
mod app;
mod clock;
mod crowd;
mod full_disk;
mod kill_postgres;
mod kill_service;
mod load;
mod locked_table;
mod memory;
mod oracle;
mod race;
mod refusing_log;
mod server;
mod stop;
mod upgrade;

use app::{Kind, Process, TestApp};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use memory::Crowded;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Instant;

/// The options of a run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// A few rounds, for every merge, instead of all of them.
    pub is_short: bool,
    pub is_sabotaged: bool,
    pub seed: u64,
}

impl Plan {
    /// The number of rounds: all of them, or a few.
    pub fn rounds(&self, all: usize, few: usize) -> usize {
        if self.is_short { few } else { all }
    }

    /// Whether the drill itself, or its sabotage, is for this build.
    fn runs_in_this_build(&self, drill: &Drill) -> bool {
        cfg!(feature = "sabotage") == (self.is_sabotaged && drill.is_built_in)
    }

    /// Starts the service, with a fault of its own in a sabotaged drill.
    pub async fn start_with_fault(&self, app: &TestApp, fault: &str) -> Process {
        let fault = if self.is_sabotaged { fault } else { "" };
        Process::start_with(app, &[("CASETRAIL_SCHEDULER", "off"), ("SABOTAGE", fault)]).await
    }
}

/// One drill.
struct Drill {
    name: &'static str,
    shows: &'static str,
    /// What `--sabotage` damages.
    sabotage: &'static str,
    /// Whether the damage is part of the build: `cargo drill-sabotaged NAME --sabotage`.
    is_built_in: bool,
    /// The text in the failure that proves that the drill noticed the sabotage.
    proof: &'static str,
    /// Whether it compares times, or how much arrives within the same moment, which another program on the machine may disturb:
    /// its short version gets a second try.
    is_timed: bool,
    /// Each is run by itself, and has to notice the sabotage by itself.
    parts: &'static [Part],
}

/// A drill on one database, or one kind of load.
struct Part {
    name: &'static str,
    run: fn(Plan) -> LocalBoxFuture<'static, ()>,
}

/// The same on both databases, SQLite first.
macro_rules! on_both {
    ($drill:ident) => {
        &[
            Part { name: "SQLite", run: |plan| $drill::on(Kind::Sqlite, plan).boxed_local() },
            Part { name: "PostgreSQL", run: |plan| $drill::on(Kind::Postgres, plan).boxed_local() },
        ]
    };
}

/// A drill of PostgreSQL alone.
macro_rules! on_postgres {
    ($drill:ident) => {
        &[Part { name: "PostgreSQL", run: |plan| $drill::run(plan).boxed_local() }]
    };
}

const DRILLS: &[Drill] = &[
    Drill {
        name: "kill-service",
        shows: "kill -9 of the service under load, 200 times on each database: no acknowledged write is lost",
        sabotage: "the service acknowledges writes before it commits them",
        is_built_in: true,
        proof: "acknowledged writes lost",
        is_timed: false,
        parts: on_both!(kill_service),
    },
    Drill {
        name: "kill-postgres",
        shows: "kill -9 of PostgreSQL under load, 50 times: 503 meanwhile, recovery within 5 s, no acknowledged write is lost",
        sabotage: "transactions are committed with synchronous_commit off",
        is_built_in: false,
        proof: "acknowledged writes lost",
        is_timed: false,
        parts: on_postgres!(kill_postgres),
    },
    Drill {
        name: "refusing-log",
        shows: "an audit log that refuses entries or is missing: 503 for each request and within 2 s from `/readyz`, nothing \
                changed, recovery within 5 s",
        sabotage: "the database's checks are removed, and entries are deleted as they are written",
        is_built_in: false,
        proof: "changed without its entry",
        is_timed: false,
        parts: on_both!(refusing_log),
    },
    Drill {
        name: "full-disk",
        shows: "the disk is full 50 times under load on each database: 503 meanwhile, recovery within 10 s, no acknowledged \
                write is lost",
        sabotage: "SQLite's transactions are savepoints of connections that are never closed; on PostgreSQL the service \
                   acknowledges writes before it commits them",
        is_built_in: true,
        proof: "acknowledged writes lost",
        is_timed: false,
        parts: on_both!(full_disk),
    },
    Drill {
        name: "race",
        shows: "64 callers for each change of a case's state, 100 rounds on each database: one winner, one entry, no 5xx",
        sabotage: "the case is reset to its status during the race, as by a service without locks",
        is_built_in: false,
        proof: "more or fewer than one",
        is_timed: false,
        parts: on_both!(race),
    },
    Drill {
        name: "clock",
        shows: "two replicas whose clocks jump back and forth: a case's entries are in the order of its changes",
        sabotage: "the case does not record when it was last changed",
        is_built_in: false,
        proof: "out of order",
        is_timed: false,
        parts: on_both!(clock),
    },
    Drill {
        name: "locked-table",
        shows: "a lock held by another session and 500 clients: 503 within 1.5 s, `/livez` within 50 ms, recovery within 2 s \
                (unoptimised builds: twice to four times as long)",
        sabotage: "the service waits 30 s for a lock",
        is_built_in: true,
        proof: "waited too long",
        is_timed: true,
        parts: on_both!(locked_table),
    },
    Drill {
        name: "load",
        shows: "others within 3x idle beside 8 searches, within 5x and 256 MiB of memory beside 1,000 half-open and 500 slow \
                clients, 100 uploads and 16 searches",
        sabotage: "no kind of work has a budget",
        is_built_in: true,
        proof: "not served as before",
        is_timed: true,
        parts: on_both!(load),
    },
    Drill {
        name: "memory",
        shows: "300 bodies of 1 MiB, 1,500 of 63 KiB, 300 slow uploads, 100 of 50 MiB, 200 exports at once, 400 unread \
                files, on each database: memory grows by 64 MiB at most",
        sabotage: "no budget limits the memory of bodies; uploads, exports and files are held in memory",
        is_built_in: true,
        proof: "grew by",
        is_timed: true,
        parts: &[
            Part { name: "300 bodies of 1 MiB", run: |plan| memory::with(Crowded::LargeBodies, plan).boxed_local() },
            Part { name: "1,500 bodies of 63 KiB", run: |plan| memory::with(Crowded::SmallBodies, plan).boxed_local() },
            Part { name: "slow uploads", run: |plan| memory::with(Crowded::SlowUploads, plan).boxed_local() },
            Part { name: "large uploads", run: |plan| memory::with(Crowded::LargeUploads, plan).boxed_local() },
            Part { name: "exports", run: |plan| memory::with(Crowded::Exports, plan).boxed_local() },
            Part { name: "unread files", run: |plan| memory::with(Crowded::UnreadFiles, plan).boxed_local() },
        ],
    },
    Drill {
        name: "stop",
        shows: "SIGTERM under 16 keep-alive clients, 50 times: no request fails within the drain time, exit within 15 s",
        sabotage: "the drain time is 0",
        is_built_in: false,
        proof: "requests failed",
        is_timed: false,
        parts: on_both!(stop),
    },
    Drill {
        name: "upgrade",
        shows: "two replicas on PostgreSQL are upgraded one after the other under load, 20 times: no request fails",
        sabotage: "the newer schema is one that the older version cannot use",
        is_built_in: false,
        proof: "requests failed",
        is_timed: false,
        parts: on_postgres!(upgrade),
    },
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let seed = arguments.iter().position(|argument| argument == "--seed").and_then(|at| arguments.get(at + 1));
    let seed = seed.map_or_else(rand::random, |seed| seed.parse().expect("--seed requires a number"));
    let plan = Plan { is_short: has("--short"), is_sabotaged: has("--sabotage"), seed };
    let chosen: Vec<&Drill> =
        DRILLS.iter().filter(|drill| has(drill.name) || has("--all") && plan.runs_in_this_build(drill)).collect();
    if chosen.is_empty() {
        println!("cargo drill NAME | --all [--short] [--seed N] [--sabotage]\n");
        for drill in DRILLS {
            let command = if drill.is_built_in { " (cargo drill-sabotaged)" } else { "" };
            println!("{:15} {}\n{:15} sabotage: {}{command}", drill.name, drill.shows, "", drill.sabotage);
        }
        return if arguments.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut results = Vec::new();
    for drill in chosen {
        for part in drill.parts {
            results.push(run(drill, part, plan).await);
        }
    }
    println!("\n{:16} {:22} {:18} seconds", "drill", "part", "result");
    for Outcome { drill, part, is_passed, verdict, seconds } in &results {
        println!("{drill:16} {part:22} {verdict:18} {seconds:7.1}{}", if *is_passed { "" } else { "  FAILED" });
    }
    if results.iter().all(|outcome| outcome.is_passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How one part of a drill ended.
struct Outcome {
    drill: &'static str,
    part: &'static str,
    is_passed: bool,
    verdict: &'static str,
    seconds: f64,
}

/// Runs one part of a drill; a panic is a failure, and with a sabotage the only success.
async fn run(drill: &Drill, part: &Part, plan: Plan) -> Outcome {
    let is_damaged = plan.is_sabotaged && drill.is_built_in;
    assert!(plan.runs_in_this_build(drill), "`cargo drill-sabotaged` is for {} --sabotage and the like", drill.name);
    let ended = |is_passed, verdict, seconds| Outcome { drill: drill.name, part: part.name, is_passed, verdict, seconds };
    let command = if is_damaged { "drill-sabotaged" } else { "drill" };
    let repeat = if plan.is_sabotaged { " --sabotage" } else { "" };
    println!("\n== {}, {} (seed {}): cargo {command} {0} --seed {2}{repeat}", drill.name, part.name, plan.seed);
    let began = Instant::now();
    let mut said = failure(part, plan).await;
    if said.is_some() && drill.is_timed && plan.is_short && !plan.is_sabotaged {
        println!("\n== {}, {}: a second try, since it depends on times", drill.name, part.name);
        said = failure(part, plan).await;
    }
    let (is_passed, verdict) = match (plan.is_sabotaged, said) {
        (false, None) => (true, "holds"),
        (false, Some(_)) => (false, "does not hold"),
        (true, None) => (false, "sabotage missed"),
        (true, Some(said)) if said.contains(drill.proof) => (true, "sabotage caught"),
        (true, Some(_)) => (false, "failed otherwise"),
    };
    ended(is_passed, verdict, began.elapsed().as_secs_f64())
}

/// Runs a part, and returns what its failure said.
async fn failure(part: &Part, plan: Plan) -> Option<String> {
    let payload = AssertUnwindSafe((part.run)(plan)).catch_unwind().await.err()?;
    let text = payload.downcast_ref::<String>().cloned();
    Some(text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
}
