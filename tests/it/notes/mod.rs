//! Notes and comments: one file per verb, as in the service.

mod create;
mod delete;
mod list;
