//! A test's own PostgreSQL server, on a volume that can be filled up, which can be restarted after it went down. A crash of the
//! host would damage it: it neither flushes nor writes full pages.

use super::{Volume, postgres};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub struct Server<'a> {
    bin: PathBuf,
    volume: &'a Volume,
    port: u16,
}

impl<'a> Server<'a> {
    /// `None` if PostgreSQL isn't installed.
    pub fn start(volume: &'a Volume) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let server = Self { bin: postgres::installed()?, volume, port };
        let data = server.data();
        assert!(server.run(&format!("mkdir -p {0} && chown postgres {0}", volume.path().join("postgres").display()), false));
        let parents = "while [ \"$folder\" != / ]; do chmod o+x \"$folder\"; folder=$(dirname \"$folder\"); done";
        assert!(server.run(&format!("folder={}; {parents}", volume.path().display()), false));
        let initdb = format!("{}/initdb -D {data} -U postgres -A trust -E UTF8 --locale=C --no-sync", server.bin.display());
        assert!(server.run(&initdb, true), "initdb");
        assert!(server.ensure_running(), "the server starts");
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server unless it is running, as an operator's supervisor would; returns whether it is running now.
    pub fn ensure_running(&self) -> bool {
        let ctl = format!("{}/pg_ctl -D {}", self.bin.display(), self.data());
        if self.run(&format!("{ctl} status"), true) {
            return true;
        }
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -k /tmp -c fsync=off -c full_page_writes=off -c max_connections=100 \
             -c shared_buffers=16MB -c max_wal_size=32MB -c min_wal_size=32MB",
            self.port
        );
        // Its log is stored elsewhere: the volume may be full.
        self.run(&format!("{ctl} -w -t 20 -l /tmp/casetrail-drill-{}.log -o '{options}' start", self.port), true)
    }

    /// Restarts it as a standby, which serves reads only, as after a failover that went to another host.
    pub fn stand_by(&self) {
        let (ctl, data) = (format!("{}/pg_ctl -D {}", self.bin.display(), self.data()), self.data());
        assert!(self.run(&format!("{ctl} -w -m fast stop && touch {data}/standby.signal"), true), "the server stops");
        assert!(self.ensure_running(), "the standby starts");
    }

    /// Ends the standby: it accepts writes again.
    pub fn promote(&self) {
        assert!(self.run(&format!("{}/pg_ctl -D {} -w promote", self.bin.display(), self.data()), true), "it is promoted");
    }

    fn data(&self) -> String {
        self.volume.path().join("postgres/data").display().to_string()
    }

    fn run(&self, command: &str, as_owner: bool) -> bool {
        let mut shell = if as_owner { Command::new("su") } else { Command::new("sh") };
        if as_owner {
            shell.args(["postgres", "-s", "/bin/sh"]);
        }
        shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.run(&format!("{}/pg_ctl -D {} -m immediate stop", self.bin.display(), self.data()), true);
        let _ = std::fs::remove_file(format!("/tmp/casetrail-drill-{}.log", self.port));
    }
}
