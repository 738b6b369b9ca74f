//! Credits: a member's allowance for a quarter, and the reset for all active members.

mod allowances;
mod many;
mod reset;
