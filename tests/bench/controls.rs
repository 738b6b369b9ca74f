//! What the measured paths are compared with: the ceiling, pgbench with the update and the entry of an edit, ideal statements
//! on the rollups, and `COPY`.

use crate::app::copies::run;
use crate::app::postgres::installed;
use crate::ceiling::Ceiling;
use crate::parse;
use crate::place::Place;
use crate::wire::{Connection, Request};
use entity::session;
use futures_util::StreamExt;
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

const CALLERS: u64 = 16;

/// A connection of the bench's own.
pub async fn connect(place: &Place) -> Client {
    let (client, connection) = tokio_postgres::connect(&place.app.url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// The CPU of one edit by the ceiling and its database, in milliseconds.
pub async fn ceiling(place: &Place, ceiling: &Ceiling, time: Duration) -> f64 {
    let manager = place.app.as_manager().await;
    let by = manager.user.as_ref().expect("a user").id;
    let session = session::Entity::find().filter(session::Column::UserId.eq(by)).one(&place.app.outside).await;
    let header = format!("X-Session: {}\r\n", session.expect("a response").expect("a session").id);
    let meter = crate::cpu::Meter::new(vec![ceiling.pid()], place.postmaster);
    let edits = async |time: Duration| {
        let callers = (0..CALLERS).map(async |caller| {
            let mut connection = Connection::open(&ceiling.address, header.clone()).await;
            let (began, mut number) = (Instant::now(), 0);
            while number == 0 || began.elapsed() < time {
                let case = place.open_case(caller + CALLERS * number);
                let request =
                    Request::patch(format!("/cases/{case}"), json!({"internal_notes": format!("Called {number} times.")}));
                assert_eq!(connection.send(&request).await.status, 200, "the ceiling edits {case}");
                number += 1;
            }
            number
        });
        join_all(callers).await.into_iter().sum::<u64>() as f64
    };
    edits(Duration::ZERO).await;
    let before = meter.read();
    let count = edits(time).await;
    (meter.read() - before) / count
}

/// Prepares what pgbench's script needs: a body of an entry without the colons that pgbench would take for variables.
pub async fn prepare_pgbench(place: &Place) {
    let body = "CREATE TABLE bench_body AS SELECT replace(body, id::text, '@ENTRY@') AS body FROM audit_entries \
                WHERE action_type = 'case_updated' LIMIT 1";
    run(&place.app, body).await;
}

/// Transactions per second and the CPU of each in the database, in milliseconds, of pgbench with the update and the entry of an
/// edit. `None` if pgbench is not installed.
pub async fn pgbench(place: &Place, time: Duration) -> Option<(f64, f64)> {
    let program = installed()?.join("pgbench");
    let id = "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' \
              || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid";
    let case = place.filled.case_in_postgres(":number::bigint");
    let script = format!(
        "\\set number random({first}, {last})\nBEGIN;\n\
         UPDATE cases SET internal_notes = 'note ' || random()::text, version = version + 1, updated_at = now() \
         WHERE id = {case};\n\
         INSERT INTO audit_entries (id, occurred_at, action_type, outcome, actor_type, actor_label, case_id, case_number, \
         object_type, object_id, topic, source, request_id, changed_fields, description, search_text, body) \
         SELECT e.id, now(), 'case_updated', 'success', 'system', 'System', e.case_id, 'WS001-2025-01-000001', 'case', \
         e.case_id::text, 'edited', 'automatic', 'pgbench', ',internal_notes,', 'Case updated', 'case updated', \
         replace(b.body, '@ENTRY@', e.id::text) FROM bench_body b, (SELECT {id} AS id, {case} AS case_id) AS e;\nCOMMIT;\n",
        first = place.filled.cases - place.filled.open_cases(),
        last = place.filled.cases - 1,
    );
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), script).expect("a script");
    let before = place.meter.read();
    let mut command = Command::new(program);
    command.args(["-n", "-M", "prepared", "-c", "16", "-j", "1", "-T", &time.as_secs().max(1).to_string(), "-f"]);
    command.arg(file.path()).arg(&place.app.url).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").ok()?;
    let cpu = place.meter.read() - before;
    let report = String::from_utf8_lossy(&output.stdout);
    let found = parse::pgbench(&report);
    assert!(output.status.success() && found.is_some(), "pgbench: {report}{}", String::from_utf8_lossy(&output.stderr));
    found.map(|(count, per_second)| (per_second, cpu / count))
}

/// The statements that a report cannot do without, on the rollups: what a person would write by hand for all that it shows, its
/// list of entries included. By the report's path.
const IDEAL: [(&str, &[&str]); 5] = [
    (
        "activity-summary-30d",
        &[
            "SELECT day, action_type, outcome, sum(entry_count), max(last_at) FROM ledger_type_days \
             WHERE generation = (SELECT generation FROM ledger_state) AND day > current_date - 30 GROUP BY 1, 2, 3",
            "SELECT sum(entry_count) FROM ledger_type_days WHERE generation = (SELECT generation FROM ledger_state) \
             AND day > current_date - 60 AND day <= current_date - 30",
            "SELECT actor_id, sum(entry_count) AS total, max(last_at) FROM ledger_actor_totals \
             WHERE generation = (SELECT generation FROM ledger_state) AND day > current_date - 30 \
             GROUP BY 1 ORDER BY total DESC LIMIT 10",
            "SELECT status, assigned_to_id, workshop_code, count(*), min(submitted_at), min(held_at) FROM cases \
             WHERE deleted_at IS NULL AND status IN ('draft', 'submitted', 'accepted', 'hold', 'pending_review', \
             'needs_resubmission', 'resubmitted') GROUP BY 1, 2, 3",
        ],
    ),
    (
        "user-activity-30d",
        &[
            "SELECT day, action_type, outcome, topic, sum(entry_count), max(last_at) FROM ledger_actor_days \
             WHERE generation = (SELECT generation FROM ledger_state) AND actor_id = 'CLERK' AND day > current_date - 30 \
             GROUP BY 1, 2, 3, 4",
            "SELECT * FROM audit_entries WHERE actor_id = 'CLERK' AND outcome = 'success' ORDER BY id DESC LIMIT 50",
        ],
    ),
    (
        "case-changes-30d",
        &[
            "SELECT day, action_type, sum(entry_count) FROM ledger_type_days \
             WHERE generation = (SELECT generation FROM ledger_state) AND day > current_date - 30 GROUP BY 1, 2",
            "SELECT member_id, workshop_code, assigned_to_id, count(DISTINCT case_id), sum(created), sum(status_changed), \
             sum(tier_changed), sum(assigned), sum(resubmitted), sum(held), sum(resumed), sum(edited) FROM ledger_case_days \
             JOIN cases ON cases.id = case_id WHERE generation = (SELECT generation FROM ledger_state) \
             AND day > current_date - 30 GROUP BY 1, 2, 3",
            "SELECT actor_id, actor_label, sum(created), sum(status_changed), sum(tier_changed), sum(assigned), \
             sum(resubmitted), sum(held), sum(resumed), sum(edited) FROM ledger_actor_totals \
             WHERE generation = (SELECT generation FROM ledger_state) AND day > current_date - 30 GROUP BY 1, 2",
            "SELECT * FROM audit_entries WHERE case_id IS NOT NULL AND outcome = 'success' ORDER BY id DESC LIMIT 50",
        ],
    ),
    (
        "quality-review-30d",
        &[
            "SELECT review_action, reviewer_id, count(*), max(reviewed_at), sum(turnaround_seconds) FROM case_reviews \
             WHERE reviewed_at > current_date - 30 GROUP BY 1, 2",
            "SELECT count(*), min(submitted_at) FROM cases WHERE status = 'pending_review'",
            "SELECT * FROM audit_entries WHERE action_type IN ('review_submitted', 'review_updated') ORDER BY id DESC LIMIT 50",
        ],
    ),
    (
        "system-events-30d",
        &[
            "SELECT day, action_type, outcome, sum(entry_count), max(last_at) FROM ledger_type_days \
             WHERE generation = (SELECT generation FROM ledger_state) AND day > current_date - 30 GROUP BY 1, 2, 3",
            "SELECT actor_id, action_type, topic, sum(entry_count) AS total, max(last_at) FROM ledger_actor_days \
             WHERE generation = (SELECT generation FROM ledger_state) AND day > current_date - 30 \
             AND action_type IN ('audit_log_accessed', 'report_generated', 'bulk_export', 'export_generated') \
             GROUP BY 1, 2, 3 ORDER BY total DESC LIMIT 100",
            "SELECT * FROM audit_entries WHERE action_type IN ('cron_job_executed', 'email_notification_sent', 'bulk_export') \
             ORDER BY id DESC LIMIT 50",
        ],
    ),
];

/// The CPU of the ideal statements of a report, in database and client, in milliseconds. `None` if it has none, or if the
/// database has no rollups.
pub async fn ideal(place: &Place, client: &Client, report: &str, time: Duration) -> Option<f64> {
    let (_, statements) = IDEAL.iter().find(|(name, _)| *name == report)?;
    let mut prepared = Vec::new();
    for sql in *statements {
        prepared.push(client.prepare(&sql.replace("CLERK", &place.clerk.id.to_string())).await.ok()?);
    }
    let meter = crate::cpu::Meter::new(vec![std::process::id()], place.postmaster);
    let (began, before, mut count) = (Instant::now(), meter.read(), 0_u32);
    while count == 0 || began.elapsed() < time {
        for statement in &prepared {
            client.query(statement, &[]).await.expect("rows");
        }
        count += 1;
    }
    Some((meter.read() - before) / f64::from(count))
}

/// The CPU of `COPY` of all bodies, in database and client, in milliseconds.
pub async fn copy(place: &Place, client: &Client) -> f64 {
    let meter = crate::cpu::Meter::new(vec![std::process::id()], place.postmaster);
    let before = meter.read();
    let stream = client.copy_out("COPY (SELECT body FROM audit_entries ORDER BY id) TO STDOUT").await.expect("a stream");
    let mut stream = std::pin::pin!(stream);
    while let Some(bytes) = stream.next().await {
        bytes.expect("bytes");
    }
    meter.read() - before
}

/// What an export of the whole log costs.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    pub cpu_ms: f64,
    pub first_byte_ms: f64,
    pub more_mib: f64,
}

/// Exports the whole log over HTTP.
pub async fn export(place: &Place) -> Export {
    let admin = place.app.as_admin().await;
    let memory = crate::drive::begin(place);
    let (began, before) = (Instant::now(), place.meter.read());
    let path = "audit-log/export.ndjson";
    let sent = place.process.request(reqwest::Method::GET, path).bearer_auth(admin.token()).send().await;
    let mut answer = sent.expect("a response");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    let mut first_byte_ms = None;
    while let Some(_bytes) = answer.chunk().await.expect("a whole export") {
        first_byte_ms.get_or_insert_with(|| began.elapsed().as_secs_f64() * 1_000.0);
    }
    let more_kib = place.process.memory("VmHWM").saturating_sub(memory);
    Export {
        cpu_ms: place.meter.read() - before,
        first_byte_ms: first_byte_ms.expect("a byte"),
        more_mib: more_kib as f64 / 1_024.0,
    }
}
