//! What the service says about itself.

mod metrics;
