//! The audit entries of reads: of the log, an entry, an audit trail, a report, an export, and of denied reads.

use super::rng::DemoRng;
use super::visits::Visits;
use chrono::{DateTime, Utc};
use entity::audit::{Action, Event};
use entity::audit_log::{self, LogView};
use entity::clock::rfc3339;
use entity::report::{self, user_activity};
use entity::user::{Person, Role};
use serde_json::{Value as Json, json};
use uuid::Uuid;

#[derive(Clone, Copy)]
enum ReadKind {
    Log,
    Entry,
    UserTrail,
    Report,
    ReportFile,
    LogFile,
    Cases,
}

/// What managers and administrators, and the accounts that feed other systems, read.
pub(super) fn by_manager(visits: &mut Visits, person: &Person, at: DateTime<Utc>) -> Event {
    let readings = [
        (ReadKind::Log, 40),
        (ReadKind::Entry, 14),
        (ReadKind::UserTrail, 6),
        (ReadKind::Report, 30),
        (ReadKind::ReportFile, 4),
        (ReadKind::LogFile, 2),
        (ReadKind::Cases, 2),
    ];
    let is_person = person.role != Role::Service;
    match visits.rng.weighed(&readings) {
        Some(ReadKind::Report) => report(visits, at),
        Some(ReadKind::Entry) if is_person => visits.some_entry(at).map_or_else(log, entry),
        Some(ReadKind::UserTrail) if is_person => visits.any_user().map_or_else(log, user_trail),
        Some(ReadKind::ReportFile) => file(visits, at),
        Some(ReadKind::LogFile) => Event::export_generated(audit_log::EXPORT, "csv", Some(rows(visits, 40, 9_000)), json!({})),
        Some(ReadKind::Cases) if is_person => {
            Event::bulk_export("cases", "csv", u64::try_from(visits.cases.len()).ok(), json!({}))
        }
        Some(ReadKind::Log | ReadKind::Entry | ReadKind::UserTrail | ReadKind::Cases) | None => log(),
    }
}

pub(super) fn case_trail(case_id: Uuid) -> Event {
    Event::audit_log_accessed(LogView::CaseTrail(case_id), json!({}))
}

/// Technicians and members have no access to reports and the log.
pub(super) fn denied(rng: &mut DemoRng) -> Event {
    if rng.chance(0.6) {
        let report = rng.word(&report::NAMES);
        return Event::denied(Action::ReportGenerated, &format!("get_{report}"), "forbidden", ("report", report.to_owned()));
    }
    Event::denied(Action::AuditLogAccessed, "list_audit_log", "forbidden", ("audit_log", "audit_log".to_owned()))
}

fn log() -> Event {
    Event::audit_log_accessed(LogView::List, json!({}))
}

fn entry(id: Uuid) -> Event {
    Event::audit_log_accessed(LogView::Entry(id), json!({}))
}

fn user_trail(id: Uuid) -> Event {
    Event::audit_log_accessed(LogView::UserTrail(id), json!({}))
}

fn report(visits: &mut Visits, at: DateTime<Utc>) -> Event {
    let report = visits.rng.word(&report::NAMES);
    let parameters = parameters(visits, report, at);
    Event::report_generated(report, parameters, rows(visits, 5, 4_000))
}

fn file(visits: &mut Visits, at: DateTime<Utc>) -> Event {
    let report = visits.rng.word(&report::NAMES);
    let parameters = parameters(visits, report, at);
    Event::export_generated(report, "csv", Some(rows(visits, 5, 4_000)), parameters)
}

fn parameters(visits: &mut Visits, report: &str, at: DateTime<Utc>) -> Json {
    let (since, until) = visits.period(at);
    let mut parameters = json!({"since": rfc3339(since), "until": rfc3339(until)});
    let user = if report == user_activity::NAME { visits.any_user() } else { None };
    if let (Some(user), Some(parameters)) = (user, parameters.as_object_mut()) {
        parameters.insert("user_id".to_owned(), json!(user));
    }
    parameters
}

fn rows(visits: &mut Visits, least: i64, most: i64) -> u64 {
    visits.rng.between(least, most).try_into().unwrap_or_default()
}
