//! Cases over HTTP, a file per verb.

mod hold;
mod target;
mod view;

pub use view::CaseDetail;

use target::{CasePath, CaseTarget};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(hold::hold_case);
}
