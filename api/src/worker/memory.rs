//! Returns freed memory to the system while the service is idle: the allocator does so only where pages are allocated or freed,
//! and would keep the memory of the start, or of a large report, until the next one.

use std::hint::black_box;
use std::time::Duration;

/// Longer than the allocator keeps freed pages for the next use.
const EVERY: Duration = Duration::from_secs(2);
/// Larger than what a thread keeps for itself, so that the allocator looks for pages that it has kept long enough.
const BYTES: usize = 1 << 20;

/// Runs until the process ends.
pub async fn run() {
    loop {
        tokio::time::sleep(EVERY).await;
        drop(black_box(Vec::<u8>::with_capacity(BYTES)));
    }
}
