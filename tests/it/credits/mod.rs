//! Credits: what a member may use in a quarter, and the reset of everybody's.

mod allowances;
mod many;
mod reset;
