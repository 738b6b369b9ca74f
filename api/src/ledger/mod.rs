//! The sealed log over HTTP: entries by their sequence, to be followed without a gap.

mod awaiting;
mod entries;

pub use entries::{FeedFormat, sequence_unknown};

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(entries::list_ledger_entries);
}
