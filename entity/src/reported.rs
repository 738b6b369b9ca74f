//! Events that external systems report: they happened elsewhere and change nothing of ours, so these entries have no changes, and
//! the times they report are kept in their metadata.

use crate::audit::{Action, Audited, Event, Outcome};
use crate::case;
use crate::clock::rfc3339;
use crate::job::run::RunStatus;
use crate::user::{self, Person};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value as Json};

/// The result of a job run in an external system.
#[derive(Clone, Debug)]
pub struct ReportedRun<'a> {
    pub records_processed: u64,
    pub status: RunStatus,
    pub error_message: Option<&'a str>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// An email that an external system sent or failed to send.
#[derive(Clone, Debug)]
pub struct ReportedEmail<'a> {
    pub recipient: &'a str,
    /// The user with this address, if any.
    pub person: Option<&'a Person>,
    pub case: Option<&'a case::Model>,
    pub has_failed: bool,
    pub error_message: Option<&'a str>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// The value used for external systems where our own entries have specific names.
const EXTERNAL: &str = "external";

impl Event {
    pub fn reported_cron_run(job_name: &str, run: &ReportedRun<'_>) -> Self {
        let took = run.finished_at.zip(run.started_at).map(|(end, start)| (end - start).num_milliseconds());
        Self::new(
            Action::CronJobExecuted,
            ("job", job_name.to_owned()),
            format!("Job {job_name} ran elsewhere: {}", run.status.code()),
        )
        .ending(run.status.into())
        .with("job_name", job_name)
        .with("records_processed", run.records_processed)
        .with("records_failed", Json::Null)
        .with("status", run.status.code())
        .with("error_message", run.error_message)
        .with("duration_ms", took)
        .with("dry_run", false)
        .with("trigger", EXTERNAL)
        .with("started_at", run.started_at.map(rfc3339))
        .with("finished_at", run.finished_at.map(rfc3339))
    }

    pub fn reported_email(mail: &ReportedEmail<'_>) -> Self {
        let status = if mail.has_failed { "failed" } else { "sent" };
        let description = format!("Email from an external system to {} {status}", mail.recipient);
        let event = Self::new(Action::EmailNotificationSent, ("email", EXTERNAL.to_owned()), description)
            .ending(if mail.has_failed { Outcome::Failure } else { Outcome::Success })
            .about(mail.person)
            .with("recipient", mail.recipient)
            .with("template", Json::Null)
            .with("delivery_status", status)
            .with("attempt", 1)
            .with("error_message", mail.error_message)
            .with("sent_at", mail.sent_at.map(rfc3339));
        mail.case.into_iter().fold(event, Self::within)
    }

    /// A user's credits as managed by an external system.
    pub fn reported_credit_reset(person: &Person, quarter: &str, from: Option<i32>, to: i32, batch_id: Uuid) -> Self {
        let description = format!("Credits of {} for {quarter} set to {to} elsewhere", person.username);
        let object = (<user::Entity as Audited>::OBJECT, person.id.to_string());
        Self::new(Action::QuarterlyCreditReset, object, description)
            .about(Some(person))
            .with("quarter", quarter)
            .with("reset_type", REPORTED)
            .with("previous_allowance", from)
            .with("new_allowance", to)
            .with("batch_id", batch_id)
    }

    /// An activity without a type of its own; its metadata comes from the reporter.
    pub fn reported_activity(event: &str, description: &str, case: Option<&case::Model>, metadata: Map<String, Json>) -> Self {
        let object = match case {
            Some(case) => (<case::Entity as Audited>::OBJECT, case.id.to_string()),
            None => ("activity", event.to_owned()),
        };
        let reported = Self { metadata, ..Self::new(Action::Other, object, description.to_owned()) };
        case.into_iter().fold(reported.with("event", event), Self::within)
    }
}

/// The `reset_type` of credits that are managed by an external system.
pub const REPORTED: &str = "reported";
