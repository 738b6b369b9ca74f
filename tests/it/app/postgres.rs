//! Provides PostgreSQL for the tests: the server of `CASETRAIL_TEST_POSTGRES_URL`, or a temporary one started from the binaries
//! installed on the machine, which ends with the test run.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// The URL of a server, without a database. Prints one line if there is none.
pub fn server() -> Option<String> {
    static SERVER: OnceLock<Option<String>> = OnceLock::new();
    let server = SERVER.get_or_init(|| match std::env::var("CASETRAIL_TEST_POSTGRES_URL") {
        Ok(url) => Some(url.trim_end_matches('/').to_owned()),
        Err(_) => start(),
    });
    if server.is_none() {
        static SAID: OnceLock<()> = OnceLock::new();
        // Written past the test runner's capture, which would hide it.
        SAID.get_or_init(|| {
            let _ = writeln!(std::io::stderr(), "no PostgreSQL here: these tests run on SQLite only");
        });
    }
    server.clone()
}

/// Lives as long as the process that started it: a shell waits for its end, then stops the server and removes its files.
const KEEPER: &str = r#"
set -e
as_owner() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c "$1"; else sh -c "$1"; fi; }
mkdir -p "$FOLDER" && { [ "$(id -u)" != 0 ] || chown postgres "$FOLDER"; }
as_owner "$BIN/initdb -D $FOLDER/data -U postgres -A trust -E UTF8 --locale=C --no-sync" >"$FOLDER/log" 2>&1
options="-p $PORT -c listen_addresses=127.0.0.1 -k $FOLDER -c fsync=off -c max_connections=400 -c shared_buffers=256MB"
as_owner "$BIN/pg_ctl -D $FOLDER/data -w -l $FOLDER/server.log -o '$options' start" >/dev/null 2>&1
echo ready
exec 1>&-
while kill -0 "$PARENT" 2>/dev/null; do sleep 1; done
as_owner "$BIN/pg_ctl -D $FOLDER/data -m immediate stop" >/dev/null 2>&1 || true
rm -rf "$FOLDER"
"#;

fn start() -> Option<String> {
    let bin = installed()?;
    let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let folder = std::env::temp_dir().join(format!("casetrail-postgres-{port}"));
    let mut keeper = Command::new("sh")
        .args(["-c", KEEPER])
        .env("BIN", bin)
        .env("PORT", port.to_string())
        .env("FOLDER", &folder)
        .env("PARENT", std::process::id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(keeper.stdout.take()?), &mut line).ok()?;
    if line.trim() != "ready" {
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "PostgreSQL did not start: {log}");
        return None;
    }
    std::thread::sleep(Duration::from_millis(50));
    Some(format!("postgres://postgres@127.0.0.1:{port}"))
}

/// The newest installed server: Debian keeps its binaries off the path.
pub fn installed() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    versions.retain(|bin| bin.join("initdb").exists() && bin.join("pg_ctl").exists());
    versions.sort();
    versions.pop()
}
