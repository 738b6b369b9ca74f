//! `casetrail audit`: checks of what is derived from the audit log, without a running service. They exit 0 if everything is as it
//! should be, 1 if not, and 2 if they could not run.

mod recount;

use super::Failure;
use crate::config::Config;
use clap::Subcommand;
use recount::RecountOptions;
use std::ffi::OsString;
use std::process::ExitCode;

/// The exit code for a check that could not run; clap's own for a wrong command line is the same.
pub const COULD_NOT_RUN: u8 = 2;

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Count the sealed entries again and compare them with the rollups that reports are answered from; exits 1 if they differ, 2
    /// if it could not run
    Recount(RecountOptions),
}

pub async fn run(config: &Config, command: &AuditCommand) -> Result<ExitCode, Failure> {
    let is_right = match command {
        AuditCommand::Recount(options) => recount::run(config, options).await?,
    };
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the process was started for a check. Known before the command line is read, so that a wrong setting is not taken for
/// the result of a check.
pub fn is_named(mut words: impl Iterator<Item = OsString>) -> bool {
    words.any(|word| word == "audit")
}
