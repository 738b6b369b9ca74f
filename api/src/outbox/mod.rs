//! Queued emails and their delivery status over HTTP.

mod list;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list::list_outbox);
}
