//! TLS of whatever the service calls, by the one implementation that the databases' connections bring along.

/// Says so to the libraries that ask, before any of them makes a client.
pub fn use_ring() {
    // Somebody may have said it already, and then it is said.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
