//! The trail's own promises: the one door, the nets below it, and what happens when an entry can't be written.

mod broken_file;
mod bypasses;
mod full_disk;
mod holes;
mod lost_commit;
mod nets;
mod outage;
mod registry;
mod rights;
mod trail;
mod unavailable;
