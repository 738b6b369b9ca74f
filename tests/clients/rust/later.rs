//! The client that openapi-generator generates, with responses of a later version: what it doesn't know is kept as it came.

use casetrail::models::{AuditEntryList, Problem};
use std::error::Error;
use std::fs::read_to_string;

const LATER: &str = "of_a_later_version";

fn main() -> Result<(), Box<dyn Error>> {
    let page: AuditEntryList = serde_json::from_str(&read_to_string("page.json")?)?;
    assert!(!page.data.is_empty());
    for entry in &page.data {
        let values = [&entry.action_type, &entry.category, &entry.outcome, &entry.source, &entry.actor_type];
        assert!(values.into_iter().all(|value| value == LATER), "{entry:?}");
        assert!(entry.actor.as_ref().is_none_or(|actor| actor.role == LATER), "{entry:?}");
    }
    let problem: Problem = serde_json::from_str(&read_to_string("problem.json")?)?;
    assert_eq!(problem.code, LATER);
    println!("{} entries of a later version", page.data.len());
    Ok(())
}
