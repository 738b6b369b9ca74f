//! HTTP operations on the service's jobs, and the execution of their runs.

mod list;
mod order;
mod run;
mod runs;
mod schedule;
mod view;
mod work;

pub use order::{Order, Outcome, perform};
pub use schedule::{Schedules, Unscheduled};
pub use view::{JobDetail, JobRunDetail};

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list::list_jobs).service(run::run_job).service(runs::list_job_runs);
}
