//! `casetrail healthcheck`: the command for a container's health check, since its image has no other client.

use super::{Failure, say};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(3);

pub fn run(bind: SocketAddr) -> Result<(), Failure> {
    // A server that listens on every address listens on the loopback too.
    let ip = if bind.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { bind.ip() };
    let address = SocketAddr::new(ip, bind.port());
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split_whitespace().nth(1).unwrap_or("no response");
    if status == "200" {
        say("ready");
        Ok(())
    } else {
        Err(format!("not ready: {status}").into())
    }
}
