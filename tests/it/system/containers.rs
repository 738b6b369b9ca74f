//! What containers need: images by digest, a numeric user id, client addresses behind the bridge, logs without probes.

use crate::system::configuration::file;
use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

fn compose() -> yaml_serde::Value {
    yaml_serde::from_str(&file("docker-compose.yml")).expect("YAML")
}

/// A tag may refer to another image tomorrow.
#[test]
fn every_base_image_is_pinned_by_its_digest() {
    let (compose, dockerfile) = (compose(), file(".docker/Dockerfile"));
    let services = compose["services"].as_mapping().expect("services").values();
    let pulled = services.filter(|service| service.get("build").is_none()).map(|service| service["image"].as_str());
    let mut images: Vec<&str> = pulled.map(|image| image.expect("an image")).collect();
    assert!(images.len() > 3, "{images:?}");
    let stages = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM "));
    images.extend(stages.map(|stage| stage.split(' ').next().unwrap_or_default()));
    for image in images {
        let (tagged, digest) = image.split_once("@sha256:").unwrap_or((image, ""));
        assert!(digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()), "{image} has no digest");
        assert!(tagged.contains(':'), "{image} does not say which version it is");
    }
}

#[test]
fn the_image_and_its_containers_run_with_a_numeric_user_id() {
    let image = file(".docker/Dockerfile");
    let users: Vec<&str> = image.lines().filter_map(|line| line.strip_prefix("USER ")).collect();
    assert_eq!(users, ["10001:10001"]);
    let compose = compose();
    for service in ["casetrail", "migrate"] {
        assert_eq!(compose["services"][service]["user"].as_str(), Some("10001:10001"), "{service}");
    }
}

/// The service can neither change the schema nor alter the log; the owner's password is known to what migrates alone.
#[test]
fn the_service_connects_as_a_role_that_owns_nothing() {
    let compose = compose();
    let service = |name: &str| compose["services"][name].clone();
    let url = |name: &str| service(name)["environment"]["CASETRAIL_DATABASE_URL"].as_str().expect("a URL").to_owned();
    assert!(url("casetrail").starts_with("postgres://casetrail_app:${POSTGRES_SERVING_PASSWORD:"), "{}", url("casetrail"));
    assert!(url("migrate").starts_with("postgres://casetrail:${POSTGRES_PASSWORD:"), "{}", url("migrate"));
    assert_eq!(service("database")["environment"]["POSTGRES_USER"].as_str(), Some("casetrail"));
    let command: Vec<String> = yaml_serde::from_value(service("migrate")["command"].clone()).expect("a command");
    assert_eq!(command, ["migrate", "--grant-to", "casetrail_app"]);
    let first = |name: &str| {
        let awaited = service(name)["depends_on"].as_mapping().expect("what it waits for").clone();
        awaited.keys().filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!([first("casetrail"), first("migrate"), first("role")], [["migrate"], ["role"], ["database"]]);
    let role = file(".docker/database/role.sql");
    assert!(
        role.contains("ALTER ROLE casetrail_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"),
        "{role}"
    );
}

/// Otherwise the log would contain the bridge's address for every client.
#[test]
fn the_gateway_of_the_fixed_network_is_trusted() {
    let compose = compose();
    let network = &compose["networks"]["default"]["ipam"]["config"][0];
    let (subnet, gateway) = (network["subnet"].as_str().expect("a subnet"), network["gateway"].as_str().expect("a gateway"));
    assert_eq!(subnet.strip_suffix("0/24").and_then(|first| gateway.strip_prefix(first)), Some("1"), "{gateway} of {subnet}");
    let trusted = compose["services"]["casetrail"]["environment"]["CASETRAIL_TRUSTED_PROXIES"].as_str().expect("a value");
    assert_eq!(trusted, format!("${{CASETRAIL_TRUSTED_PROXIES:-{gateway}}}"));
}

/// A value in `.env` would be ignored without a word.
#[test]
fn a_setting_of_the_compose_file_is_fixed_only_where_the_file_depends_on_it() {
    let compose = compose();
    let is_open = |name: &str, value: &yaml_serde::Value| {
        value.is_null() || value.as_str().is_some_and(|value| value.starts_with(&format!("${{{name}:")))
    };
    for service in ["casetrail", "migrate"] {
        let settings = compose["services"][service]["environment"].as_mapping().expect("settings");
        let settings = settings.iter().map(|(name, value)| (name.as_str().expect("a name"), value));
        let fixed: Vec<&str> = settings.filter(|(name, value)| !is_open(name, value)).map(|(name, _)| name).collect();
        let own = ["CASETRAIL_ENV", "CASETRAIL_BIND", "CASETRAIL_DATABASE_URL"];
        assert!(fixed.iter().all(|name| own.contains(name)), "{service}: {fixed:?}");
    }
}

#[tokio::test]
async fn probes_are_not_logged_among_requests() {
    let directory = tempfile::tempdir().expect("a directory");
    let address = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").to_string();
    let mut service = Command::new(env!("CARGO_BIN_EXE_service"))
        .env_clear()
        .env("CASETRAIL_DATA_DIR", directory.path())
        .env("CASETRAIL_BIND", &address)
        .env("CASETRAIL_DEMO", "off")
        .env("CASETRAIL_LOG_FORMAT", "json")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let http = crate::app::http().build().expect("a client");
    let get = async |path: &str| http.get(format!("http://{address}{path}")).send().await.map(|answer| answer.status().as_u16());
    let starts = async {
        while get("/livez").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), starts).await.expect("a start");
    for path in ["/livez", "/readyz", "/metrics", "/problems/not_found"] {
        assert_eq!(get(path).await.expect("an answer"), 200, "{path}");
    }
    service.kill().expect("an end");
    service.wait().expect("an end");
    let mut log = String::new();
    service.stderr.take().expect("a log").read_to_string(&mut log).expect("a log");
    let requests: Vec<&str> = log.lines().filter(|line| line.contains("request completed")).collect();
    assert!(requests.len() == 1 && requests[0].contains("/problems"), "{log}");
}
