//! HTTP operations on the service's settings.

mod edit;
mod get;
mod view;

pub use view::SettingsDetail;

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes.service(get::get_settings).service(edit::edit_settings);
}
