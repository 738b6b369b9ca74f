//! The settings of the process: each has a flag, an environment variable and a line in `.env.example`.

use crate::wire::byte_size::ByteSize;
use crate::wire::secret::Secret;
use crate::wire::{cors_origin, forwarded};
use actix_web::http::Uri;
use clap::{Args, ValueEnum};
use entity::db::is_readable;
use ipnet::IpNet;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// A setting that prevents the start, by its name.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {why}")]
pub struct ConfigError {
    pub name: &'static str,
    pub why: String,
}

/// The settings shared by all commands.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// PostgreSQL (`postgres://…`) or an SQLite file (`sqlite://…`); by default a file in the data directory
    #[arg(long, env = "CASETRAIL_DATABASE_URL", global = true)]
    pub database_url: Option<String>,
    /// Directory of the embedded database and the development secret
    #[arg(long, env = "CASETRAIL_DATA_DIR", default_value = "./data", global = true)]
    pub data_dir: PathBuf,
    /// In production, settings that are only for evaluation prevent the start
    #[arg(long, env = "CASETRAIL_ENV", default_value = "development", global = true)]
    pub env: Environment,
    /// Seals the signing keys stored in the database: at least 32 characters. Generated in development
    #[arg(long, env = "CASETRAIL_SECRET", global = true)]
    pub secret: Option<String>,
    /// Log filter, such as `info` or `warn,api=debug`
    #[arg(long, env = "CASETRAIL_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Log format
    #[arg(long, env = "CASETRAIL_LOG_FORMAT", default_value = "pretty", global = true)]
    pub log_format: LogFormat,
}

/// The settings of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeConfig {
    /// Storage of the documents: a directory (`file:///…`) or an S3-compatible bucket (`s3://bucket/prefix`, with `?endpoint=…`
    /// and `&region=…` for servers other than AWS); by default the directory `documents` in the data directory
    #[arg(long, env = "CASETRAIL_STORAGE_URL")]
    pub storage_url: Option<String>,
    /// Minimum free space on the volumes of the documents and the SQLite file for uploads to be accepted: bytes, or with a unit
    #[arg(long, env = "CASETRAIL_MIN_FREE_SPACE", default_value = "256MiB")]
    pub min_free_space: ByteSize,
    /// Address and port to listen on
    #[arg(long, env = "CASETRAIL_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Address and port at which `/metrics` is served, and then nowhere else; by default it is served with everything else
    #[arg(long, env = "CASETRAIL_METRICS_BIND")]
    pub metrics_bind: Option<SocketAddr>,
    /// How many seconds requests are still served after SIGTERM, while `/readyz` returns 503
    #[arg(long, env = "CASETRAIL_DRAIN_SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(..=600))]
    pub drain_seconds: u64,
    /// Whether to fill a new database with the demo: by default only if the start creates an SQLite file
    #[arg(long, env = "CASETRAIL_DEMO")]
    pub demo: Option<Switch>,
    /// The public address of the service, such as https://cases.example.org/casetrail: printed at the start, and its path begins
    /// the references in responses
    #[arg(long, env = "CASETRAIL_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Folder of the page that is served at `/`, read at each request, for those who change it; by default the page inside the
    /// binary
    #[arg(long, env = "CASETRAIL_PAGE_DIR")]
    pub page_dir: Option<PathBuf>,
    /// Reverse proxies whose X-Forwarded-For is trusted: addresses and networks (10.0.0.0/8), separated by commas
    #[arg(long, env = "CASETRAIL_TRUSTED_PROXIES", value_delimiter = ',', value_parser = forwarded::network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose browsers may call the API (CORS), such as https://desk.example.org, separated by commas; * for any, in
    /// development only
    #[arg(long, env = "CASETRAIL_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,
    /// Whether to count requests and refuse those over the limit; off if a gateway does it
    #[arg(long, env = "CASETRAIL_RATE_LIMIT", default_value = "on")]
    pub rate_limit: Switch,
    /// Maximum number of open connections; beyond it an idle one is closed for each new one
    #[arg(long, env = "CASETRAIL_MAX_CONNECTIONS", default_value = "8192")]
    pub max_connections: NonZeroUsize,
    /// Maximum number of open connections per client address; trusted proxies are exempt
    #[arg(long, env = "CASETRAIL_MAX_CONNECTIONS_PER_ADDRESS", default_value = "256")]
    pub max_connections_per_address: NonZeroUsize,
    /// Maximum number of requests processed at once; further requests get 503 until there are fewer
    #[arg(long, env = "CASETRAIL_MAX_REQUESTS", default_value = "256")]
    pub max_requests: NonZeroUsize,
    /// Whether this process runs the jobs on their schedules; off if others do
    #[arg(long, env = "CASETRAIL_SCHEDULER", default_value = "on")]
    pub scheduler: Switch,
    /// Schedules that replace the jobs' own: cron expressions in the settings' time zone, such as
    /// `send_scheduled_emails=*/5 * * * *`, separated by semicolons
    #[arg(long, env = "CASETRAIL_SCHEDULES", value_delimiter = ';')]
    pub schedules: Vec<String>,
    /// The mail server, such as smtp://user:password@mail.example.org:587?tls=required; without one, emails are only logged
    #[arg(long, env = "CASETRAIL_SMTP_URL")]
    pub smtp_url: Option<String>,
    /// The sender of emails
    #[arg(long, env = "CASETRAIL_MAIL_FROM", default_value = "Casetrail <casetrail@localhost>")]
    pub mail_from: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    Development,
    Production,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Pretty,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// Secrets used in examples.
const WELL_KNOWN: [&str; 3] = ["change-me", "secret", "password"];
const SECRET_LENGTH_MIN: usize = 32;

/// Refuses variables with the service's prefix that aren't known: a misspelled setting must not silently get its default. Values
/// that aren't valid text are refused too.
pub fn ensure_known_variables(known: &[String], variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), String> {
    let named = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = named.filter(|(name, _)| name.starts_with("CASETRAIL_") && !name.starts_with("CASETRAIL_TEST_"));
    let (known, unknown): (Vec<_>, Vec<_>) = ours.partition(|(name, _)| known.contains(name));
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.into_iter().map(|(name, _)| name).collect();
        return Err(format!("unknown environment variable: {}", names.join(", ")));
    }
    match known.iter().find(|(_, value)| value.to_str().is_none()) {
        Some((name, _)) => Err(format!("{name}: must be valid UTF-8")),
        None => Ok(()),
    }
}

impl Config {
    /// The database, and whether it is a file in the data directory that does not exist yet.
    pub fn database(&self) -> Result<(String, bool), ConfigError> {
        let refused = |why: &str| Err(ConfigError { name: "CASETRAIL_DATABASE_URL", why: why.to_owned() });
        match &self.database_url {
            Some(url) if is_database(url) && !is_readable(url) => {
                refused("is not a valid URL: percent-encode the password, use a number as port and only the driver's options")
            }
            Some(url) if ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) => {
                Ok((url.clone(), false))
            }
            Some(url) if url.starts_with("sqlite:") => {
                let path = url.trim_start_matches("sqlite://").trim_start_matches("sqlite:").split('?').next();
                let is_new = path.is_some_and(|path| !Path::new(path).exists());
                Ok((url.clone(), is_new))
            }
            Some(_) => refused("must begin with postgres:// or sqlite://"),
            None => {
                self.make_data_dir()?;
                let file = self.data_dir.join("casetrail.db");
                Ok((format!("sqlite://{}?mode=rwc", file.display()), !file.exists()))
            }
        }
    }

    /// The secret: configured, or in development stored in the data directory.
    pub fn secret(&self) -> Result<Secret, ConfigError> {
        let refused = |why: &str| Err(ConfigError { name: "CASETRAIL_SECRET", why: why.to_owned() });
        match (&self.secret, self.env) {
            (Some(text), _) if text.len() < SECRET_LENGTH_MIN => {
                refused(&format!("must have at least {SECRET_LENGTH_MIN} characters"))
            }
            (Some(text), Environment::Production) if is_guessable(text) => refused("is a well-known secret"),
            (Some(text), _) => Ok(Secret::new(text.clone())),
            (None, Environment::Production) => refused("is required in production"),
            (None, Environment::Development) => self.kept_secret(),
        }
    }

    fn kept_secret(&self) -> Result<Secret, ConfigError> {
        self.make_data_dir()?;
        let file = self.data_dir.join("secret");
        if let Ok(text) = std::fs::read_to_string(&file) {
            return Ok(Secret::new(text.trim().to_owned()));
        }
        let secret = Secret::random();
        let kept = std::fs::write(&file, secret.reveal()).and_then(|()| only_for_the_owner(&file));
        let why = |error| ConfigError { name: "CASETRAIL_DATA_DIR", why: format!("{}: {error}", file.display()) };
        kept.map(|()| secret).map_err(why)
    }

    fn make_data_dir(&self) -> Result<(), ConfigError> {
        let why = |error| ConfigError { name: "CASETRAIL_DATA_DIR", why: format!("{}: {error}", self.data_dir.display()) };
        std::fs::create_dir_all(&self.data_dir).map_err(why)
    }
}

impl ServeConfig {
    /// The path of the public address, without a slash at its end: where a reverse proxy serves the service; empty at the root of
    /// its host. The start prints the address, so it must not contain a password.
    pub fn public_path(&self) -> Result<String, ConfigError> {
        let refused = |why: &str| Err(ConfigError { name: "CASETRAIL_PUBLIC_URL", why: why.to_owned() });
        match &self.public_url {
            None => Ok(String::new()),
            Some(url) if url.contains('@') => refused("must not contain a username or a password"),
            Some(url) => match path_of(url) {
                Some(path) => Ok(path),
                None => refused("must be an address such as https://cases.example.org/casetrail, without query or fragment"),
            },
        }
    }

    /// The folder of the page, if it is not the one inside the binary.
    pub fn page_dir(&self) -> Result<Option<PathBuf>, ConfigError> {
        let is_page = self.page_dir.as_ref().is_none_or(|folder| folder.join("index.html").is_file());
        let why = || ConfigError { name: "CASETRAIL_PAGE_DIR", why: "must be a folder with a file index.html".to_owned() };
        if is_page { Ok(self.page_dir.clone()) } else { Err(why()) }
    }

    /// The origins of `CASETRAIL_CORS_ORIGINS`, each spelled as a browser spells it.
    pub fn cors_origins(&self, config: &Config) -> Result<Vec<String>, ConfigError> {
        let refused = |why: String| Err(ConfigError { name: "CASETRAIL_CORS_ORIGINS", why });
        let given = self.cors_origins.iter().map(|origin| origin.trim()).filter(|origin| !origin.is_empty());
        let given: Vec<&str> = given.collect();
        for origin in &given {
            match (*origin, config.env) {
                (cors_origin::ANY, Environment::Development) => {}
                (cors_origin::ANY, Environment::Production) => return refused("* is for development only".to_owned()),
                (origin, _) if cors_origin::is_origin(origin) => {}
                _ => return refused("must contain origins such as https://desk.example.org".to_owned()),
            }
        }
        Ok(given.into_iter().map(str::to_owned).collect())
    }

    /// Whether the start fills the database with the demo.
    pub fn wants_demo(&self, config: &Config, is_new_file: bool) -> Result<bool, ConfigError> {
        match (self.demo, config.env) {
            (Some(Switch::On), Environment::Production) => {
                Err(ConfigError { name: "CASETRAIL_DEMO", why: "the demo's passwords are well-known".to_owned() })
            }
            (Some(Switch::On), Environment::Development) => Ok(true),
            (Some(Switch::Off), _) | (None, Environment::Production) => Ok(false),
            (None, Environment::Development) => Ok(is_new_file),
        }
    }
}

/// The maximum length of the path of the public address.
const PUBLIC_PATH_LENGTH_MAX: usize = 128;

/// The path of an address of the web, without a slash at its end.
fn path_of(url: &str) -> Option<String> {
    let uri = url.parse::<Uri>().ok().filter(|uri| uri.query().is_none() && !url.contains('#'))?;
    let is_of_the_web = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
    let is_plain = |part: &str| {
        let letters = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~%".contains(&letter);
        !["", ".", ".."].contains(&part) && part.bytes().all(letters)
    };
    let is_path = path.len() <= PUBLIC_PATH_LENGTH_MAX && path.split('/').skip(1).all(is_plain);
    (is_of_the_web && is_path).then(|| path.to_owned())
}

fn is_database(url: &str) -> bool {
    ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| url.starts_with(scheme))
}

fn is_guessable(secret: &str) -> bool {
    let distinct: std::collections::HashSet<char> = secret.chars().collect();
    distinct.len() < 8 || WELL_KNOWN.iter().any(|known| secret.to_lowercase().contains(known))
}

#[cfg(unix)]
fn only_for_the_owner(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn only_for_the_owner(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_variable_stops_the_start() {
        let names = |names: &[&str]| names.iter().map(|name| ((*name).into(), "x".into())).collect::<Vec<_>>().into_iter();
        let known = ["CASETRAIL_BIND".to_owned()];
        assert!(ensure_known_variables(&known, names(&["PATH", "CASETRAIL_BIND", "CASETRAIL_TEST_POSTGRES_URL"])).is_ok());
        let refused = ensure_known_variables(&known, names(&["CASETRAIL_DATABSE_URL"])).unwrap_err();
        assert!(refused.contains("CASETRAIL_DATABSE_URL"));
    }

    #[test]
    fn the_path_of_the_public_address_begins_references() {
        for (url, path) in [
            ("https://cases.example.org", Some("")),
            ("https://cases.example.org/", Some("")),
            ("http://127.0.0.1:8080", Some("")),
            ("http://[::1]:8080/casetrail", Some("/casetrail")),
            ("https://cases.example.org/casetrail/", Some("/casetrail")),
            ("https://cases.example.org/office/case-trail", Some("/office/case-trail")),
            ("cases.example.org", None),
            ("cases.example.org/casetrail", None),
            ("/casetrail", None),
            ("ftp://cases.example.org", None),
            ("https://cases.example.org/?a=1", None),
            ("https://cases.example.org/casetrail#top", None),
            ("https://cases.example.org//casetrail", None),
            ("https://cases.example.org/casetrail//", None),
            ("https://cases.example.org/../casetrail", None),
            ("https://cases.example.org/a>b", None),
            ("https://cases.example.org/é", None),
        ] {
            assert_eq!(path_of(url).as_deref(), path, "{url}");
        }
        assert_eq!(path_of(&format!("https://cases.example.org/{}", "x".repeat(128))), None);
    }

    #[test]
    fn secrets_from_examples_are_guessable() {
        assert!(is_guessable("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        assert!(is_guessable("please-change-me-before-production-0123"));
        assert!(!is_guessable(Secret::random().reveal()));
    }
}
