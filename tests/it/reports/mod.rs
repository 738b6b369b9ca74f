//! One set of fixtures, and five reports compared with a naive recount of it.

mod access;
mod changed_cases;
mod export;
mod figures;
mod history;
mod pages;
mod periods;
mod plans;
mod properties;
mod recount;
mod rollups;
mod sealed;
mod series;
mod user_list;
mod workload;
mod world;
