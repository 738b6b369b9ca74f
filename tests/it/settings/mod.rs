//! The settings, and what they decide.

mod edit;
