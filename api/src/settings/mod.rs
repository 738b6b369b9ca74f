//! HTTP operations on the service's settings.

mod edit;
mod get;
mod view;

pub use view::SettingsDetail;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get::get_settings).service(edit::edit_settings);
}
