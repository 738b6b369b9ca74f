//! The queue of reviews.

mod list;
