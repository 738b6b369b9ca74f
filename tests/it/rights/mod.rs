//! Rights are checked when a change is made, and again while a long response is sent.

mod at_once;
mod half_sent;
mod reading_on;
mod recent;
