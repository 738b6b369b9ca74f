//! The information the service provides about itself.

mod checks;
mod configuration;
mod containers;
mod dependencies;
mod metrics;
mod migrations;
mod readiness;
mod start;
mod stop;
