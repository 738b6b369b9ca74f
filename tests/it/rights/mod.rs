//! Rights are judged when a change is made, and again while a long answer is sent.

mod at_once;
mod half_sent;
mod reading_on;
