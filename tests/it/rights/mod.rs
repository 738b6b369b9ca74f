//! Rights are judged when a change is made.

mod at_once;
mod half_sent;
