//! How many edits a second SQLite takes from 16 connections, compared with a single one, which shares its COMMIT with no other:
//! on the disk as it is, and on one that takes 4 ms more for each sync.

use crate::app::simulated_disk;
use crate::drive::drive;
use crate::measure::Samples;
use crate::paths::{self, Path};
use crate::place::Place;
use std::time::Duration;

/// What is simulated, in microseconds, by the names of the figures.
const DELAYS: [(&str, u32); 2] = [("no delay", 0), ("4 ms more", 4_000)];

/// Measures the rates, and returns the place.
pub async fn rates(mut place: Place, time: Duration, samples: &mut Samples) -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let preload = simulated_disk(folder.path());
    for (name, delay) in DELAYS {
        place = place.started_by(&["env", &preload, &format!("SYNC_DELAY_US={delay}")]).await;
        for connections in [1, 16] {
            let edits = Path { connections, ..paths::edits() };
            let cost = drive(&place, &edits, time).await;
            samples.add(sample(name, connections), cost.per_second);
            place.until_sealed().await;
        }
    }
    place
}

/// The figures of both delays: their name, the rate of 16 connections, and of one.
pub fn figures(samples: &Samples) -> impl Iterator<Item = (&'static str, f64, f64)> {
    DELAYS.into_iter().filter_map(|(name, _)| Some((name, samples.median(&sample(name, 16))?, samples.median(&sample(name, 1))?)))
}

fn sample(delay: &str, connections: u64) -> String {
    format!("edits, {delay}, {connections}")
}
