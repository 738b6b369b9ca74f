//! The queue of reviews.

mod list;
mod queue;
