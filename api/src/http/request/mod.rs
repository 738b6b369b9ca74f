//! A request as it is read: its caller, its body, its query, its conditions.

pub mod body;
pub mod caller;
pub mod idempotency;
pub mod operations;
pub mod order;
pub mod origin;
pub mod page;
pub mod path_id;
pub mod period;
pub mod query;
pub mod range;
pub mod throttle;
pub mod unit_of_work;
pub mod wait_for;
pub mod work;
