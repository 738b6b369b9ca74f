//! Few open files: the service has fewer connections then, and remains available when clients take all of them.

use crate::app::{Kind, Process, Settings, TestApp};
use entity::clock::Clock;
use entity::user::Role;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

const HALF_SENT_LOGIN: &[u8] =
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n{\"username\":";

/// The service started by a shell, which first does this.
async fn started_after(app: &TestApp, preparation: &str) -> Process {
    Process::start_by(app, &["sh", "-c", &format!("{preparation}; exec \"$0\"")]).await
}

/// A login of which a part is missing, from one of eight addresses of this machine.
async fn half_sent_login(process: &Process, number: usize) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    let from: SocketAddr = format!("127.0.0.{}:0", 2 + number % 8).parse().unwrap();
    socket.bind(from).unwrap();
    let mut stream = socket.connect(process.address().parse().unwrap()).await.ok()?;
    // Its place may have been given to another one already.
    let _ = stream.write_all(HALF_SENT_LOGIN).await;
    Some(stream)
}

#[tokio::test]
async fn half_sent_logins_that_take_all_open_files_block_no_other_caller() {
    const PASSWORD: &str = "quiet-otter-7-lamp";
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings).await.unwrap();
    let ada = app.user("ada", Role::Member, None).await;
    app.give_password(&ada, PASSWORD).await;
    let process = started_after(&app, "ulimit -n 1024").await;
    let http = crate::app::http().timeout(Duration::from_secs(10)).build().unwrap();
    let mut half_sent = Vec::new();
    for burst in [0..990, 990..1_010] {
        for number in burst {
            half_sent.extend(half_sent_login(&process, number).await);
        }
        // Those whose heads have not been read yet would be evicted as well, and connections that are idle.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(half_sent.len(), 1_010);
    for _ in 0..5 {
        // A connection of its own each time, as a probe has.
        let live = http.get(format!("{}/livez", process.base)).header("connection", "close").send().await.unwrap();
        assert_eq!(live.status(), 200);
        assert!(!process.sign_in("ada", PASSWORD).await.is_empty());
    }
    drop(process);
    app.finish().await;
}

/// What a line of `/proc/PID/limits` says: the soft and the hard limit.
fn limits_of_open_files(process: &Process) -> Vec<String> {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.pid())).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().take(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_soft_limit_of_open_files_is_raised_to_the_hard_one_and_logged() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let preparation = "ulimit -S -n 256; ulimit -H -n 4096; export CASETRAIL_LOG_FORMAT=json";
    let process = started_after(&app, &format!("{preparation}; exec 2>'{}'", log.display())).await;
    assert_eq!(limits_of_open_files(&process), ["4096", "4096"]);
    let log = std::fs::read_to_string(log).unwrap();
    let line = log.lines().find(|line| line.contains("limits of open files and connections set")).expect("a line");
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["open_files"], &line["connections"]), (&4_096.into(), &(4_096 - 128).into()), "{line}");
    drop(process);
    app.finish().await;
}
