//! What the service checks about its database when it starts.
#![expect(clippy::disallowed_methods, reason = "these tests set up the database")]

use crate::app::{Kind, Process, SERVING, Server, Settings, TestApp, Volume, fresh};
use entity::clock::Clock;
use entity::db::Limits;
use entity::registry;
use entity::start;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn command(url: &str, environment: &str) -> (Command, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    command.arg("serve").env_clear().env("CASETRAIL_DATABASE_URL", url).env("CASETRAIL_ENV", environment);
    command.env("CASETRAIL_DATA_DIR", folder.path()).env("CASETRAIL_BIND", "127.0.0.1:0").env("CASETRAIL_DEMO", "off");
    command.env("CASETRAIL_SECRET", "4f9a1c7e2b8d6035a1c9e7f3b5d80246").stdin(Stdio::null());
    (command, folder)
}

/// The output when it refuses to start.
async fn refused(url: &str, environment: &str) -> String {
    let (mut command, folder) = command(url, environment);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    drop(folder);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Allows for a machine that is busy with other tests.
fn limits() -> Limits {
    Limits { patience: Duration::from_secs(20), ..Limits::default() }
}

/// The names of all findings of a start.
async fn found(app: &TestApp, off: chrono::TimeDelta) -> Vec<&'static str> {
    let db = registry::connect(&app.url, limits(), Clock::system(), None).await.unwrap();
    let findings = start::findings(&db, Clock::system().now() + off).await.unwrap();
    // The tests' server is configured for speed.
    findings.iter().map(|finding| finding.name).filter(|name| !["fsync", "full_page_writes"].contains(name)).collect()
}

async fn set(app: &TestApp, setting: &str) {
    let name = app.url.rsplit_once('/').unwrap().1;
    app.outside.execute_unprepared(&format!("ALTER DATABASE {name} SET {setting}")).await.unwrap();
}

on_each_database! {
    async fn settings_that_would_break_a_guarantee_are_reported_by_name(app) {
        let none = chrono::TimeDelta::zero();
        if app.kind == Kind::Postgres {
            set(app, "synchronous_commit = on").await;
            assert_eq!(found(app, chrono::TimeDelta::seconds(-5)).await, ["clock"]);
        }
        assert_eq!(found(app, none).await, [""; 0]);
        if app.kind == Kind::Postgres {
            set(app, "synchronous_commit = off").await;
            assert_eq!(found(app, none).await, ["synchronous_commit"]);
        }
    }

    async fn a_time_zone_that_this_version_does_not_know_is_reported(app) {
        // As a version with newer data would leave it. No safeguard allows it from outside.
        let removal = match app.kind {
            Kind::Sqlite => "DROP TRIGGER settings_audited_update",
            Kind::Postgres => "ALTER TABLE settings DISABLE TRIGGER USER",
        };
        app.outside.execute_unprepared(removal).await.unwrap();
        for (zone, is_reported) in [("Mars/Olympus", true), ("America/Chicago", false)] {
            app.outside.execute_unprepared(&format!("UPDATE settings SET time_zone = '{zone}'")).await.unwrap();
            assert_eq!(found(app, chrono::TimeDelta::zero()).await.contains(&"time-zone data"), is_reported, "{zone}");
        }
    }

    async fn isolation_does_not_depend_on_the_default_of_the_database(app) {
        if app.kind == Kind::Sqlite {
            return;
        }
        set(app, "synchronous_commit = on").await;
        set(app, "default_transaction_isolation = 'serializable'").await;
        set(app, "default_transaction_read_only = on").await;
        assert_eq!(found(app, chrono::TimeDelta::zero()).await, [""; 0]);
        let db = registry::connect(&app.url, limits(), Clock::system(), None).await.unwrap();
        let question = Statement::from_string(DbBackend::Postgres, "SELECT current_setting('transaction_isolation') AS level");
        let level: String = db.readers().query_one_raw(question).await.unwrap().unwrap().try_get("", "level").unwrap();
        assert_eq!(level, "read committed");
        let process = Process::start(app).await;
        let ready = process.request(reqwest::Method::GET, "../../readyz").send().await.unwrap();
        assert_eq!(ready.status(), 200, "it writes");
    }
}

#[tokio::test]
async fn production_refuses_settings_that_may_lose_changes_and_development_does_not() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    set(&app, "synchronous_commit = off").await;
    let said = refused(&app.url, "production").await;
    assert!(said.contains("production refuses to start") && said.contains("synchronous_commit is off"), "{said}");
    Process::start(&app).await.kill();
    app.finish().await;
}

/// On SQLite, since the tests' PostgreSQL server does not flush, which production refuses first.
#[tokio::test]
async fn production_refuses_a_database_without_its_safeguards_and_development_warns() {
    for (removal, difference) in [
        ("DROP TRIGGER cases_audited_update", "cases_audited_update is missing"),
        ("DROP TRIGGER audit_entries_kept", "audit_entries_kept is missing"),
    ] {
        let app = TestApp::start(Kind::Sqlite).await.unwrap();
        app.outside.execute_unprepared(removal).await.unwrap();
        let said = refused(&app.url, "production").await;
        assert!(said.contains("safeguards of the audit log differ") && said.contains(difference), "{said}");
        Process::start(&app).await.kill();
    }
}

#[tokio::test]
async fn production_refuses_a_server_that_does_not_flush_or_write_full_pages() {
    let Some(volume) = Volume::mount(224) else { return };
    let Some(server) = Server::start(&volume) else { return };
    let said = refused(&server.url(), "production").await;
    for setting in ["fsync is off", "full_page_writes is off"] {
        assert!(said.contains(setting), "{said}");
    }
    assert!(said.contains("production refuses to start"), "{said}");
    let app = TestApp::start_at(&server.url(), Settings { clock: Clock::system(), ..Settings::default() }).await;
    Process::start(&app).await.kill();
    app.finish().await;
}

#[tokio::test]
async fn a_pooler_that_refuses_the_services_settings_is_reported_with_a_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for wire in listener.incoming() {
            let mut wire = wire.unwrap();
            let mut begin = [0; 8];
            wire.read_exact(&mut begin).unwrap();
            // A request for TLS (PostgreSQL's protocol, 55.2.10) is refused, and so are parameters unknown to PgBouncer.
            if begin[4..] == [4, 210, 22, 47] {
                wire.write_all(b"N").unwrap();
                wire.read_exact(&mut begin).unwrap();
            }
            let words = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter in options: lock_timeout\0\0";
            let length = u32::try_from(words.len() + 4).unwrap().to_be_bytes();
            wire.write_all(&[b"E", &length[..], words].concat()).unwrap();
            let _ = wire.read(&mut [0; 1_024]);
        }
    });
    let said = refused(&format!("postgres://me:hunter2@{place}/casetrail"), "development").await;
    assert!(said.contains("CASETRAIL_DATABASE_URL") && said.contains(&place.to_string()) && said.contains("PgBouncer"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_pooler_that_drops_the_services_settings_is_reported_with_a_remedy() {
    let Some(database) = fresh(Kind::Postgres).await else { return };
    let (head, rest) = database.url.rsplit_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (place, server) = (listener.local_addr().unwrap(), server.to_owned());
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (mut near, mut far) = (near.unwrap(), std::net::TcpStream::connect(&server).unwrap());
            far.write_all(&without_options(&startup(&mut near))).unwrap();
            let (mut from_near, mut to_far) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from_near, &mut to_far));
            std::thread::spawn(move || std::io::copy(&mut far, &mut near));
        }
    });
    let said = refused(&format!("{head}@{place}/{name}"), "development").await;
    assert!(said.contains("CASETRAIL_DATABASE_URL") && said.contains(&place.to_string()) && said.contains("PgBouncer"), "{said}");
    drop(database);
}

/// The parameters of a startup message (PostgreSQL's protocol, 55.7), once a request for TLS was refused.
fn startup(wire: &mut std::net::TcpStream) -> Vec<u8> {
    let mut begin = [0; 8];
    wire.read_exact(&mut begin).unwrap();
    if begin[4..] == [4, 210, 22, 47] {
        wire.write_all(b"N").unwrap();
        wire.read_exact(&mut begin).unwrap();
    }
    let mut parameters = vec![0; usize::try_from(u32::from_be_bytes(begin[..4].try_into().unwrap())).unwrap() - 8];
    wire.read_exact(&mut parameters).unwrap();
    parameters
}

/// A startup message with these parameters, except for the settings of the connection.
fn without_options(parameters: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = parameters.split(|byte| *byte == 0).collect();
    let kept: Vec<u8> = words
        .chunks_exact(2)
        .filter(|pair| !pair[0].is_empty() && pair[0] != b"options")
        .flat_map(|pair| [pair[0], b"\0", pair[1], b"\0"].concat())
        .collect();
    let length = u32::try_from(kept.len() + 9).unwrap().to_be_bytes();
    [&length[..], &[0, 3, 0, 0], &kept, b"\0"].concat()
}

#[tokio::test]
async fn a_database_that_stays_unavailable_is_awaited_for_thirty_seconds() {
    // Bound, so that no one else gets the port, but not listened at.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = bound.local_addr().unwrap().port();
    let begun_at = Instant::now();
    let said = refused(&format!("postgres://me:hunter2@127.0.0.1:{port}/casetrail"), "development").await;
    let waited = begun_at.elapsed();
    assert!((30..60).contains(&waited.as_secs()), "{waited:?}");
    assert!(said.matches(&format!("127.0.0.1:{port}")).count() >= 2 && !said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn an_unavailable_database_is_reported_at_once_by_address_and_setting_and_awaited() {
    let Some(database) = fresh(Kind::Postgres).await else { return };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (head, rest) = database.url.rsplit_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let (mut command, _folder) = command(&format!("{head}@127.0.0.1:{port}/{name}"), "development");
    let begun_at = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The pipe is kept open to the end: a process can't write to a closed one.
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = said.by_ref().map(Result::unwrap).find(|line| line.contains("CASETRAIL_DATABASE_URL")).expect("a warning");
    assert!(begun_at.elapsed() < Duration::from_secs(10), "{:?}", begun_at.elapsed());
    assert!(line.contains(&format!("127.0.0.1:{port}")) && line.contains("30 s") && !line.contains(SERVING), "{line}");

    // From here on the database is available: a connection to the server through that port.
    let (listener, server) = (tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap(), server.to_owned());
    let wires = tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let server = server.clone();
            tokio::spawn(async move {
                let mut far = tokio::net::TcpStream::connect(server).await.unwrap();
                tokio::io::copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    let greeting = BufReader::new(child.stdout.take().unwrap());
    let greeted = tokio::task::spawn_blocking(move || greeting.lines().any(|line| line.unwrap().contains("Casetrail is ready")));
    assert!(tokio::time::timeout(Duration::from_secs(60), greeted).await.expect("it starts").unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    drop(said);
    wires.abort();
}
