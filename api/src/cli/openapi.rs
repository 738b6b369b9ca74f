//! `casetrail openapi`: writes `openapi.yaml`, or with `--check` says whether the committed one is current.

use super::{Failure, say};
use crate::openapi::{Texts, contract};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// Only compare; exits 1 if the file is stale
    #[arg(long)]
    check: bool,
    /// The file
    #[arg(long, default_value = "openapi.yaml")]
    file: PathBuf,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let current = Texts::of(&contract())?.yaml;
    let file = options.file.display();
    if !options.check {
        std::fs::write(&options.file, current)?;
        say(format_args!("{file} is written"));
        return Ok(());
    }
    let committed = std::fs::read_to_string(&options.file).map_err(|error| format!("{file}: {error}"))?;
    if committed != current {
        return Err(format!("{file} is stale: run `cargo openapi`").into());
    }
    say(format_args!("{file} is current"));
    Ok(())
}
