//! Reading the audit log, and the entries that reading writes.

mod action_types;
mod addresses;
mod append_only;
mod case_trail;
mod crowded;
mod export;
mod fields;
mod filters;
mod folding;
mod following;
mod get;
mod labels;
mod list;
mod order;
mod own_activity;
pub mod plan;
mod readings;
mod refusals;
mod search;
mod user_trail;
mod views;
mod world;
