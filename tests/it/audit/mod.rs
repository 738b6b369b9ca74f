//! The guarantees of the audit log: the only way to write, the safeguards below it, and what happens if an entry can't be
//! written.

mod broken_file;
mod bypasses;
mod entries;
mod failing_sync;
mod full_disk;
mod holes;
mod lost_commit;
mod nets;
mod outage;
mod recount;
mod registry;
mod rights;
mod rollups;
mod shared_commit;
mod standby;
mod unavailable;
