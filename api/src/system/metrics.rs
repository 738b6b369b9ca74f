//! Figures for Prometheus: what this process counted, and what only the database knows.

use crate::http::{Error, Result};
use crate::state::App;
use crate::storage::Space;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use entity::db::PoolState;
use entity::trail::vitals::Vitals;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::{CONTENT_TYPE, encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// What the contract shows of the figures.
const EXAMPLE: &str = "# HELP casetrail_audit_entries_total Entries of the audit trail that this process committed.\n# TYPE casetrail_audit_entries_total counter\ncasetrail_audit_entries_total{action_type=\"case_held\",outcome=\"success\"} 12\n";

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
struct EmailLabels {
    template: String,
    status: &'static str,
}

/// Read the service's figures
///
/// For Prometheus, in its text format. They tell of no person and no case. Where the database does not answer, its figures are
/// left out and `casetrail_database_up` is 0.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "The figures", content_type = "text/plain", body = String, example = json!(EXAMPLE))),
    extensions(("x-audit-actions" = json!({"always": [], "may": []})), ("x-audit-reason" = json!("the figures tell of no person and no case"))),
)]
#[get("/metrics")]
pub async fn get_metrics(app: App) -> Result<HttpResponse> {
    let mut scrape = Registry::default();
    pools(&mut scrape, app.db().pools());
    space(&mut scrape, app.space());
    let vitals = app.metrics().watch().lock().await.look(app.readers(), app.now()).await;
    if let Err(cause) = &vitals {
        tracing::warn!(%cause, "no figures from the database");
    }
    let is_up = ConstGauge::new(i64::from(vitals.is_ok()));
    scrape.register("casetrail_database_up", "Whether the database told its figures", is_up);
    if let Ok(vitals) = vitals {
        trail(&mut scrape, &vitals);
        jobs(&mut scrape, &vitals);
    }
    let mut text = String::new();
    app.metrics().write_to(&mut text).and_then(|()| encode(&mut text, &scrape)).map_err(Error::internal)?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).insert_header((CACHE_CONTROL, "no-store")).body(text))
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
    to.register("casetrail_database_connections_max", "Connections a pool may have", max);
}

fn space(to: &mut Registry, space: &Space) {
    let free = Family::<VolumeLabels, Gauge<u64, AtomicU64>>::default();
    for (volume, bytes) in space.free() {
        free.get_or_create(&VolumeLabels { volume }).set(bytes);
    }
    let text = "What is free on the volumes of the SQLite file and of the directory of the documents";
    to.register_with_unit("casetrail_free_space", text, Unit::Bytes, free);
    let text = "What must be free for uploads to be taken";
    to.register_with_unit("casetrail_min_free_space", text, Unit::Bytes, ConstGauge::new(space.min_free_bytes()));
}

fn trail(to: &mut Registry, vitals: &Vitals) {
    let text = "Entries the audit trail has; on PostgreSQL the database's own estimate";
    to.register("casetrail_audit_table_entries", text, ConstGauge::new(vitals.size.entries));
    let text = "Size of the audit table with its indexes; on SQLite, of the whole database file, most of which it is";
    to.register_with_unit("casetrail_audit_table_size", text, Unit::Bytes, ConstGauge::new(vitals.size.bytes));
}

/// Jobs and mails as the trail has them, whoever ran them: replicas tell the same, so take the maximum and not the sum.
fn jobs(to: &mut Registry, vitals: &Vitals) {
    let (last_run, last_success) = (Family::<JobLabels, Timestamp>::default(), Family::<JobLabels, Timestamp>::default());
    let (runs, emails) = (Family::<JobRunLabels, Counter>::default(), Family::<EmailLabels, Counter>::default());
    let seconds = |at: chrono::DateTime<chrono::Utc>| at.timestamp_millis() as f64 / 1000.0;
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
        // Names come from outside, too, and so many have figures of their own.
        let is_listed = vitals.jobs.iter().any(|job| job.job_name == *job_name);
        let job_name = if is_listed { job_name.clone() } else { "other".to_owned() };
        runs.get_or_create(&JobRunLabels { job_name, status }).inc_by(*count);
    }
    for ((template, is_sent), count) in &vitals.emails {
        for (status, count) in [("sent", if *is_sent { *count } else { 0 }), ("failed", if *is_sent { 0 } else { *count })] {
            emails.get_or_create(&EmailLabels { template: template.clone(), status }).inc_by(count);
        }
    }
    let text = "Runs of jobs since this process started, by whom ever, as the trail has them";
    to.register("casetrail_job_runs", text, runs);
    let text = "When a job ran last, in seconds since 1970, as the trail has it";
    to.register_with_unit("casetrail_job_last_run_timestamp", text, Unit::Seconds, last_run);
    let text = "When a job last succeeded, in seconds since 1970, as the trail has it; 0 for never";
    to.register_with_unit("casetrail_job_last_success_timestamp", text, Unit::Seconds, last_success);
    let text = "Mails tried since this process started, by whom ever, as the trail has them";
    to.register("casetrail_emails", text, emails);
}
