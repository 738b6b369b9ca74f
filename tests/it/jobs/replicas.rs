//! A drill: four processes on one PostgreSQL, killed at random, run each period of a job once.
//!
//! `cargo test --workspace --test it -- --ignored replicas` runs it; it takes some minutes.

use crate::app::{Kind, Process, Settings, TestApp};
use entity::audit_entry;
use entity::clock::Clock;
use entity::job::JobName;
use entity::job::run::{self, RunStatus};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::BTreeSet;
use std::time::Duration;

const PERIODS: usize = 200;
const REPLICAS: usize = 4;
/// A period each two seconds of the one job, and none of the others'.
const SCHEDULES: &str = "send_scheduled_emails=*/2 * * * * *;release_scheduled_cases=0 0 1 1 *;check_expired_holds=0 0 1 1 *";

#[tokio::test]
#[ignore = "a drill of some minutes, run by its own command"]
async fn four_replicas_run_each_period_once_whoever_is_killed() {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Postgres, settings).await else { return };
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let start = async || Process::start_with(&app, &[("CASETRAIL_SCHEDULES", SCHEDULES)]).await;
    let mut replicas = Vec::new();
    for _ in 0..REPLICAS {
        replicas.push(start().await);
    }
    let mut kills = 0;
    while done(&app).await.len() < PERIODS {
        tokio::time::sleep(Duration::from_millis(dice.random_range(200..3_000))).await;
        let victim = dice.random_range(0..REPLICAS);
        replicas.remove(victim).kill();
        kills += 1;
        replicas.push(start().await);
    }
    for replica in replicas {
        replica.kill();
    }

    let runs = done(&app).await;
    let periods: BTreeSet<_> = runs.iter().map(|run| run.scheduled_for.unwrap()).collect();
    assert_eq!(periods.len(), runs.len(), "no period twice");
    let (first, last) = (periods.first().unwrap(), periods.last().unwrap());
    assert_eq!((*last - *first).num_seconds() / 2 + 1, i64::try_from(runs.len()).unwrap(), "and none left out");
    assert!(runs.iter().all(|run| run.status == RunStatus::Success));
    let entries = audit_entry::Entity::find().filter(audit_entry::Column::ActionType.eq("cron_job_executed"));
    assert_eq!(entries.all(&app.outside).await.unwrap().len(), runs.len(), "each has its entry");
    println!("{} periods, {} runs and entries, {kills} kills", periods.len(), runs.len());
}

async fn done(app: &TestApp) -> Vec<run::Model> {
    let runs = run::Entity::find().filter(run::Column::JobName.eq(JobName::SendScheduledEmails));
    runs.order_by_asc(run::Column::Id).all(&app.outside).await.unwrap()
}
