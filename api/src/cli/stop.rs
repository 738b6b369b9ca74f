//! How the service stops: readiness fails, requests are served for the drain time, and requests in flight finish.

use crate::state::App;
use actix_web::dev::ServerHandle;
use entity::cause::with_sources;
use std::io;
use std::net::TcpListener;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// How long the last opened connections have to send their request, before the server closes all idle ones.
const LAST_REQUESTS: Duration = Duration::from_millis(500);

/// The kind of signal to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopSignal {
    /// By an orchestrator (SIGTERM), whose load balancer needs time to notice.
    Terminate,
    /// By Ctrl+C.
    Interrupt,
}

/// Waits for the signal and stops the server. Ctrl+C, or a second signal, skips the drain.
pub async fn stop(app: App, server: ServerHandle, gate: Gate, drain: Duration) {
    let signal = signalled().await;
    app.stopping().cancel();
    if signal == StopSignal::Terminate && !drain.is_zero() {
        tracing::info!(seconds = drain.as_secs(), "stopping: serving until the drain time is over");
        tokio::select! {
            () = sleep(drain) => {}
            _ = signalled() => {}
        }
    }
    tracing::info!("stopping: finishing requests in flight");
    match gate.close() {
        Ok(()) => sleep(LAST_REQUESTS).await,
        Err(error) => tracing::debug!(cause = with_sources(&error), "new connections could not be held off"),
    }
    server.stop(true).await;
}

async fn signalled() -> StopSignal {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => StopSignal::Terminate,
        _ = interrupt.recv() => StopSignal::Interrupt,
    }
}

/// The listening socket. Closing it alone would reset connections that the kernel has opened and that are not accepted yet.
pub struct Gate {
    listener: TcpListener,
}

impl Gate {
    pub fn new(listener: &TcpListener) -> io::Result<Self> {
        Ok(Self { listener: listener.try_clone()? })
    }

    /// The kernel drops packets that would open a connection, so that the client retries a second later and is refused then; open
    /// connections are served.
    #[cfg(target_os = "linux")]
    fn close(self) -> io::Result<()> {
        use socket2::{SockFilter, SockRef};
        /// The byte of a TCP header that contains the flags, and the flag of a first packet (RFC 9293, 3.1).
        const FLAGS: u32 = 13;
        const SYN: u32 = 0x02;
        // Loads the flags; if SYN is set, accepts none of the packet, otherwise all of it.
        let drop_first_packets = [
            SockFilter::new(0x30, 0, 0, FLAGS),
            SockFilter::new(0x45, 0, 1, SYN),
            SockFilter::new(0x06, 0, 0, 0),
            SockFilter::new(0x06, 0, 0, u32::MAX),
        ];
        SockRef::from(&self.listener).attach_filter(&drop_first_packets)
    }

    #[cfg(not(target_os = "linux"))]
    fn close(self) -> io::Result<()> {
        drop(self.listener);
        Err(io::ErrorKind::Unsupported.into())
    }
}
