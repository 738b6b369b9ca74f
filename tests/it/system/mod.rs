//! What the service says about itself.

mod configuration;
mod metrics;
mod start;
