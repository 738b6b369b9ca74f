//! The background tasks, which run without HTTP: jobs on their schedules or on demand, and housekeeping.

mod check_rollups;
pub mod folding;
mod housekeeping;
pub mod key_uses;
mod memory;
pub mod orphans;
pub mod requester;
pub mod run;
pub mod scheduler;
pub mod sealing;
mod send_mails;
mod work;

use crate::state::App;
use entity::job::JobName;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a running job may take to end once the service stops: as long as a request may.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// The running background tasks.
pub struct Workers {
    jobs: TaskTracker,
}

impl Workers {
    /// Waits until the service stops, and then for running jobs. One that takes too long ends with the process: its changes are
    /// rolled back, and an email whose response didn't arrive is retried.
    pub async fn finish(self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        self.jobs.close();
        if timeout(ENDS_WITHIN, self.jobs.wait()).await.is_err() {
            tracing::warn!("a job is still running and will be aborted");
        }
    }
}

/// Starts the background tasks. Jobs end when the service stops, the others end with the process.
pub fn start(app: &App) -> Workers {
    let jobs = TaskTracker::new();
    if app.schedules().is_on {
        for job in JobName::ALL {
            jobs.spawn(scheduler::run_schedule(app.clone(), job));
        }
    }
    jobs.spawn(key_uses::run(app.clone()));
    jobs.spawn(sealing::run(app.clone()));
    actix_web::rt::spawn(folding::run(app.clone()));
    actix_web::rt::spawn(memory::run());
    actix_web::rt::spawn(housekeeping::run(app.clone()));
    Workers { jobs }
}
