//! HTTP operations on the service's jobs.

mod list;
mod run;
mod runs;
mod view;

pub use view::{JobDetail, JobRunDetail};

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list::list_jobs).service(run::run_job).service(runs::list_job_runs);
}
