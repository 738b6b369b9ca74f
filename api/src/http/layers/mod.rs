//! The layers around the handlers, which every request passes in the order of `server.rs`.

pub mod arrival;
pub mod connections;
pub mod cors;
mod denied;
pub mod docs;
pub mod edge;
pub mod fallback;
mod framing;
pub mod limits;
pub mod log;
pub mod measure;
pub mod page;
pub mod single;
mod slices;
pub mod static_files;
pub mod work;
