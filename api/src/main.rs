//! The one binary: reads its command and runs it.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    match api::cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // A closed standard error is no reason to fail differently.
            let _ = writeln!(std::io::stderr(), "casetrail: {error}");
            ExitCode::FAILURE
        }
    }
}
