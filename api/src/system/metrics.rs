//! Metrics for Prometheus: the counters of this process, and values that only the database knows.

use crate::state::App;
use crate::storage::Space;
use crate::wire::{Error, Result};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::audit_log::vitals::{Service, Vitals};
use entity::cause::with_sources;
use entity::db::PoolState;
use entity::ledger::Progress;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::{CONTENT_TYPE, encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// The example in the contract.
const EXAMPLE: &str = "# HELP casetrail_audit_entries_total Audit entries that this process committed.\n\
                       # TYPE casetrail_audit_entries_total counter\n\
                       casetrail_audit_entries_total{action_type=\"case_held\",outcome=\"success\"} 12\n";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConnectionLabels {
    pool: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VolumeLabels {
    volume: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    job_name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobRunLabels {
    job_name: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitingLabels {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EmailLabels {
    template: String,
    status: &'static str,
}

/// Get metrics
///
/// For Prometheus, in its text format. They contain no data about users or cases. If the database does not respond, its metrics
/// are omitted and `casetrail_database_up` is 0. With the setting `CASETRAIL_METRICS_BIND` they are served at that address only,
/// and this path does not exist here.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "The metrics", content_type = "text/plain", body = String, example = json!(EXAMPLE))),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("the metrics contain no data about users or cases"))),
)]
#[get("/metrics")]
pub async fn get_metrics(app: App) -> Result<HttpResponse> {
    let mut scrape = Registry::default();
    let text = "Whether this process runs the jobs on their schedules";
    scrape.register("casetrail_scheduler_on", text, ConstGauge::new(i64::from(app.schedules().is_on)));
    pools(&mut scrape, app.db().pools());
    space(&mut scrape, app.space());
    let vitals = app.metrics().watch().lock().await.look(app.readers(), app.now()).await;
    if let Err(error) = &vitals {
        tracing::warn!(cause = with_sources(error), "database metrics are unavailable");
    }
    let is_up = ConstGauge::new(i64::from(vitals.is_ok()));
    scrape.register("casetrail_database_up", "Whether the database metrics are available", is_up);
    if let Ok(vitals) = vitals {
        audit_log(&mut scrape, &vitals);
        jobs(&mut scrape, &vitals);
        overdue(&mut scrape, &app, &vitals);
        service(&mut scrape, &vitals.service, app.now());
        ledger(&mut scrape, &vitals.ledger, app.now());
    }
    let mut text = String::new();
    app.metrics().write_to(&mut text).and_then(|()| encode(&mut text, &scrape)).map_err(|error| Error::internal(error))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).insert_header((CACHE_CONTROL, "no-store")).body(text))
}

/// By how much each job is late, by this process's schedules, whether or not it follows them.
fn overdue(to: &mut Registry, app: &App, vitals: &Vitals) {
    let late = Family::<JobLabels, Gauge<f64, AtomicU64>>::default();
    // An unknown time zone is reported at the start.
    let zone: Tz = vitals.service.time_zone.parse().unwrap_or_default();
    for (job, last_period) in &vitals.last_periods {
        let due = app.schedules().next(*job, *last_period, zone);
        let seconds = due.map_or(0.0, |due| (app.now() - due).as_seconds_f64().max(0.0));
        late.get_or_create(&JobLabels { job_name: job.code().to_owned() }).set(seconds);
    }
    let text =
        "Time since the first period of a job that no replica has run, by the schedules of this process; 0 if there is none";
    to.register_with_unit("casetrail_job_overdue", text, Unit::Seconds, late);
}

fn service(to: &mut Registry, service: &Service, now: DateTime<Utc>) {
    let waiting = Family::<WaitingLabels, Gauge>::default();
    waiting.get_or_create(&WaitingLabels { state: "due" }).set(service.emails_due);
    waiting.get_or_create(&WaitingLabels { state: "later" }).set(service.emails_later);
    let text = "Emails that are not sent yet: due now, or later for the first time or again";
    to.register("casetrail_emails_waiting", text, waiting);
    let waited = service.emails_due_since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
    let text = "How long the oldest email that is due has been due; 0 if there is none";
    to.register_with_unit("casetrail_emails_oldest_waiting", text, Unit::Seconds, ConstGauge::new(waited));
    let text = "Emails that were given up in the last 24 hours, after all attempts or because the address was refused";
    to.register("casetrail_emails_undelivered", text, ConstGauge::new(service.emails_undelivered));
    let text = "Number of the newest migration that is applied to the database";
    to.register("casetrail_schema_version", text, ConstGauge::new(schema_version(service.schema.as_deref())));
}

/// The number in the name of a migration, such as 28 in `m20261201_000028_submissions`; 0 if there is none.
fn schema_version(migration: Option<&str>) -> i64 {
    migration.and_then(|name| name.split('_').nth(1)).and_then(|number| number.parse().ok()).unwrap_or_default()
}

type Timestamp = Gauge<f64, AtomicU64>;

fn pools(to: &mut Registry, pools: [PoolState; 3]) {
    let (now, max) = (Family::<ConnectionLabels, Gauge>::default(), Family::<PoolLabels, Gauge>::default());
    let set = |gauge: &Gauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    for PoolState { pool, max: most, idle, in_use } in pools {
        set(&now.get_or_create(&ConnectionLabels { pool, state: "idle" }), idle);
        set(&now.get_or_create(&ConnectionLabels { pool, state: "in_use" }), in_use);
        max.get_or_create(&PoolLabels { pool }).set(i64::from(most));
    }
    to.register("casetrail_database_connections", "Connections to the database by pool and state", now);
    to.register("casetrail_database_connections_max", "Maximum number of connections by pool", max);
}

fn space(to: &mut Registry, space: &Space) {
    let free = Family::<VolumeLabels, Gauge<u64, AtomicU64>>::default();
    for (volume, bytes) in space.free() {
        free.get_or_create(&VolumeLabels { volume }).set(bytes);
    }
    let text = "Free space on the volumes of the SQLite file and of the document directory";
    to.register_with_unit("casetrail_free_space", text, Unit::Bytes, free);
    let text = "Minimum free space for uploads to be accepted";
    to.register_with_unit("casetrail_min_free_space", text, Unit::Bytes, ConstGauge::new(space.min_free_bytes()));
}

fn audit_log(to: &mut Registry, vitals: &Vitals) {
    let text = "Entries in the audit log; on PostgreSQL the database's own estimate";
    to.register("casetrail_audit_table_entries", text, ConstGauge::new(vitals.size.entries));
    let text = "Size of the audit table with its indexes; on SQLite, of the whole database file, most of which is this table";
    to.register_with_unit("casetrail_audit_table_size", text, Unit::Bytes, ConstGauge::new(vitals.size.bytes));
}

/// How far the sealer has come, whichever replica it runs in: each reports the same values.
fn ledger(to: &mut Registry, progress: &Progress, now: DateTime<Utc>) {
    let text = "Audit entries that are committed and not sealed yet, at most 100,000; without those from before the ledger";
    to.register("casetrail_ledger_pending", text, ConstGauge::new(progress.pending));
    let text = "Age of the oldest audit entry that is not sealed yet; 0 if there is none";
    let lag = ConstGauge::new(progress.lag(now).as_seconds_f64());
    to.register_with_unit("casetrail_ledger_lag", text, Unit::Seconds, lag);
    let text = "Sequence of the last sealed audit entry; 0 before the first one";
    to.register("casetrail_ledger_sequence", text, ConstGauge::new(progress.last_sequence));
    let text = "Whether all audit entries from before the ledger are sealed; until then no later one is";
    to.register("casetrail_ledger_history_done", text, ConstGauge::new(i64::from(progress.history_done)));
}

/// Jobs and emails as recorded in the audit log, from all replicas: each reports the same values, so use the maximum and not the
/// sum.
fn jobs(to: &mut Registry, vitals: &Vitals) {
    let (last_run, last_success) = (Family::<JobLabels, Timestamp>::default(), Family::<JobLabels, Timestamp>::default());
    let (runs, emails) = (Family::<JobRunLabels, Counter>::default(), Family::<EmailLabels, Counter>::default());
    let seconds = |at: chrono::DateTime<chrono::Utc>| (at - chrono::DateTime::UNIX_EPOCH).as_seconds_f64();
    for job in &vitals.jobs {
        let labels = JobLabels { job_name: job.job_name.clone() };
        if let Some(at) = job.last_run_at() {
            last_run.get_or_create(&labels).set(seconds(at));
        }
        last_success.get_or_create(&labels).set(job.last_success_at.map_or(0.0, seconds));
        for status in ["success", "failure"] {
            drop(runs.get_or_create(&JobRunLabels { job_name: job.job_name.clone(), status }));
        }
    }
    for ((job_name, is_success), count) in &vitals.job_runs {
        let status = if *is_success { "success" } else { "failure" };
        // External systems report job names, too, and only listed jobs have metrics of their own.
        let is_listed = vitals.jobs.iter().any(|job| job.job_name == *job_name);
        let job_name = if is_listed { job_name.clone() } else { "other".to_owned() };
        runs.get_or_create(&JobRunLabels { job_name, status }).inc_by(*count);
    }
    for ((template, is_sent), count) in &vitals.emails {
        for (status, count) in [("sent", if *is_sent { *count } else { 0 }), ("failed", if *is_sent { 0 } else { *count })] {
            emails.get_or_create(&EmailLabels { template: template.clone(), status }).inc_by(count);
        }
    }
    let text = "Job runs since this process started, on any replica, as recorded in the audit log";
    to.register("casetrail_job_runs", text, runs);
    let text = "Time of a job's last run, in seconds since 1970, as recorded in the audit log";
    to.register_with_unit("casetrail_job_last_run_timestamp", text, Unit::Seconds, last_run);
    let text = "Time of a job's last success, in seconds since 1970, as recorded in the audit log; 0 for never";
    to.register_with_unit("casetrail_job_last_success_timestamp", text, Unit::Seconds, last_success);
    let text = "Attempted emails since this process started, on any replica, as recorded in the audit log";
    to.register("casetrail_emails", text, emails);
}
