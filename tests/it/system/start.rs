//! The messages about invalid settings at start: they name the variable, and contain no value that may be secret.

use std::process::{Command, Stdio};

/// The output of the service when it is started with only these settings and exits by itself.
fn started(arguments: &[&str], settings: &[(&str, &str)]) -> (bool, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    command.args(arguments).env_clear().env("CASETRAIL_DATA_DIR", directory.path()).env("CASETRAIL_DEMO", "off");
    let output = command.envs(settings.iter().copied()).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

#[test]
fn help_prints_no_value_of_the_environment() {
    let settings = [
        ("CASETRAIL_DATABASE_URL", "postgres://casetrail:hunter2@db/casetrail"),
        ("CASETRAIL_SECRET", "hunter2-hunter2-hunter2-hunter2-hunter2"),
        ("CASETRAIL_STORAGE_URL", "s3://hunter2/"),
        ("CASETRAIL_SMTP_URL", "smtp://me:hunter2@mail.example.org"),
        ("CASETRAIL_PUBLIC_URL", "https://hunter2.example.org"),
        ("CASETRAIL_CORS_ORIGINS", "https://hunter2.example.org"),
        ("CASETRAIL_MAIL_FROM", "hunter2@example.org"),
        ("CASETRAIL_SCHEDULES", "hunter2"),
        ("CASETRAIL_LOG", "hunter2"),
    ];
    for arguments in
        [&["--help"][..], &["-h"], &["serve", "--help"], &["user", "create", "--help"], &["help"], &["migrate", "-h"]]
    {
        let (is_success, said) = started(arguments, &settings);
        assert!(is_success && said.contains("Usage"), "{arguments:?}: {said}");
        assert!(!said.contains("hunter2"), "{arguments:?}: {said}");
    }
    let (_, said) = started(&["--help"], &settings);
    assert!(said.contains("CASETRAIL_DATABASE_URL"), "{said}");
}

#[test]
fn an_invalid_value_is_reported_with_the_name_of_its_variable() {
    for (name, value, why) in [
        ("CASETRAIL_BIND", "somewhere", "invalid socket address"),
        ("CASETRAIL_METRICS_BIND", "9464", "invalid socket address"),
        ("CASETRAIL_ENV", "prod", "must be one of: development, production"),
        ("CASETRAIL_LOG_FORMAT", "xml", "must be one of: pretty, json"),
        ("CASETRAIL_DEMO", "maybe", "must be one of: on, off"),
        ("CASETRAIL_RATE_LIMIT", "1", "must be one of: on, off"),
        ("CASETRAIL_SCHEDULER", "yes", "must be one of: on, off"),
        ("CASETRAIL_TRUSTED_PROXIES", "10.0.0.0/8,proxy", "must be an IP address or a network"),
        ("CASETRAIL_TRUSTED_PROXIES", "10.0.0.1/8", "did you mean 10.0.0.0/8"),
        ("CASETRAIL_LOG", "a=b=c", ""),
        ("CASETRAIL_CORS_ORIGINS", "desk", "must contain origins"),
        ("CASETRAIL_SCHEDULES", "absent=* * * * *", ""),
        ("CASETRAIL_MAIL_FROM", "no-address", ""),
        ("CASETRAIL_DATABASE_URL", "mysql://x", "must begin with postgres:// or sqlite://"),
        ("CASETRAIL_STORAGE_URL", "x", ""),
        ("CASETRAIL_SMTP_URL", "x", ""),
        ("CASETRAIL_PAGE_DIR", "nowhere", "must be a folder with a file index.html"),
        ("CASETRAIL_SECRET", "short", "must have at least 32 characters"),
    ] {
        let (is_success, said) = started(&["serve"], &[(name, value)]);
        assert!(!is_success, "{name}={value}: {said}");
        assert!(said.starts_with(&format!("casetrail: {name}: ")) && said.contains(why), "{name}={value}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

/// Also where it is the address of everything else.
#[test]
fn an_address_that_is_taken_is_reported_with_the_name_of_its_variable() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let same = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for settings in [
        [("CASETRAIL_BIND", "127.0.0.1:0"), ("CASETRAIL_METRICS_BIND", taken.as_str())],
        [("CASETRAIL_BIND", same.as_str()), ("CASETRAIL_METRICS_BIND", same.as_str())],
    ] {
        let (is_success, said) = started(&["serve"], &settings);
        let last = said.lines().last().unwrap_or_default();
        assert!(!is_success && last.starts_with("casetrail: CASETRAIL_METRICS_BIND: "), "{said}");
    }
}

#[test]
fn an_invalid_flag_is_reported_as_a_flag() {
    let (is_success, said) = started(&["--bind=somewhere"], &[("CASETRAIL_BIND", "127.0.0.1:0")]);
    assert!(!is_success && said.contains("--bind") && said.contains("Usage") || said.contains("--help"), "{said}");
}

/// In their correct places or in wrong ones.
#[test]
fn an_error_message_repeats_no_secret() {
    for (name, value) in [
        ("CASETRAIL_STORAGE_URL", "s3://key:hunter2@bucket"),
        ("CASETRAIL_STORAGE_URL", "s3://hunter2@bucket/prefix"),
        ("CASETRAIL_STORAGE_URL", "s3://key:hunter2@"),
        ("CASETRAIL_STORAGE_URL", "s3://bucket?secret_access_key=hunter2"),
        ("CASETRAIL_STORAGE_URL", "s3://bucket?hunter2"),
        ("CASETRAIL_STORAGE_URL", "s3://bucket?endpoint=https://key:hunter2@minio:9000"),
        ("CASETRAIL_STORAGE_URL", "s3://bucket?endpoint=hunter2"),
        ("CASETRAIL_STORAGE_URL", "https://key:hunter2@bucket"),
        ("CASETRAIL_STORAGE_URL", "hunter2"),
        ("CASETRAIL_SMTP_URL", "imap://me:hunter2@mail.example.org"),
        ("CASETRAIL_SMTP_URL", "smtp://me:hunter2@mail.example.org:port"),
        ("CASETRAIL_SMTP_URL", "smtp://me:pass?tls=hunter2@mail.example.org"),
        ("CASETRAIL_SMTP_URL", "hunter2://mail.example.org"),
        ("CASETRAIL_DATABASE_URL", "hunter2"),
        ("CASETRAIL_DATABASE_URL", "mysql://me:hunter2@db"),
        ("CASETRAIL_DATABASE_URL", "postgres://me:hunter2@127.0.0.1:port/casetrail"),
        ("CASETRAIL_DATABASE_URL", "postgres://me:hunter2@127.0.0.1/casetrail?sslmode=hunter2"),
        ("CASETRAIL_DATABASE_URL", "sqlite://casetrail.db?mode=hunter2"),
        ("CASETRAIL_SECRET", "hunter2"),
        ("CASETRAIL_PUBLIC_URL", "https://me:hunter2@desk.example.org"),
        ("CASETRAIL_PUBLIC_URL", "hunter2/casetrail"),
        ("CASETRAIL_PUBLIC_URL", "https://desk.example.org/casetrail?hunter2"),
        ("CASETRAIL_CORS_ORIGINS", "https://me:hunter2@desk.example.org/"),
        ("CASETRAIL_TRUSTED_PROXIES", "hunter2"),
        ("CASETRAIL_BIND", "hunter2"),
        ("CASETRAIL_METRICS_BIND", "hunter2"),
        ("CASETRAIL_ENV", "hunter2"),
        ("CASETRAIL_PAGE_DIR", "hunter2"),
    ] {
        let (is_success, said) = started(&["serve"], &[(name, value)]);
        assert!(!is_success && !said.contains("hunter2"), "{name}={value}: {said}");
        assert!(said.contains(name), "{name}={value}: {said}");
    }
}
