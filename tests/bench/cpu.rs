//! The processor time of the service and of its database.

use crate::parse::{Ticks, nanoseconds, ticks};
use std::fs;

/// The length of a tick, in milliseconds: Linux reports a hundred a second to programs, whatever the kernel's own rate is.
const TICK_MS: f64 = 10.0;

/// The processes whose processor time counts.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// With all of their threads.
    processes: Vec<u32>,
    /// With all of its backends, those that have ended included.
    postmaster: Option<u32>,
}

impl Meter {
    pub fn new(processes: Vec<u32>, postmaster: Option<u32>) -> Self {
        Self { processes, postmaster }
    }

    /// The same with one more process.
    pub fn with(&self, process: u32) -> Self {
        let mut with = self.clone();
        with.processes.push(process);
        with
    }

    /// The same with this process itself, for work that it does as a client of the database.
    pub fn with_self(&self) -> Self {
        self.with(std::process::id())
    }

    /// The processor time so far, in milliseconds.
    pub fn read(&self) -> f64 {
        let own: f64 = self.processes.iter().filter_map(|pid| stat(*pid)).map(|ticks| ms(ticks.own)).sum();
        own + self.postmaster.map_or(0.0, of_postgres)
    }
}

/// The parent of a process.
pub fn parent(pid: u32) -> Option<u32> {
    stat(pid).map(|ticks| ticks.parent)
}

fn of_postgres(postmaster: u32) -> f64 {
    let ended = stat(postmaster).map_or(0.0, |ticks| ms(ticks.ended_children));
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let live: f64 = pids.filter(|pid| *pid == postmaster || parent(*pid) == Some(postmaster)).map(precisely).sum();
    ended + live
}

/// A process of one thread, by its nanoseconds: there are many of them, and ticks would round each.
fn precisely(pid: u32) -> f64 {
    let exact = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok().and_then(|text| nanoseconds(&text));
    exact.map_or_else(|| stat(pid).map_or(0.0, |ticks| ms(ticks.own)), |exact| exact as f64 / 1e6)
}

fn stat(pid: u32) -> Option<Ticks> {
    ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn ms(ticks: u64) -> f64 {
    ticks as f64 * TICK_MS
}
