//! HTTP operations on the service's jobs.

mod list;
mod run;
mod runs;
mod view;

pub use view::{JobDetail, JobRunDetail};

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes.service(list::list_jobs).service(run::run_job).service(runs::list_job_runs);
}
