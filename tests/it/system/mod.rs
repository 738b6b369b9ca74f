//! What the service says about itself.

mod checks;
mod configuration;
mod containers;
mod dependencies;
mod metrics;
mod readiness;
mod start;
mod stop;
