//! The rules that the demo history obeys, before it is written to any database.

use super::*;
use chrono::{Datelike, TimeZone, Timelike};
use chrono_tz::America::Chicago;
use entity::audit::{Action, Outcome};
use entity::case::{ReviewStatus, Tier, Urgency};
use entity::history::PastEntry;
use entity::review::ReviewAction;
use entity::user::{Level, Role};
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 15, 0, 0).unwrap()
}

fn generated(plan: Plan, seed: u64) -> Chapter {
    let mut whole = Chapter::default();
    for chapter in generate(plan, seed, now(), Chicago).unwrap() {
        let chapter = chapter.unwrap();
        whole.history.users.extend(chapter.history.users);
        whole.history.cases.extend(chapter.history.cases);
        whole.history.documents.extend(chapter.history.documents);
        whole.history.notes.extend(chapter.history.notes);
        whole.history.credits.extend(chapter.history.credits);
        whole.history.settings = chapter.history.settings.or(whole.history.settings);
        whole.history.entries.extend(chapter.history.entries);
        whole.reviews.extend(chapter.reviews);
        whole.member_updates.extend(chapter.member_updates);
        whole.case_numbers.extend(chapter.case_numbers);
        whole.alerts.extend(chapter.alerts);
        whole.mails.extend(chapter.mails);
        whole.runs.extend(chapter.runs);
        whole.overdue_holds.extend(chapter.overdue_holds);
        whole.files.extend(chapter.files);
    }
    whole.history.entries.sort_by_key(|entry| entry.id);
    whole
}

fn demo() -> &'static Chapter {
    static DEMO: std::sync::LazyLock<Chapter> = std::sync::LazyLock::new(|| generated(Plan::demo(), 1));
    &DEMO
}

fn entries(holds: impl Fn(&PastEntry) -> bool) -> Vec<&'static PastEntry> {
    demo().history.entries.iter().filter(|entry| holds(entry)).collect()
}

fn entries_of(action: Action) -> Vec<&'static PastEntry> {
    entries(|entry| entry.event.action == action)
}

fn percent(part: usize, whole: usize) -> f64 {
    super::rng::float(part) * 100.0 / super::rng::float(whole)
}

#[track_caller]
fn assert_near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found:.2}, expected {expected} ± {tolerance}");
}

#[test]
fn the_same_seed_generates_the_same_history() {
    let plan = Plan::of_entries(2_000);
    let text = |seed| format!("{:?}", Ordered(&generated(plan, seed)));
    assert!(text(1) == text(1));
    assert!(text(1) != text(2));
}

/// A chapter's rows and entries as text; the maps inside stories are not part of it.
struct Ordered<'a>(&'a Chapter);

impl std::fmt::Debug for Ordered<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[test]
fn the_history_has_as_many_rows_and_entries_as_planned() {
    let Chapter { history, case_numbers, .. } = demo();
    assert_eq!((history.users.len(), history.cases.len(), history.entries.len()), (101, 400, 20_000));
    let numbers: HashSet<_> = history.cases.iter().map(|case| &case.case_number).collect();
    assert_eq!(numbers.len(), 400);
    assert_eq!(case_numbers.iter().map(|counter| counter.last_number).sum::<i32>(), 400);
    let start = now() - chrono::TimeDelta::days(180);
    let within = |entry: &PastEntry| instant_of(entry.id).is_some_and(|at| at >= start && at <= now());
    assert!(history.entries.iter().all(within));
}

#[test]
fn roles_and_levels_are_distributed_as_planned() {
    let users = &demo().history.users;
    let count = |holds: &dyn Fn(&user::Model) -> bool| users.iter().filter(|row| holds(row)).count();
    for (role, expected) in
        [(Role::Member, 80), (Role::Technician, 14), (Role::Manager, 4), (Role::Administrator, 2), (Role::Service, 1)]
    {
        assert_eq!(count(&|row| row.role == role), expected, "{role:?}");
    }
    let levels = [Level::One, Level::Two, Level::Three].map(|level| count(&|row| row.user_level == Some(level)));
    assert!(levels == [6, 5, 3] || levels == [5, 6, 3] || levels == [6, 6, 2], "{levels:?}");
    assert_eq!(count(&|row| !row.is_active), 5);
    for name in NAMED.iter().chain([&SERVICE]) {
        assert_eq!(count(&|row| row.username == *name && row.is_active), 1, "{name}");
    }
    assert!(users.iter().all(|row| row.email.ends_with(".example")));
}

#[test]
fn cases_are_distributed_as_planned() {
    use CaseStatus as S;
    let cases = &demo().history.cases;
    let share = |holds: &dyn Fn(&case::Model) -> bool| percent(cases.iter().filter(|row| holds(row)).count(), cases.len());
    let statuses = [
        (S::Draft, 8.0),
        (S::Submitted, 12.0),
        (S::Resubmitted, 3.0),
        (S::Accepted, 22.0),
        (S::Hold, 6.0),
        (S::PendingReview, 7.0),
        (S::NeedsResubmission, 4.0),
        (S::Completed, 38.0),
    ];
    for (status, expected) in statuses {
        assert_near(status.code(), share(&|row| row.status == status), expected, 0.3);
    }
    let tiered = cases.iter().filter(|row| row.tier.is_some()).count();
    for (tier, expected) in [(Tier::One, 50.0), (Tier::Two, 35.0), (Tier::Three, 15.0)] {
        assert_near(tier.code(), percent(cases.iter().filter(|row| row.tier == Some(tier)).count(), tiered), expected, 1.0);
    }
    assert_near("rush", share(&|row| row.urgency == Urgency::Rush), 18.0, 1.0);
    for (reports, expected) in [(1, 60.0), (2, 22.0), (3, 10.0), (4, 5.0)] {
        assert_near("reports", share(&|row| row.num_reports_requested == reports), expected, 0.5);
    }
    let completed: Vec<_> = cases.iter().filter(|row| row.status == S::Completed).collect();
    let released = completed.iter().filter(|row| row.is_released(now())).count();
    assert_near("released", percent(released, completed.len()), 90.0, 2.0);
    let technicians: HashMap<_, _> = demo().history.users.iter().map(|row| (row.id, row.user_level)).collect();
    let juniors =
        completed.iter().filter(|row| row.assigned_to_id.is_some_and(|id| technicians.get(&id) == Some(&Some(Level::One))));
    assert_near("completed by level 1", percent(juniors.count(), completed.len()), 35.0, 3.0);
}

#[test]
fn reviews_are_decided_as_planned() {
    let decisions: Vec<_> = demo().reviews.iter().filter(|step| step.decision_number.is_some()).collect();
    let share = |action| percent(decisions.iter().filter(|step| step.review_action == action).count(), decisions.len());
    assert_near("approved", share(ReviewAction::Approved), 68.0, 4.0);
    assert_near("revisions", share(ReviewAction::RevisionsRequested), 20.0, 4.0);
    assert_near("corrections", share(ReviewAction::CorrectionsNeeded), 12.0, 4.0);
    assert_eq!(entries_of(Action::ReviewUpdated).len(), decisions.len());
    let of = |actions: &[ReviewAction]| demo().reviews.iter().filter(|step| actions.contains(&step.review_action)).count();
    assert_eq!(entries_of(Action::ReviewSubmitted).len(), of(&ReviewAction::SUBMISSIONS));
    let reviewed: HashSet<_> = demo().reviews.iter().map(|step| step.case_id).collect();
    assert_eq!(of(&[ReviewAction::SubmittedForReview]), reviewed.len(), "one is the first of each case");
    assert!(decisions.iter().all(|step| step.turnaround_seconds.is_some_and(|seconds| seconds >= 0)));
    assert!(
        demo()
            .history
            .cases
            .iter()
            .all(|row| row.review_status != Some(ReviewStatus::Approved) || row.reviewed_by_id != row.assigned_to_id)
    );
}

#[test]
fn the_entries_of_each_case_chain_to_its_status_and_assignee() {
    for case in &demo().history.cases {
        let mut status = Json::Null;
        let mut assignee = Json::Null;
        let mut is_held = false;
        for entry in entries(|entry| entry.event.case.as_ref().is_some_and(|(id, _)| *id == case.id)) {
            let event = &entry.event;
            let change = |field: &str| event.changes.get(field).map(|change| (change["from"].clone(), change["to"].clone()));
            for (field, last) in [("status", &mut status), ("assigned_to_id", &mut assignee)] {
                if let Some((from, to)) = change(field) {
                    assert_eq!(from, *last, "{} of {}", field, case.case_number);
                    *last = to;
                }
            }
            assert!(event.action != Action::CaseResumed || is_held, "{}", case.case_number);
            is_held = status == "hold";
        }
        assert_eq!(status, case.status.code());
        assert_eq!(assignee, serde_json::json!(case.assigned_to_id));
    }
}

#[test]
fn holds_last_about_two_days_and_a_quarter_is_overdue() {
    let resumed = entries_of(Action::CaseResumed);
    let mut days: Vec<f64> =
        resumed.iter().map(|entry| entry.event.metadata["hold_duration_seconds"].as_f64().unwrap() / 86_400.0).collect();
    days.sort_by(f64::total_cmp);
    assert!(days.len() > 50, "{}", days.len());
    assert_near("median", days[days.len() / 2], 2.0, 0.6);
    let overdue = resumed.iter().filter(|entry| entry.event.metadata["overdue"] == true).count();
    assert_near("overdue", percent(overdue, resumed.len()), 25.0, 8.0);
}

#[test]
fn people_act_mostly_on_weekdays_in_office_hours() {
    let by_people = entries(|entry| entry.context.actor != entity::audit::Actor::System);
    let local = |entry: &&PastEntry| instant_of(entry.id).unwrap().with_timezone(&Chicago);
    let weekdays = by_people.iter().filter(|entry| local(entry).weekday().number_from_monday() <= 5).count();
    let office = by_people.iter().filter(|entry| (8..18).contains(&local(entry).hour())).count();
    assert_near("weekdays", percent(weekdays, by_people.len()), 85.0, 3.0);
    assert_near("office hours", percent(office, by_people.len()), 80.0, 3.0);
}

#[test]
fn a_share_of_the_entries_is_by_the_system_and_some_are_failures() {
    let by_system = entries(|entry| entry.context.actor == entity::audit::Actor::System);
    assert_near("by System", percent(by_system.len(), demo().entries()), 8.0, 0.5);
    let failed = |action| {
        let all = entries_of(action);
        percent(all.iter().filter(|entry| entry.event.outcome == Outcome::Failure).count(), all.len())
    };
    assert_near("failed jobs", failed(Action::CronJobExecuted), 1.5, 0.4);
    assert_near("failed emails", failed(Action::EmailNotificationSent), 2.0, 1.5);
    for action in [
        Action::Login,
        Action::Logout,
        Action::ReportGenerated,
        Action::AuditLogAccessed,
        Action::ExportGenerated,
        Action::BulkExport,
    ] {
        assert!(!entries_of(action).is_empty(), "{action}");
    }
}

#[test]
fn every_action_occurs_with_success() {
    for action in Action::all() {
        let done = entries_of(action).into_iter().filter(|entry| entry.event.outcome == Outcome::Success).count();
        assert!(done >= 2, "{action}: {done}");
    }
}

#[test]
fn most_completions_have_all_their_reports() {
    let completions = entries(|entry| {
        let status = entry.event.changes.get("status");
        status.is_some_and(|change| {
            change["from"] == "accepted" && ["completed", "pending_review"].contains(&change["to"].as_str().unwrap())
        })
    });
    let overridden = completions.iter().filter(|entry| entry.event.metadata.contains_key("override_incomplete")).count();
    assert!(overridden > 0 && percent(overridden, completions.len()) < 30.0, "{overridden} of {}", completions.len());
    for case in demo().history.cases.iter().filter(|case| case.status == CaseStatus::Completed) {
        let reports = |number| {
            let documents = demo().history.documents.iter().filter(|document| document.case_id == case.id);
            documents.filter(|document| document.report_number == Some(number) && document.deleted_at.is_none()).count()
        };
        assert!((1..=case.num_reports_requested).all(|number| reports(number) <= 1), "{}", case.case_number);
        assert_eq!(reports(case.num_reports_requested + 1), 0, "{}", case.case_number);
    }
}

#[test]
fn documents_are_small_files_whose_content_agrees_with_their_rows() {
    let documents = &demo().history.documents;
    assert!(documents.len() > 400, "{}", documents.len());
    let files: HashMap<Uuid, &[u8]> = demo().files.iter().map(|(id, bytes)| (*id, bytes.as_slice())).collect();
    assert_eq!(files.len(), documents.len());
    for document in documents {
        let bytes = files[&document.id];
        assert!(bytes.starts_with(b"%PDF-1.4\n") && bytes.ends_with(b"%%EOF\n") && bytes.len() < 4_096);
        assert_eq!(document.size_bytes, i64::try_from(bytes.len()).unwrap());
        assert_eq!(document.sha256, entity::text::hex(&<sha2::Sha256 as sha2::Digest>::digest(bytes)));
    }
    assert!(documents.iter().any(|document| document.deleted_at.is_some()));
}

#[test]
fn a_history_for_load_tests_has_no_documents() {
    let chapter = generate(Plan { cases: 2_001, ..Plan::demo() }, 1, now(), Chicago).unwrap().nth(1).unwrap().unwrap();
    assert!(!chapter.history.cases.is_empty() && chapter.history.documents.is_empty() && chapter.files.is_empty());
}

#[test]
fn each_period_of_a_job_is_run_once_and_the_last_one_is_recent() {
    let mut seen = HashSet::new();
    let runs = &demo().runs;
    assert!(runs.iter().all(|run| seen.insert((run.job_name, run.scheduled_for))));
    let own = entries_of(Action::CronJobExecuted).into_iter().filter(|entry| entry.context.actor == entity::audit::Actor::System);
    assert_eq!(own.count(), runs.len());
    for (job, within) in [("check_expired_holds", 60), ("release_scheduled_cases", 15), ("send_scheduled_emails", 15)] {
        let last = runs.iter().filter(|run| run.job_name.code() == job).filter_map(|run| run.scheduled_for).max().unwrap();
        assert!(now() - last <= chrono::TimeDelta::minutes(within + 15), "{job}: {last}");
    }
    assert!(runs.iter().filter(|run| run.records_processed > 0).count() > 100);
    assert!(runs.iter().all(|run| run.finished_at <= now()));
}

#[test]
fn only_first_failures_of_a_job_occur_and_an_email_is_sent_about_each() {
    let Chapter { mails, runs, .. } = demo();
    let mut ordered: Vec<_> = runs.iter().collect();
    ordered.sort_by_key(|run| (run.job_name, run.scheduled_for));
    let has_failed = |run: &&entity::job::run::Model| run.status == entity::job::run::RunStatus::Failure;
    let in_a_row = |pair: &[&entity::job::run::Model]| pair[0].job_name == pair[1].job_name && pair.iter().all(has_failed);
    assert!(!ordered.windows(2).any(in_a_row), "a failure follows another");
    let failures: HashSet<_> = runs.iter().filter(has_failed).map(|run| run.scheduled_for.unwrap()).collect();
    assert!(failures.len() > 5, "{}", failures.len());
    let about_failures = mails.iter().filter(|mail| mail.template == "job_failed");
    let periods: HashSet<_> = about_failures.map(|mail| mail.queued_at - chrono::TimeDelta::seconds(2)).collect();
    assert_eq!(periods, failures);
}

#[test]
fn notifications_reach_their_recipients_and_are_looked_at() {
    let Chapter { alerts, mails, runs, .. } = demo();
    let kinds: HashSet<_> = alerts.iter().map(|alert| alert.kind).collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
    let dismissed = alerts.iter().filter(|alert| alert.dismissed_at.is_some()).count();
    assert_eq!(dismissed, entries_of(Action::AlertDismissed).len());
    assert!(alerts.iter().any(|alert| alert.read_at.is_none()) && dismissed > 20);
    let attempts: i32 = mails.iter().map(|mail| mail.attempts).sum();
    let own = entries_of(Action::EmailNotificationSent).into_iter().filter(|entry| entry.context.in_job).count();
    let deferred: i64 = runs.iter().map(|run| run.records_deferred).sum();
    assert!(deferred > 0, "an email is deferred");
    assert_eq!(i64::from(attempts) - deferred, i64::try_from(own).unwrap(), "only a deferred attempt leaves no entry");
    let with = |status| mails.iter().filter(|mail| mail.status == status).count();
    assert!(with(entity::outbox::MailStatus::Sent) > 200 && with(entity::outbox::MailStatus::Failed) > 0);
}

#[test]
fn every_member_has_an_allowance_for_each_quarter_that_began_while_they_were_there() {
    let credits = &demo().history.credits;
    let quarters: HashSet<&str> = credits.iter().map(|credit| credit.quarter.as_str()).collect();
    assert_eq!(quarters, HashSet::from(["2026-Q3", "2026-Q4"]));
    assert!(credits.len() > 100 && credits.iter().any(|credit| credit.allowed_credits != 100), "{}", credits.len());
    assert_eq!(entries_of(Action::BulkCreditReset).into_iter().filter(|entry| entry.context.in_job).count(), quarters.len());
}

#[test]
fn few_users_cause_a_large_share_of_the_entries() {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for entry in entries(|entry| entry.context.actor.person().is_some()) {
        *counts.entry(entry.context.actor.label()).or_default() += 1;
    }
    let mut ranked: Vec<_> = counts.values().copied().collect();
    ranked.sort_unstable_by(|left, right| right.cmp(left));
    let total: usize = ranked.iter().sum();
    assert!(percent(ranked.iter().take(10).sum(), total) > 45.0 && ranked.len() > 80, "{ranked:?}");
}

#[test]
fn named_members_have_cases_in_every_status_and_technicians_in_several() {
    let id = |name: &str| demo().history.users.iter().find(|row| row.username == name).unwrap().id;
    let counts = |holds: &dyn Fn(&case::Model) -> bool| {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        demo().history.cases.iter().filter(|row| holds(row)).for_each(|row| *counts.entry(row.status.code()).or_default() += 1);
        counts
    };
    for name in ["member1", "member2"] {
        let counts = counts(&|row| row.member_id == id(name));
        assert!(counts.len() == 8 && counts.values().all(|count| *count >= 2), "{name}: {counts:?}");
    }
    for name in ["tech1", "tech2", "tech3"] {
        let counts = counts(&|row| row.assigned_to_id == Some(id(name)));
        assert!(counts.values().sum::<usize>() >= 20 && counts.len() >= 3, "{name}: {counts:?}");
    }
}

#[test]
fn users_act_only_while_their_accounts_are_active() {
    let mut active: HashMap<Uuid, bool> = HashMap::new();
    for entry in &demo().history.entries {
        if let Some(id) = entry.context.actor.id() {
            assert_eq!(active.get(&id), Some(&true), "{:?}", entry.event);
        }
        if let Some(change) = entry.event.changes.get("is_active") {
            let id = Uuid::parse_str(&entry.event.object.1).unwrap();
            active.insert(id, change["to"] == true);
        }
    }
}

#[test]
fn a_larger_history_is_generated_in_chapters() {
    let mut generator = generate(Plan { users: 150, cases: 1_000, entries: 50_000, days: 730 }, 3, now(), Chicago).unwrap();
    let sizes: Vec<usize> = generator.by_ref().map(|chapter| chapter.unwrap().entries()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 50_000);
    assert!(sizes.len() > 9 && sizes.iter().all(|size| *size < 5_100), "{sizes:?}");
    assert!(generator.last_logins().count() > 50);
}
