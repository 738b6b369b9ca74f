//! The only binary.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Returns freed pages to the system after 10 ms, its default; `MIMALLOC_PURGE_DELAY` (milliseconds) changes that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    api::cli::main().await
}
