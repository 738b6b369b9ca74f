//! The settings and their effects.

mod edit;
