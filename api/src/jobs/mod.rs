//! The jobs of the service over HTTP, and how a run of one is carried out.

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
