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

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
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
    run: fn(Plan) -> LocalBoxFuture<'static, ()>,
}

const DRILLS: &[Drill] = &[
    Drill {
        name: "kill-service",
        shows: "kill -9 of the service under load, 200 times on each database: no acknowledged write is lost",
        sabotage: "writes count as acknowledged when they are sent",
        is_built_in: false,
        proof: "acknowledged writes lost",
        run: |plan| kill_service::run(plan).boxed_local(),
    },
    Drill {
        name: "kill-postgres",
        shows: "kill -9 of PostgreSQL under load, 50 times: 503 meanwhile, recovery within 5 s, no acknowledged write is lost",
        sabotage: "transactions are committed with synchronous_commit off",
        is_built_in: false,
        proof: "acknowledged writes lost",
        run: |plan| kill_postgres::run(plan).boxed_local(),
    },
    Drill {
        name: "refusing-log",
        shows: "an audit log that refuses entries or is missing: 503 for each request, nothing changed, recovery within 5 s",
        sabotage: "the database's checks are removed, and entries are deleted as they are written",
        is_built_in: false,
        proof: "changed without its entry",
        run: |plan| refusing_log::run(plan).boxed_local(),
    },
    Drill {
        name: "full-disk",
        shows: "the disk is full 50 times under load on each database: 503 meanwhile, recovery within 10 s, no acknowledged \
                write is lost",
        sabotage: "SQLite's transactions are savepoints of connections that are never closed",
        is_built_in: true,
        proof: "acknowledged writes lost",
        run: |plan| full_disk::run(plan).boxed_local(),
    },
    Drill {
        name: "race",
        shows: "64 callers for each status change, 20 rounds on each database: one winner, one entry, no 5xx",
        sabotage: "the case is reset to its status during the race, as by a service without locks",
        is_built_in: false,
        proof: "more or fewer than one",
        run: |plan| race::run(plan).boxed_local(),
    },
    Drill {
        name: "clock",
        shows: "two replicas whose clocks jump back and forth: a case's entries are in the order of its changes",
        sabotage: "the case does not record when it was last changed",
        is_built_in: false,
        proof: "out of order",
        run: |plan| clock::run(plan).boxed_local(),
    },
    Drill {
        name: "locked-table",
        shows: "a lock held by another session and 500 clients: 503 within 2 s, `/livez` within 50 ms, recovery within 2 s \
                (unoptimised builds: twice as long)",
        sabotage: "the service waits 30 s for a lock",
        is_built_in: true,
        proof: "waited too long",
        run: |plan| locked_table::run(plan).boxed_local(),
    },
    Drill {
        name: "load",
        shows: "1,000 half-open and 500 slow clients, 100 uploads, 16 searches at once: others within 5x idle, 256 MiB memory",
        sabotage: "no kind of work has a budget",
        is_built_in: true,
        proof: "not served as before",
        run: |plan| load::run(plan).boxed_local(),
    },
    Drill {
        name: "memory",
        shows: "300 bodies of 1 MiB, 1,500 of 63 KiB, 300 slow uploads, 100 of 49 MiB, 200 exports at once, 400 unread files: \
                memory grows by 64 MiB at most",
        sabotage: "no budget limits the memory of bodies",
        is_built_in: true,
        proof: "grew by",
        run: |plan| memory::run(plan).boxed_local(),
    },
    Drill {
        name: "stop",
        shows: "SIGTERM under 16 keep-alive clients, 50 times: no request fails within the drain time, exit within 15 s",
        sabotage: "the drain time is 0",
        is_built_in: false,
        proof: "requests failed",
        run: |plan| stop::run(plan).boxed_local(),
    },
    Drill {
        name: "upgrade",
        shows: "two replicas on PostgreSQL are upgraded one after the other under load, 20 times: no request fails",
        sabotage: "the newer schema is one that the older version cannot use",
        is_built_in: false,
        proof: "requests failed",
        run: |plan| upgrade::run(plan).boxed_local(),
    },
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let seed = arguments.iter().position(|argument| argument == "--seed").and_then(|at| arguments.get(at + 1));
    let seed = seed.map_or_else(rand::random, |seed| seed.parse().expect("--seed requires a number"));
    let plan = Plan { is_short: has("--short"), is_sabotaged: has("--sabotage"), seed };
    let chosen: Vec<&Drill> = DRILLS.iter().filter(|drill| has("--all") || has(drill.name)).collect();
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
        results.push(run(drill, plan).await);
    }
    println!("\ndrill            result             seconds");
    for (name, is_passed, verdict, seconds) in &results {
        println!("{name:16} {verdict:18} {seconds:7.1}{}", if *is_passed { "" } else { "  FAILED" });
    }
    if results.iter().all(|(_, is_passed, ..)| *is_passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs one drill; a panic is a failure, and with a sabotage the only success.
async fn run(drill: &Drill, plan: Plan) -> (&'static str, bool, &'static str, f64) {
    let is_damaged = plan.is_sabotaged && drill.is_built_in;
    assert_eq!(cfg!(feature = "sabotage"), is_damaged, "`cargo drill-sabotaged` is for {} --sabotage and the like", drill.name);
    let command = if is_damaged { "drill-sabotaged" } else { "drill" };
    let repeat = if plan.is_sabotaged { " --sabotage" } else { "" };
    println!("\n== {} (seed {}): cargo {command} {0} --seed {1}{repeat}", drill.name, plan.seed);
    let began = Instant::now();
    let outcome = AssertUnwindSafe((drill.run)(plan)).catch_unwind().await;
    let said = outcome.as_ref().err().map(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    });
    let (is_passed, verdict) = match (plan.is_sabotaged, said) {
        (false, None) => (true, "holds"),
        (false, Some(_)) => (false, "does not hold"),
        (true, None) => (false, "sabotage missed"),
        (true, Some(said)) if said.contains(drill.proof) => (true, "sabotage caught"),
        (true, Some(_)) => (false, "failed otherwise"),
    };
    (drill.name, is_passed, verdict, began.elapsed().as_secs_f64())
}
