//! `casetrail openapi`: writes `openapi.yaml`, or with `--check` reports whether the committed one is current. With `--release`
//! it keeps a copy, so that the tests detect whatever is removed or narrowed from then on.

use super::{Failure, say};
use crate::openapi::{contract, texts};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct OpenapiOptions {
    /// Only compare; exits 1 if the file is stale
    #[arg(long)]
    check: bool,
    /// Also keep it as the contract of its version
    #[arg(long, conflicts_with = "check")]
    release: bool,
    /// The file of the contract
    #[arg(long, default_value = "openapi.yaml")]
    file: PathBuf,
}

/// Where the released contracts are kept, by version.
fn released() -> PathBuf {
    PathBuf::from(format!("tests/contract/released/openapi-{}.yaml", contract().info.version))
}

fn write(file: &Path, text: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text)?;
    say(format_args!("{} written", file.display()));
    Ok(())
}

pub fn run(options: &OpenapiOptions) -> Result<(), Failure> {
    let current = texts(&contract())?.yaml;
    let file = options.file.display();
    if !options.check {
        write(&options.file, &current)?;
        return if options.release { write(&released(), &current) } else { Ok(()) };
    }
    let committed = std::fs::read(&options.file).map_err(|error| format!("{file}: {error}"))?;
    if committed != current {
        return Err(format!("{file} is stale: run `cargo openapi`").into());
    }
    say(format_args!("{file} is current"));
    Ok(())
}
