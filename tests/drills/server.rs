//! The drill's own PostgreSQL server, with `fsync` on for durability, so that it can be killed.

use crate::app::postgres::installed;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Ends with the process that started it, and removes its files.
const KEEPER: &str = r#"
exec >/dev/null 2>&1
while kill -0 "$PARENT"; do sleep 1; done
kill -9 $(head -1 "$FOLDER/data/postmaster.pid")
rm -rf "$FOLDER"
"#;

pub struct Server {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    options: &'static str,
}

impl Server {
    /// Creates and starts a server; `options` are added to its command line.
    #[expect(clippy::zombie_processes, reason = "the keeper outlives this process")]
    pub fn start(options: &'static str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
        let folder = std::env::temp_dir().join(format!("casetrail-drill-{port}"));
        let server = Self { bin: installed().expect("PostgreSQL is installed"), folder, port, options };
        let folder = server.folder.display();
        server.shell(&format!("mkdir -p {folder}; [ $(id -u) != 0 ] || chown postgres {folder}"));
        server.as_owner(&format!("initdb -D {folder}/data -U postgres -A trust -E UTF8 --locale=C"));
        Command::new("sh")
            .args(["-c", KEEPER])
            .env("FOLDER", &server.folder)
            .env("PARENT", std::process::id().to_string())
            .stdin(Stdio::null())
            .spawn()
            .expect("a shell");
        server.start_again();
        server
    }

    /// Starts the server, and waits until it responds.
    pub fn start_again(&self) {
        let (folder, port, options) = (self.folder.display(), self.port, self.options);
        let settings = format!("-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=100 {options}");
        self.as_owner(&format!("pg_ctl -D {folder}/data -w -t 60 -l {folder}/server.log -o '{settings}' start"));
    }

    /// kill -9 of all its processes at once, so that none of them writes anything afterwards.
    pub fn kill(&self) {
        let folder = self.folder.display();
        self.shell(&format!(
            "p=$(head -1 {folder}/data/postmaster.pid); all=\"$p $(ps -o pid= --ppid $p)\"; kill -9 $all 2>/dev/null; \
             for n in 1 2 3 4 5 6 7 8 9 10; do kill -0 $all 2>/dev/null || break; sleep 0.1; done; \
             rm -f {folder}/data/postmaster.pid"
        ));
    }

    /// The URL of the default database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn as_owner(&self, command: &str) {
        let bin = self.bin.display();
        let command = format!("{bin}/{command}");
        let done =
            self.shell(&format!(r#"if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c "{command}"; else {command}; fi"#));
        assert!(done, "{command}");
    }

    fn shell(&self, script: &str) -> bool {
        let mut quiet = Command::new("sh");
        quiet.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().expect("a shell").success()
    }
}
