//! The information the service provides about itself.

mod checks;
mod configuration;
mod containers;
mod dependencies;
mod metrics;
mod metrics_apart;
mod metrics_now;
mod migrations;
mod readiness;
mod service;
mod start;
mod stop;
