//! Flags and environment variables. Values of the environment are never shown; errors name the variable instead.

use super::{Cli, Failure};
use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Error, FromArgMatches};
use std::error::Error as _;
use std::ffi::OsStr;

/// Reads them. Help, versions and command line errors end the process with clap's own messages.
pub(super) fn parse() -> Result<Cli, Failure> {
    let mut command = without_empty_variables(without_values(Cli::command()));
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Ok(cli),
        Err(error) => match variable_at_fault(&command, &error) {
            Some(name) => Err(format!("{name}: {}", why(&error)).into()),
            None => error.exit(),
        },
    }
}

/// The values may be secret, and help output gets pasted.
fn without_values(command: Command) -> Command {
    command.mut_args(|arg| arg.hide_env_values(true)).mut_subcommands(without_values)
}

/// An empty variable counts as unset: compose files and `.env` files can't omit a variable.
fn without_empty_variables(command: Command) -> Command {
    command.mut_args(|argument| {
        let value = argument.get_env().and_then(std::env::var_os);
        if value.is_some_and(|value| value.to_string_lossy().trim().is_empty()) {
            argument.env(Resettable::Reset)
        } else {
            argument
        }
    })
}

/// The variable whose value was refused, unless the value came from its flag.
fn variable_at_fault(command: &Command, error: &Error) -> Option<String> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else { return None };
    let arg = command.get_arguments().find(|arg| arg.to_string() == *named)?;
    let is_given = arg.get_long().is_some_and(|flag| std::env::args_os().any(|word| is_flag(&word, flag)));
    if is_given { None } else { variable_of(arg) }
}

fn variable_of(arg: &Arg) -> Option<String> {
    arg.get_env().and_then(OsStr::to_str).map(str::to_owned)
}

fn is_flag(word: &OsStr, flag: &str) -> bool {
    let name = word.to_str().and_then(|word| word.strip_prefix("--"));
    name.is_some_and(|name| name.split('=').next() == Some(flag))
}

/// What is wrong with the value, without the value itself.
fn why(error: &Error) -> String {
    match (error.kind(), error.get(ContextKind::ValidValue), error.source()) {
        (ErrorKind::InvalidValue, Some(ContextValue::Strings(known)), _) if !known.is_empty() => {
            format!("must be one of: {}", known.join(", "))
        }
        (_, _, Some(source)) => source.to_string(),
        _ => "is not a valid value".to_owned(),
    }
}
