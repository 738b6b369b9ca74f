//! Events that external systems report: they happened elsewhere and change nothing of ours, so these entries have no changes, and
//! the times they report are kept in their metadata.

use crate::audit::metadata::{Metadata, metadata};
use crate::audit::{AuditTx, Audited, CarryOut, Event, Outcome};
use crate::job::run::RunStatus;
use crate::user::{self, Person};
use crate::{case, job};
use chrono::{DateTime, Utc};
use sea_orm::DbErr;
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

/// Records a job run of an external system, and notifies the administrators of a failed one. Returns the ids of the entries.
pub async fn record_run(tx: &AuditTx, job_name: &str, run: &ReportedRun<'_>) -> Result<Vec<Uuid>, DbErr> {
    if run.status == RunStatus::Failure {
        job::failed(job_name, run.error_message.unwrap_or("no reason reported")).carry_out(tx).await?;
    }
    tx.record_many(vec![Event::reported_cron_run(job_name, run)]).await
}

/// The value used for external systems where our own entries have specific names.
const EXTERNAL: &str = "external";

impl Event {
    /// A run of a job of an external system.
    pub fn reported_cron_run(job_name: &str, run: &ReportedRun<'_>) -> Self {
        let took = run.finished_at.zip(run.started_at).map(|(end, start)| (end - start).num_milliseconds());
        let status = run.status.code();
        let metadata = metadata![CronJobExecuted;
            JOB_NAME = job_name,
            RECORDS_PROCESSED = Some(run.records_processed),
            RECORDS_FAILED = None::<u64>,
            STATUS = status,
            ERROR_MESSAGE = run.error_message,
            DURATION_MS = took,
            DRY_RUN = false,
            TRIGGER = EXTERNAL,
            STARTED_AT = run.started_at,
            FINISHED_AT = run.finished_at,
        ];
        let description = format!("Job {job_name} ran elsewhere: {status}");
        Self::new(metadata, ("job", job_name.to_owned()), description).ending(run.status.into())
    }

    pub fn reported_email(mail: &ReportedEmail<'_>) -> Self {
        let status = if mail.has_failed { "failed" } else { "sent" };
        let description = format!("Email from an external system to {} {status}", mail.recipient);
        let metadata = metadata![EmailNotificationSent;
            RECIPIENT = mail.recipient,
            TEMPLATE = None::<&str>,
            DELIVERY_STATUS = status,
            ATTEMPT = Some(1),
            ERROR_MESSAGE = mail.error_message,
            SENT_AT = mail.sent_at,
        ];
        let event = Self::new(metadata, ("email", EXTERNAL.to_owned()), description)
            .ending(if mail.has_failed { Outcome::Failure } else { Outcome::Success })
            .about(mail.person);
        mail.case.into_iter().fold(event, Self::within)
    }

    /// A user's credits as managed by an external system.
    pub fn reported_credit_reset(person: &Person, quarter: &str, from: Option<i32>, to: i32, batch_id: Uuid) -> Self {
        let description = format!("Credits of {} for {quarter} set to {to} elsewhere", person.username);
        let object = (<user::Entity as Audited>::OBJECT, person.id.to_string());
        let metadata = metadata![QuarterlyCreditReset;
            QUARTER = quarter,
            RESET_TYPE = REPORTED,
            PREVIOUS_ALLOWANCE = from,
            NEW_ALLOWANCE = Some(to),
            BATCH_ID = Some(batch_id),
        ];
        Self::new(metadata, object, description).about(Some(person))
    }

    /// An activity without a type of its own; its metadata comes from the reporter.
    pub fn reported_activity(event: &str, description: &str, case: Option<&case::Model>, metadata: Map<String, Json>) -> Self {
        let object = match case {
            Some(case) => (<case::Entity as Audited>::OBJECT, case.id.to_string()),
            None => ("activity", event.to_owned()),
        };
        let own = metadata![Other; EVENT = event];
        let metadata = Metadata { values: metadata.into_iter().chain(own.values).collect(), ..own };
        case.into_iter().fold(Self::new(metadata, object, description.to_owned()), Self::within)
    }
}

/// The `reset_type` of credits that are managed by an external system.
pub const REPORTED: &str = "reported";
