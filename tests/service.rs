//! The service as started by `casetrail`, in a process that a test can kill.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    api::cli::main().await
}
