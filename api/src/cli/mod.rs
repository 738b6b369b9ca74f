//! The commands of the binary.

mod audit;
mod grant;
mod greet;
mod healthcheck;
mod migrate;
mod openapi;
mod parse;
mod reach;
mod seed;
mod serve;
mod stop;
mod user;

use crate::config::{self, Config, LogFormat, ServeConfig};
use audit::AuditCommand;
use clap::{CommandFactory, Parser, Subcommand};
use migrate::MigrateOptions;
use openapi::OpenapiOptions;
use seed::SeedOptions;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use user::UserCommand;

/// Why a command failed, as text for the user.
pub type Failure = Box<dyn std::error::Error>;

/// Cases with a complete audit log.
#[derive(Parser)]
#[command(name = "casetrail", version, about)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    serve: ServeConfig,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default)
    Serve,
    /// Update the database schema to this version
    Migrate(MigrateOptions),
    /// Fill an empty database with a history: the demo, or a given number of entries
    Seed(SeedOptions),
    /// Write the contract, or check that the committed one is current
    Openapi(OpenapiOptions),
    /// Check what is derived from the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Create users without a running service
    #[command(subcommand)]
    User(UserCommand),
    /// Check whether a running service is ready; exits 1 if not
    Healthcheck,
}

/// The whole process: runs its command and prints why it failed.
pub async fn main() -> ExitCode {
    crate::tls::use_ring();
    match run().await {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write;
            // A closed standard error is no reason to fail differently.
            let _ = writeln!(std::io::stderr(), "casetrail: {error}");
            if audit::is_named(std::env::args_os()) { audit::COULD_NOT_RUN.into() } else { ExitCode::FAILURE }
        }
    }
}

/// Runs the command that the process was started with.
async fn run() -> Result<ExitCode, Failure> {
    config::ensure_known_variables(&variables(), std::env::vars_os())?;
    let Cli { config, serve, command } = parse::parse()?;
    start_logging(&config)?;
    let done = match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&config, &serve).await,
        Command::Migrate(options) => migrate::run(&config, &options).await,
        Command::Seed(options) => seed::run(&config, &serve, &options).await,
        Command::Openapi(options) => openapi::run(&options),
        Command::Audit(command) => return audit::run(&config, &command).await,
        Command::User(command) => user::run(&config, command).await,
        Command::Healthcheck => healthcheck::run(serve.bind),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The environment variables that the service reads, in the order of its help. Any other `CASETRAIL_…` aborts the start.
pub fn variables() -> Vec<String> {
    let command = Cli::command();
    let names = command.get_arguments().filter_map(|argument| argument.get_env());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

fn start_logging(config: &Config) -> Result<(), Failure> {
    // What the libraries log at a normal start isn't useful, and a client that sends something other than HTTP isn't an error of
    // the service; naming them in CASETRAIL_LOG enables their messages.
    let directives = format!("sea_orm_migration=warn,actix_server=warn,actix_http=off,{}", config.log);
    let filter = EnvFilter::try_new(directives).map_err(|error| format!("CASETRAIL_LOG: {error}"))?;
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Pretty => logging.with_target(false).init(),
        LogFormat::Json => logging.json().flatten_event(true).with_current_span(true).with_span_list(false).init(),
    }
    Ok(())
}

/// Prints a line; a closed standard output is no reason to fail.
fn say(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
