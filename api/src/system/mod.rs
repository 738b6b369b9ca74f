//! Information about the service: health, metrics, contract, error codes.

mod contract;
mod health;
mod metrics;
mod problems;
mod readiness;
mod service;

pub use contract::ContractTexts;
pub use metrics::get_metrics;

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes.service(service::get_service);
}

/// The routes at the root, where monitors and readers of the contract look for them.
pub fn configure_root(routes: &mut impl Routes) {
    routes
        .service(health::get_liveness)
        .service(health::get_readiness)
        .service(metrics::get_metrics)
        .service(contract::get_openapi_json)
        .service(contract::get_openapi_yaml)
        .service(problems::get_problem);
}
