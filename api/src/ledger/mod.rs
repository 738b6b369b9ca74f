//! The sealed log over HTTP: entries by their sequence, to be followed without a gap.

mod awaiting;
mod entries;

pub use entries::{FeedFormat, sequence_unknown};

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes.service(entries::list_ledger_entries);
}
