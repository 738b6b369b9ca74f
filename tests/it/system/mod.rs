//! What the service says about itself.

mod configuration;
mod dependencies;
mod metrics;
mod start;
mod stop;
