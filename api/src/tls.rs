//! TLS for outgoing connections, with the implementation that the database drivers already include.

/// Selects it for the libraries that need one, before any of them creates a client.
pub fn use_ring() {
    // It may already be selected, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
