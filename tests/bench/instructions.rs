//! Instructions per request, counted by valgrind's callgrind: on SQLite, where the database works inside of the service.

use crate::parse;
use crate::paths::{self, Path, RequestNumber};
use crate::place::Place;
use crate::wire::Connection;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The fixed script: each path's requests, in this order.
const SCRIPT: [&str; 8] =
    ["edit", "hold-resume", "case", "cases-50", "log-50", "action-types", "search-text", "activity-summary-30d"];
/// Rounds of one request, or pair of them.
const ROUNDS: usize = 6;
/// How long a request is repeated that is refused as unavailable. A round with a refusal is not the cheapest one.
const PATIENCE: Duration = Duration::from_secs(60);

/// The counts by path, below the name of the build's profile: an optimised build has others. Empty without valgrind.
pub async fn count(place: Place) -> Option<(String, Json)> {
    if !["valgrind", "vgdb"].iter().all(|program| Command::new(program).arg("--version").output().is_ok()) {
        println!("no valgrind here: instructions are not counted");
        return None;
    }
    let folder = TempDir::new().expect("a folder");
    let out = format!("--callgrind-out-file={}", folder.path().join("out").display());
    let program = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--fair-sched=try", &out];
    let place = place.started_by(&program).await;
    let profile = Profile { pid: place.process.pid(), folder, seen: BTreeSet::new() };
    let counts = profile.of_script(&place).await;
    let build = if cfg!(debug_assertions) { "dev" } else { "release" };
    Some(("instructions".to_owned(), json!({build: counts})))
}

struct Profile {
    pid: u32,
    folder: TempDir,
    seen: BTreeSet<PathBuf>,
}

impl Profile {
    async fn of_script(mut self, place: &Place) -> Map<String, Json> {
        self.command("instrumentation on");
        let mut counts = Map::new();
        for path in paths::all().iter().filter(|path| SCRIPT.contains(&path.name)) {
            let headers = place.headers(path.by).await;
            let mut unit = 0;
            self.round(place, path, &headers, &mut unit).await;
            let mut fewest = u64::MAX;
            for _ in 0..ROUNDS {
                // The fewest: what the service does in the background comes on top of some rounds.
                fewest = fewest.min(self.round(place, path, &headers, &mut unit).await);
            }
            println!("{}: {fewest} instructions", path.name);
            counts.insert(path.name.to_owned(), json!({"instructions": fewest}));
        }
        counts
    }

    /// The instructions of a path's requests. Sealing of the round before is excluded, however busy the machine is.
    async fn round(&mut self, place: &Place, path: &Path, headers: &str, unit: &mut u64) -> u64 {
        place.until_sealed().await;
        let mut connection = Connection::open(place.process.address(), headers.to_owned()).await;
        self.dump();
        units(place, path, &mut connection, unit).await;
        self.dump()
    }

    /// The instructions since the last time.
    fn dump(&mut self) -> u64 {
        self.command("dump");
        let files = std::fs::read_dir(self.folder.path()).expect("a folder").flatten().map(|entry| entry.path());
        let new: Vec<PathBuf> = files.filter(|path| !self.seen.contains(path)).collect();
        let count = new.iter().filter_map(|path| parse::instructions(&std::fs::read_to_string(path).ok()?)).sum();
        self.seen.extend(new);
        count
    }

    fn command(&self, command: &str) {
        let said = Command::new("vgdb").arg(format!("--pid={}", self.pid)).args(command.split(' ')).output().expect("vgdb");
        assert!(said.status.success(), "vgdb {command}: {}", String::from_utf8_lossy(&said.stderr));
    }
}

async fn units(place: &Place, path: &Path, connection: &mut Connection, unit: &mut u64) {
    for _ in 0..path.unit {
        let request = (path.request)(place, RequestNumber { worker: 0, workers: 1, number: *unit });
        let mut response = connection.send(&request).await;
        let began = Instant::now();
        // The service is some fifty times slower here, and what it does in the background may block a write for too long.
        while response.status == 503 && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_secs(1)).await;
            response = connection.send(&request).await;
        }
        path.assert_accepted(&request, response.status, &response.body);
        *unit += 1;
    }
}
