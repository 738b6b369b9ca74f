//! Signing in and out, and one's own account.

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(_config: &mut ServiceConfig<'_>) {}
