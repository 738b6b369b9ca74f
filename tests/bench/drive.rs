//! Sends a path's requests in a closed loop for some time, and measures what they cost.

use crate::paths::{Path, RequestNumber};
use crate::place::Place;
use crate::wire::Connection;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// What one measurement found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// CPU of service and database per request, in milliseconds.
    pub ms: f64,
    pub per_second: f64,
    /// How much more memory the service had at most than before, in MiB.
    pub more_mib: f64,
}

/// Requests a path again and again for this long, each connection one request after the other.
pub async fn drive(place: &Place, path: &Path, time: Duration) -> Cost {
    let headers = place.headers(path.by).await;
    // What is prepared, cached or loaded on first use is not counted.
    join_all((0..path.connections).map(|worker| requests(place, path, &headers, worker, Duration::ZERO))).await;
    let memory = begin(place);
    let (began, before) = (Instant::now(), place.meter.read());
    let counts = join_all((0..path.connections).map(|worker| requests(place, path, &headers, worker, time))).await;
    let (cpu, seconds) = (place.meter.read() - before, began.elapsed().as_secs_f64());
    let count = counts.iter().sum::<u64>() as f64;
    let more_kib = place.process.memory("VmHWM").saturating_sub(memory);
    Cost { ms: cpu / count, per_second: count / seconds, more_mib: more_kib as f64 / 1_024.0 }
}

/// Resets the peak of the service's memory; returns what it has now, in KiB.
pub fn begin(place: &Place) -> u64 {
    place.process.reset_peak();
    place.process.memory("VmRSS")
}

async fn requests(place: &Place, path: &Path, headers: &str, worker: u64, time: Duration) -> u64 {
    let mut connection = Connection::open(place.process.address(), headers.to_owned()).await;
    let (began, mut number) = (Instant::now(), 0);
    loop {
        for _ in 0..path.unit {
            let request = (path.request)(place, RequestNumber { worker, workers: path.connections, number });
            let response = connection.send(&request).await;
            path.assert_accepted(&request, response.status, &response.body);
            number += 1;
        }
        if began.elapsed() >= time {
            return number;
        }
    }
}
