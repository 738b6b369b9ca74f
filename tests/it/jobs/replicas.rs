//! A drill: four processes on one PostgreSQL, killed at random, run each period of a job once and lose no email.
//!
//! `cargo test --workspace --test it -- --ignored replicas` runs it; it takes a few minutes.

use super::hold;
use crate::app::{Kind, MailServer, Manner, Process, Settings, TestApp};
use entity::audit_entry;
use entity::clock::Clock;
use entity::job::JobName;
use entity::job::run::{self, RunStatus};
use entity::outbox::{self, MailStatus};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::BTreeSet;
use std::time::Duration;

/// Periods that pass while a killed run's lease lasts are caught up by one run.
const PERIODS: usize = 100;
const REPLICAS: usize = 4;
/// One job has a period every two seconds, the others have none.
const SCHEDULES: &str = "send_scheduled_emails=*/2 * * * * *;release_scheduled_cases=0 0 1 1 *;check_expired_holds=0 0 1 1 *;\
                         check_rollups=0 0 1 1 *";

#[tokio::test]
#[ignore = "a drill of some minutes, run by its own command"]
async fn four_replicas_run_each_period_once_while_some_are_killed() {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Postgres, settings).await else { return };
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Slow enough that a kill can hit an email that is being sent.
    let server = MailServer::start(Manner::Slow(Duration::from_millis(100))).await;
    let smtp_url = server.url();
    let start = async || {
        let settings = [("CASETRAIL_SCHEDULES", SCHEDULES), ("CASETRAIL_SMTP_URL", smtp_url.as_str())];
        Process::start_with(&app, &settings).await
    };
    let mut replicas = Vec::new();
    for _ in 0..REPLICAS {
        replicas.push(start().await);
    }
    let mut kills = 0;
    while done(&app).await.len() < PERIODS {
        // A killed run leaves its lease for a while, during which emails would accumulate.
        if due(&app).await < 3 {
            hold(&app).await;
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(200..3_000))).await;
        let victim = rng.random_range(0..REPLICAS);
        replicas.remove(victim).kill();
        kills += 1;
        replicas.push(start().await);
    }
    let lost_sight_of = settle(&app).await;
    for replica in replicas {
        replica.kill();
    }

    let runs = done(&app).await;
    let periods: BTreeSet<_> = runs.iter().map(|run| run.scheduled_for.unwrap()).collect();
    assert_eq!(periods.len(), runs.len(), "no period twice");
    assert!(runs.iter().all(|run| run.status == RunStatus::Success));
    assert_eq!(entries(&app, "cron_job_executed").await, runs.len(), "each has its entry");

    let (mails, taken) = (mails(&app).await, server.taken());
    let distinct: BTreeSet<&String> = taken.iter().collect();
    for mail in &mails {
        assert!(
            mail.status != MailStatus::Sent || distinct.contains(&mail.id.to_string()),
            "recorded as sent, and it wasn't: {mail:?}"
        );
        assert!([MailStatus::Sent, MailStatus::Pending].contains(&mail.status), "lost: {mail:?}");
    }
    let sent = mails.iter().filter(|mail| mail.status == MailStatus::Sent).count();
    assert_eq!(mails.len() - sent, lost_sight_of, "what a killed process was at waits for its next attempt");
    assert_eq!(entries(&app, "email_notification_sent").await, sent, "each attempt that was heard of has its entry");
    println!(
        "{} periods, {} runs and entries, {kills} kills; {} mails, {sent} sent, {lost_sight_of} to be tried again, {} taken \
         twice",
        periods.len(),
        runs.len(),
        mails.len(),
        taken.len() - distinct.len(),
    );
}

/// Waits until no email is due any more; returns how many wait for a retry because the process sending them was killed.
async fn settle(app: &TestApp) -> usize {
    let settled = async {
        loop {
            let waiting: Vec<outbox::Model> =
                mails(app).await.into_iter().filter(|mail| mail.status == MailStatus::Pending).collect();
            // Much longer ago than an attempt takes: no process is sending it any more.
            let long_ago = app.clock.now() - chrono::TimeDelta::seconds(10);
            if waiting.iter().all(|mail| mail.last_attempt_at.is_some_and(|at| at < long_ago)) {
                return waiting.len();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(240), settled).await.expect("the mails settle")
}

async fn mails(app: &TestApp) -> Vec<outbox::Model> {
    outbox::Entity::find().all(&app.outside).await.unwrap()
}

/// The number of emails without an attempt.
async fn due(app: &TestApp) -> usize {
    mails(app).await.iter().filter(|mail| mail.attempts == 0).count()
}

async fn entries(app: &TestApp, action: &str) -> usize {
    let entries = audit_entry::Entity::find().filter(audit_entry::Column::ActionType.eq(action));
    entries.all(&app.outside).await.unwrap().len()
}

async fn done(app: &TestApp) -> Vec<run::Model> {
    let runs = run::Entity::find().filter(run::Column::JobName.eq(JobName::SendScheduledEmails));
    runs.order_by_asc(run::Column::Id).all(&app.outside).await.unwrap()
}
