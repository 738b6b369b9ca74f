//! What the integrator's service account reports: what happened in other systems.

use super::visits::Visits;
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::Event;
use entity::job::run::RunStatus;
use entity::reported::{ReportedEmail, ReportedRun};
use serde_json::{Map, json};

const JOBS: [&str; 3] = ["nightly-sync", "warehouse-load", "directory-import"];
const FAILED: f64 = 0.015;

#[derive(Clone, Copy)]
enum ExternalReport {
    Run,
    Email,
    Activity,
    Export,
}

/// Something that another system did before this time.
pub(super) fn report(visits: &mut Visits, at: DateTime<Utc>) -> Event {
    let kinds =
        [(ExternalReport::Run, 30), (ExternalReport::Email, 25), (ExternalReport::Activity, 30), (ExternalReport::Export, 15)];
    match visits.rng.weighed(&kinds) {
        Some(ExternalReport::Run) => run(visits, at),
        Some(ExternalReport::Email) => email(visits, at),
        Some(ExternalReport::Export) => {
            let count = u64::try_from(visits.rng.between(100, 5_000)).unwrap_or_default();
            Event::bulk_export("cases", "parquet", Some(count), json!({}))
        }
        Some(ExternalReport::Activity) | None => activity(visits),
    }
}

fn run(visits: &mut Visits, at: DateTime<Utc>) -> Event {
    let job = visits.rng.word(&JOBS);
    let has_failed = visits.rng.chance(FAILED);
    let began = at - TimeDelta::seconds(visits.rng.between(20, 600));
    let run = ReportedRun {
        records_processed: u64::try_from(visits.rng.between(0, 900)).unwrap_or_default(),
        status: if has_failed { RunStatus::Failure } else { RunStatus::Success },
        error_message: has_failed.then_some("source not reachable"),
        started_at: Some(began),
        finished_at: Some(at - TimeDelta::seconds(1)),
    };
    Event::reported_cron_run(job, &run)
}

fn email(visits: &mut Visits, at: DateTime<Utc>) -> Event {
    let has_failed = visits.rng.chance(FAILED);
    let recipient = format!("client{}@mail.example", visits.rng.between(1, 400));
    let mail = ReportedEmail {
        recipient: &recipient,
        person: None,
        case: None,
        has_failed,
        error_message: has_failed.then_some("550 no such mailbox"),
        sent_at: Some(at - TimeDelta::seconds(visits.rng.between(1, 90))),
    };
    Event::reported_email(&mail)
}

fn activity(visits: &mut Visits) -> Event {
    let (event, description) = match visits.rng.between(0, 2) {
        0 => ("directory_synchronised", "The directory of workshops was synchronised"),
        1 => ("invoice_created", "An invoice was created in the billing system"),
        _ => ("archive_verified", "The archive of delivered reports was verified"),
    };
    let mut metadata = Map::new();
    metadata.insert("records".to_owned(), json!(visits.rng.between(1, 80)));
    Event::reported_activity(event, description, None, metadata)
}
