//! Compares counts with those of the last run: statements, rows and instructions, which no clock and no other load changes.

use serde_json::{Map, Value as Json};

/// How much more a count may be, in percent.
pub const MORE_MAX: u64 = 10;

/// A count that differs from the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path in the file, such as `postgres/edit/statements`.
    pub name: String,
    pub last: u64,
    pub now: u64,
}

impl Change {
    /// Whether it is a regression.
    pub fn is_too_much(&self) -> bool {
        u128::from(self.now) * 100 > u128::from(self.last) * u128::from(100 + MORE_MAX)
    }
}

/// The counts that differ, by name. Counts that only one side has are not compared: a new path, or a tool that is not installed.
pub fn changes(last: &Json, now: &Json) -> Vec<Change> {
    let mut found = Vec::new();
    compare("", last, now, &mut found);
    found
}

fn compare(at: &str, last: &Json, now: &Json, found: &mut Vec<Change>) {
    if let (Json::Object(last), Json::Object(now)) = (last, now) {
        for (name, now) in now {
            let Some(last) = last.get(name) else { continue };
            let at = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
            compare(&at, last, now, found);
        }
    } else if let (Some(last), Some(now)) = (last.as_u64(), now.as_u64())
        && last != now
    {
        found.push(Change { name: at.to_owned(), last, now });
    }
}

/// The counts of this run in the place of the last ones; what was not counted keeps its last value.
pub fn merged(last: &Json, now: &Json) -> Json {
    match (last, now) {
        (Json::Object(last), Json::Object(now)) => {
            let mut all: Map<String, Json> = last.clone();
            for (name, now) in now {
                let value = last.get(name).map_or_else(|| now.clone(), |last| merged(last, now));
                all.insert(name.clone(), value);
            }
            Json::Object(all)
        }
        _ => now.clone(),
    }
}
