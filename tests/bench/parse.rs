//! Reads what the kernel, PostgreSQL and other programs print.

use serde_json::Value as Json;

/// Processor time as `/proc/PID/stat` has it, in ticks of 10 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks {
    pub own: u64,
    /// Of the children that have ended and were waited for.
    pub ended_children: u64,
    pub parent: u32,
}

/// The figures of `/proc/PID/stat`. The name of the program may itself contain spaces and parentheses.
pub fn ticks(stat: &str) -> Option<Ticks> {
    let (_, figures) = stat.rsplit_once(')')?;
    let figures: Vec<&str> = figures.split_whitespace().collect();
    let figure = |at: usize| figures.get(at)?.parse::<u64>().ok();
    Some(Ticks {
        own: figure(11)? + figure(12)?,
        ended_children: figure(13)? + figure(14)?,
        parent: figures.get(1)?.parse().ok()?,
    })
}

/// The nanoseconds on a processor in `/proc/PID/schedstat`, or in that of a thread.
pub fn nanoseconds(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

/// Transactions and transactions per second, as pgbench reports them.
pub fn pgbench(report: &str) -> Option<(f64, f64)> {
    let after = |label: &str| report.lines().find_map(|line| line.strip_prefix(label)).map(str::trim_start);
    let number = |text: &str| text.split([' ', '/']).next().and_then(|number| number.parse::<f64>().ok());
    Some((number(after("number of transactions actually processed:")?)?, number(after("tps =")?)?))
}

/// The instructions in a profile of callgrind.
pub fn instructions(profile: &str) -> Option<u64> {
    let after = |label: &str| profile.lines().rev().find_map(|line| line.strip_prefix(label));
    after("totals:").or_else(|| after("summary:"))?.split_whitespace().next()?.parse().ok()
}

/// How many rows a plan of `EXPLAIN (ANALYZE, FORMAT JSON)` took from tables and indexes, those that a filter then dropped
/// included.
pub fn rows_read(plan: &Json) -> f64 {
    match plan {
        Json::Array(plans) => plans.iter().map(rows_read).sum(),
        Json::Object(node) => {
            let figure = |name: &str| node.get(name).and_then(Json::as_f64).unwrap_or_default();
            let kind = node.get("Node Type").and_then(Json::as_str).unwrap_or_default();
            let dropped = figure("Rows Removed by Filter") + figure("Rows Removed by Index Recheck");
            let is_of_a_table = kind.ends_with("Scan") && node.contains_key("Relation Name");
            let own = if is_of_a_table { (figure("Actual Rows") + dropped) * figure("Actual Loops").max(1.0) } else { 0.0 };
            own + ["Plan", "Plans"].iter().filter_map(|below| node.get(*below)).map(rows_read).sum::<f64>()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0.0,
    }
}

/// How many steps of a plan of SQLite's `EXPLAIN QUERY PLAN` pass through a whole table or index.
pub fn scans<L: AsRef<str>>(plan: &[L]) -> usize {
    plan.iter().filter(|line| line.as_ref().trim_start().starts_with("SCAN ")).count()
}
