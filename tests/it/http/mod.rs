//! Rules for every operation: repeated requests, rate limits, other origins, other methods, codings and headers.

mod addresses;
mod bodies;
mod conflicts;
mod connections;
mod cors;
mod empty_texts;
mod headers;
mod idempotency;
mod limits;
mod methods;
mod names;
mod open_files;
mod page;
mod panics;
mod paths;
mod periods;
mod prefix;
mod searches;
mod single;
mod spellings;
mod user_agents;
mod versions;
mod work;
