//! One fixture world, and five reports against a naive recount of it.

mod history;
mod properties;
mod recount;
mod world;
