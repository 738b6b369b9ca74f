//! The expected figures of the reports, counted naively: every row is examined, days are counted by the calendar, no ids, no SQL.

use super::history::{Scenario, USERS, WORKSHOPS};
use super::world::{Owned, World};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::America::Chicago;
use entity::audit::{Action, Category, ChangeType, Outcome, SystemEvent};
use entity::audit_entry::Model as Entry;
use entity::audit_log::JobHealth;
use entity::page::Direction;
use entity::period::{Bound, Interval, PeriodQuery};
use entity::report::activity_summary::{ActivitySummary, Trend, UserCount};
use entity::report::case_changes::{CaseChanges, CaseChangesCriteria};
use entity::report::change_actors::{ActorChanges, Actors};
use entity::report::changed_cases::{CaseChangeFigures, CaseChangeGroups, ChangeCounts, PersonChanges, WorkshopChanges};
use entity::report::quality_review::{PersonReviews, QualityReview, QualityReviewCriteria};
use entity::report::system_events::{self, Access, GroupCount, Health, SystemEvents, SystemEventsCriteria};
use entity::report::user_activity::UserActivity;
use entity::report::user_list::{UserList, UserListCriteria, UserRow, UserSortKey};
use entity::report::{CaseScope, CategoryCount, ListedEntry, Percent, Point, TypeCount};
use entity::review::{self, ReviewAction};
use entity::user::Role;
use sea_orm::prelude::Uuid;
use std::collections::{BTreeMap, BTreeSet};

/// Counts a history that was written.
pub struct Recount<'a> {
    pub scenario: &'a Scenario,
    pub world: &'a World,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl<'a> Recount<'a> {
    /// `None` if the period is inverted.
    pub fn new(scenario: &'a Scenario, world: &'a World) -> Option<Self> {
        let PeriodQuery { since, until, all_time } = scenario.asked;
        let until = match until {
            Some(bound) => instant(bound, 1),
            // An end that was not requested is never too early.
            None => since.map_or(scenario.now, |bound| instant(bound, 0).max(scenario.now)) + TimeDelta::milliseconds(1),
        };
        let first = world.entries.first().map_or(until, |entry| entry.occurred_at).min(until - TimeDelta::milliseconds(1));
        let since = match since {
            Some(bound) => instant(bound, 0),
            None if all_time || scenario.asked.until.is_some() => first,
            None => midnight(scenario.now.with_timezone(&Chicago).date_naive() - TimeDelta::days(29)),
        };
        (since < until).then_some(Self { scenario, world, since, until })
    }

    /// Dates before dates, or seconds before seconds.
    fn previous_since(&self) -> DateTime<Utc> {
        match (self.scenario.asked.since, self.scenario.asked.until) {
            (Some(Bound::Day(first)), Some(Bound::Day(last))) => midnight(first - (last - first) - TimeDelta::days(1)),
            _ => self.since - (self.until - self.since),
        }
    }

    fn within(&self, at: DateTime<Utc>) -> bool {
        self.since <= at && at < self.until
    }

    fn entries(&self) -> impl Iterator<Item = &'a Entry> {
        self.world.entries.iter().filter(|entry| self.within(entry.occurred_at))
    }

    fn done(&self) -> Vec<&'a Entry> {
        self.entries().filter(|entry| entry.outcome == "success").collect()
    }

    fn page<T: Clone>(&self, mut rows: Vec<T>) -> Vec<T> {
        if self.scenario.direction == Direction::Descending {
            rows.reverse();
        }
        rows.truncate(self.scenario.limit as usize + 1);
        rows
    }

    /// The same for entries, with their sequences.
    fn listed(&self, rows: Vec<Entry>) -> Vec<ListedEntry> {
        let listed = |row: Entry| ListedEntry { sequence: self.world.sequences.get(&row.id).copied(), row };
        self.page(rows).into_iter().map(listed).collect()
    }

    /// Date by date, as in a calendar.
    fn series(&self, names: Vec<&'static str>, counted: Vec<(DateTime<Utc>, &str)>) -> Vec<Point> {
        let interval = self.scenario.interval;
        let of = |at: DateTime<Utc>| bucket(at.with_timezone(&Chicago).date_naive(), interval);
        let mut buckets = Vec::new();
        let mut date = self.since.with_timezone(&Chicago).date_naive();
        while midnight(date) < self.until {
            buckets.push(bucket(date, interval));
            date += TimeDelta::days(1);
        }
        buckets.dedup();
        let value =
            |bucket: NaiveDate, name: &str| counted.iter().filter(|(at, of_one)| *of_one == name && of(*at) == bucket).count();
        let row = |bucket: NaiveDate, series| {
            let value = value(bucket, series) as i64;
            Point { bucket_start: midnight(bucket), bucket_on: bucket, series, value }
        };
        buckets.iter().flat_map(|bucket| names.iter().map(move |name| (*bucket, *name))).map(|(b, n)| row(b, n)).collect()
    }

    pub fn activity_summary(&self) -> ActivitySummary {
        let done = self.done();
        let total = done.len() as i64;
        let count = |keep: &dyn Fn(&Entry) -> bool| self.entries().filter(|entry| keep(entry)).count() as i64;
        let previous_since = self.previous_since();
        let before = |entry: &&Entry| previous_since <= entry.occurred_at && entry.occurred_at < self.since;
        let previous_total = self.world.entries.iter().filter(before).filter(|entry| entry.outcome == "success").count() as i64;
        let of_types = |codes: &[&str]| done.iter().filter(|entry| codes.contains(&entry.action_type.as_str())).count() as i64;
        let mut types = by_type(&done);
        let distinct_types = types.len();
        types.truncate(15);
        let named: i64 = types.iter().map(|row| row.count).sum();
        let mut users: Vec<UserCount> = self.world.users.iter().filter_map(|user| user_count(user, &done)).collect();
        let active_users = users.len() as i64;
        users.sort_by(|a, b| b.count.cmp(&a.count).then(a.username.cmp(&b.username)));
        let (mut services, mut people): (Vec<_>, Vec<_>) = users.into_iter().partition(|user| user.role == Role::Service);
        services.truncate(10);
        people.truncate(10);
        ActivitySummary {
            total_activities: total,
            previous_total,
            delta: total - previous_total,
            percent_change: Percent::new(total - previous_total, previous_total),
            direction: match total.cmp(&previous_total) {
                std::cmp::Ordering::Less => Trend::Down,
                std::cmp::Ordering::Equal => Trend::Flat,
                std::cmp::Ordering::Greater => Trend::Up,
            },
            active_users,
            case_activities: done.iter().filter(|entry| entry.case_id.is_some()).count() as i64,
            user_management_activities: of_types(&["user_created", "user_updated", "user_deleted", "user_role_changed"]),
            quality_review_activities: of_types(&["review_submitted", "review_updated"]),
            access_activities: of_types(&["audit_log_accessed", "report_generated", "bulk_export", "export_generated"])
                + done.iter().filter(|entry| tells_of_readings(entry) && action(entry).category() != Category::Access).count()
                    as i64,
            system_activity_count: done.iter().filter(|entry| entry.actor_type == "system" && !tells_of_readings(entry)).count()
                as i64,
            failed_attempts: count(&|entry| entry.outcome == "failure"),
            denied_attempts: count(&|entry| entry.outcome == "denied"),
            distinct_types,
            other_types_count: total - named,
            by_category: by_category(&done),
            by_action_type: types,
            top_users: people,
            top_service_accounts: services,
            timeseries: self
                .series(Category::all().map(Category::code).collect(), with_names(&done, |a| Some(a.category().code()))),
        }
    }

    pub fn user_activity(&self) -> UserActivity {
        let user = self.world.users[self.scenario.user].id;
        let theirs = |entry: &&Entry| entry.actor_id == Some(user) && entry.outcome == "success";
        let done: Vec<&Entry> = self.entries().filter(theirs).collect();
        UserActivity {
            total_activities: done.len() as i64,
            last_activity_at: done.iter().map(|entry| entry.occurred_at).max(),
            last_activity_overall_at: self.world.entries.iter().filter(theirs).map(|entry| entry.occurred_at).max(),
            by_category: by_category(&done),
            by_action_type: by_type(&done),
            timeseries: self
                .series(Category::all().map(Category::code).collect(), with_names(&done, |a| Some(a.category().code()))),
            entries: self.listed(done.into_iter().cloned().collect()),
        }
    }

    pub fn user_filters(&self, key: UserSortKey) -> UserListCriteria {
        let roles = [Role::Technician, Role::Manager, Role::Service].into_iter().enumerate();
        let roles = roles.filter(|(number, _)| self.scenario.kinds & (1 << number) != 0).map(|(_, role)| role);
        UserListCriteria { roles: roles.collect(), key }
    }

    /// A deleted user who did nothing in the period is the only one who is missing.
    pub fn user_list(&self, filters: &UserListCriteria) -> UserList {
        let done = self.done();
        let all = self.world.users.iter().map(|user| self.user_row(user, &done));
        let mut rows: Vec<UserRow> = all.filter(|row| row.deleted_at.is_none() || row.total_activities > 0).collect();
        let total_users = rows.len() as i64;
        let active_users = rows.iter().filter(|row| row.total_activities > 0).count() as i64;
        let total_activities = rows.iter().map(|row| row.total_activities).sum();
        rows.retain(|row| filters.roles.is_empty() || filters.roles.contains(&row.role));
        let matching = rows.len() as i64;
        match filters.key {
            UserSortKey::Username => rows.sort_by_key(|row| row.username.clone()),
            UserSortKey::TotalActivities => rows.sort_by_key(|row| (row.total_activities, row.id)),
        }
        UserList { total_users, active_users, total_activities, matching, rows: self.page(rows) }
    }

    fn user_row(&self, user: &entity::user::Model, done: &[&Entry]) -> UserRow {
        let theirs: Vec<_> = done.iter().filter(|entry| entry.actor_id == Some(user.id)).collect();
        let ever = self.world.entries.iter().filter(|entry| entry.actor_id == Some(user.id) && entry.outcome == "success");
        UserRow {
            id: user.id,
            username: user.username.clone(),
            full_name: user.full_name(),
            email: user.email.clone(),
            role: user.role,
            user_level: user.user_level,
            is_active: user.is_active,
            deleted_at: user.deleted_at,
            total_activities: theirs.len() as i64,
            case_activities: theirs.iter().filter(|entry| entry.case_id.is_some()).count() as i64,
            last_activity_at: theirs.iter().map(|entry| entry.occurred_at).max(),
            last_activity_overall_at: ever.map(|entry| entry.occurred_at).max(),
        }
    }

    pub fn case_filters(&self) -> CaseChangesCriteria {
        let kind = |(number, _): &(usize, ChangeType)| self.scenario.kinds & (1 << number) != 0;
        let user = |number: Option<usize>| number.map(|number| self.world.users[number].id);
        CaseChangesCriteria {
            cases: CaseScope {
                case_id: self.scenario.case.map(|number| self.world.cases[number]),
                member_id: user(self.scenario.member),
                workshop_code: self.scenario.workshop.map(|number| WORKSHOPS[number].to_owned()),
                assigned_to_id: user(self.scenario.assignee),
            },
            change_types: ChangeType::all().enumerate().filter(kind).map(|(_, change_type)| change_type).collect(),
            actor_id: user(self.scenario.actor),
        }
    }

    /// The case that an entry is about.
    fn owned(&self, entry: &Entry) -> Option<&'a Owned> {
        self.world.owned.iter().find(|owned| entry.case_id == Some(owned.id))
    }

    fn is_on_such_a_case(&self, entry: &Entry) -> bool {
        let Scenario { case, member, workshop, assignee, .. } = self.scenario;
        let owned = self.owned(entry);
        case.is_none_or(|number| entry.case_id == Some(self.world.cases[number]))
            && member.is_none_or(|number| owned.is_some_and(|owned| owned.member == number))
            && workshop.is_none_or(|number| owned.is_some_and(|owned| owned.workshop == WORKSHOPS[number]))
            && assignee.is_none_or(|number| owned.is_some_and(|owned| owned.assignee == Some(number)))
    }

    fn groups(&self, done: &[&'a Entry]) -> CaseChangeGroups {
        let of = |keep: &dyn Fn(&Owned) -> bool| -> Vec<&'a Entry> {
            done.iter().copied().filter(|entry| self.owned(entry).is_some_and(keep)).collect()
        };
        let person = |number: Option<usize>, changes: &[&Entry]| {
            let user = number.map(|number| &self.world.users[number]);
            let (user_id, username) = (user.map(|user| user.id), user.map(|user| user.username.clone()));
            PersonChanges { user_id, username, full_name: user.map(|user| user.full_name()), figures: figures(changes) }
        };
        let by_person = |whose: fn(&Owned) -> Option<usize>| {
            let everyone = (0..USERS).map(Some).chain([None]);
            let changes = everyone.map(|number| (number, of(&|owned| whose(owned) == number)));
            let changes = changes.filter(|(_, changes)| !changes.is_empty());
            let mut rows: Vec<PersonChanges> = changes.map(|(number, changes)| person(number, &changes)).collect();
            rows.sort_by(|a, b| {
                let (more, less) = (b.figures.changes.total_changes, a.figures.changes.total_changes);
                more.cmp(&less).then_with(|| a.username.cmp(&b.username))
            });
            rows
        };
        let changes = WORKSHOPS.iter().map(|code| (*code, of(&|owned| owned.workshop == *code)));
        let changes = changes.filter(|(_, changes)| !changes.is_empty());
        let row =
            |(code, changes): (&str, Vec<&Entry>)| WorkshopChanges { workshop_code: code.to_owned(), figures: figures(&changes) };
        let mut by_workshop: Vec<WorkshopChanges> = changes.map(row).collect();
        by_workshop.sort_by_key(|row| std::cmp::Reverse(row.figures.changes.total_changes));
        let (by_member, by_assignee) = (by_person(|owned| Some(owned.member)), by_person(|owned| owned.assignee));
        CaseChangeGroups {
            members_total: by_member.len() as i64,
            by_member,
            workshops_total: by_workshop.len() as i64,
            by_workshop,
            assignees_total: by_assignee.len() as i64,
            by_assignee,
        }
    }

    fn actors(&self, done: &[&'a Entry]) -> Actors {
        let mut of_each: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in done {
            of_each.entry(&entry.actor_label).or_default().push(entry);
        }
        let row = |(label, made): (&str, Vec<&Entry>)| {
            let user = self.world.users.iter().find(|user| user.username == label);
            ActorChanges {
                actor_id: user.map(|user| user.id),
                actor_label: label.to_owned(),
                full_name: user.map(entity::user::Model::full_name),
                changes: changes(&made),
            }
        };
        let mut rows: Vec<ActorChanges> = of_each.into_iter().map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.changes.total_changes));
        Actors { total: rows.len() as i64, rows }
    }

    pub fn case_changes(&self) -> CaseChanges {
        let filters = self.case_filters();
        let is_change = |entry: &&Entry| action(entry).change_types().is_some();
        let on_case = |entry: &&Entry| self.is_on_such_a_case(entry);
        let done: Vec<&Entry> = self.done().into_iter().filter(is_change).filter(on_case).collect();
        let listed = |entry: &&&Entry| {
            let types = action(entry).change_types().unwrap();
            (filters.change_types.is_empty() || types.iter().any(|t| filters.change_types.contains(t)))
                && (filters.actor_id.is_none() || entry.actor_id == filters.actor_id)
        };
        let list: Vec<Entry> = done.iter().filter(listed).map(|entry| (*entry).clone()).collect();
        CaseChanges {
            figures: figures(&done),
            groups: self.groups(&done),
            actors: (filters.cases == CaseScope::default()).then(|| self.actors(&done)),
            timeseries: self.series(ChangeType::all().map(ChangeType::code).collect(), with_kinds(&done)),
            matching: list.len() as i64,
            entries: self.listed(list),
        }
    }

    pub fn review_filters(&self) -> QualityReviewCriteria {
        let decision = |(number, _): &(usize, ReviewAction)| self.scenario.kinds & (1 << number) != 0;
        QualityReviewCriteria {
            decisions: ReviewAction::DECISIONS.into_iter().enumerate().filter(decision).map(|(_, action)| action).collect(),
            reviewer_id: self.scenario.actor.map(|number| self.world.users[number].id),
        }
    }

    pub fn quality_review(&self) -> QualityReview {
        let filters = self.review_filters();
        let steps: Vec<&review::Model> = self.world.steps.iter().filter(|step| self.within(step.reviewed_at)).collect();
        let is_decision = |step: &&review::Model| ReviewAction::DECISIONS.contains(&step.review_action);
        let decisions: Vec<&review::Model> = steps.iter().copied().filter(is_decision).collect();
        let count = |action| steps.iter().filter(|step| step.review_action == action).count() as i64;
        let total = decisions.len() as i64;
        let mut cycles = BTreeSet::new();
        let submissions = self.world.steps.iter().filter(|step| match step.review_action {
            ReviewAction::SubmittedForReview => cycles.insert((step.case_id, step.review_cycle)),
            ReviewAction::Resubmitted => step.review_cycle > 1 && cycles.insert((step.case_id, step.review_cycle)),
            _ => false,
        });
        let submissions = submissions.filter(|step| self.within(step.reviewed_at)).count() as i64;
        // The first decision on each case, over the whole history.
        let mut firsts: BTreeMap<_, &review::Model> = BTreeMap::new();
        for step in self.world.steps.iter().filter(is_decision) {
            firsts.entry(step.case_id).or_insert(step);
        }
        let firsts: Vec<_> = firsts.into_values().filter(|step| self.within(step.reviewed_at)).collect();
        let approved_at_once = firsts.iter().filter(|step| step.review_action == ReviewAction::Approved).count() as i64;
        let seconds: i64 = decisions.iter().filter_map(|step| step.turnaround_seconds).sum();
        let by_person = |whom: fn(&review::Model) -> Option<Uuid>| {
            let of_each = self.world.users.iter().filter_map(|user| person_reviews(user, &decisions, whom));
            let mut rows: Vec<PersonReviews> = of_each.collect();
            rows.sort_by(|a, b| b.total_reviews.cmp(&a.total_reviews).then(a.username.cmp(&b.username)));
            rows
        };
        let listed = |step: &&&review::Model| {
            (filters.decisions.is_empty() || filters.decisions.contains(&step.review_action))
                && filters.reviewer_id.is_none_or(|id| step.reviewer_id == id)
        };
        let list: Vec<review::Model> = decisions.iter().filter(listed).map(|step| (*step).clone()).collect();
        let (reviewers, technicians) = (by_person(|step| Some(step.reviewer_id)), by_person(|step| step.original_technician_id));
        QualityReview {
            total_reviews: total,
            approved: count(ReviewAction::Approved),
            approved_percent: Percent::share(count(ReviewAction::Approved), total),
            revisions_requested: count(ReviewAction::RevisionsRequested),
            revisions_requested_percent: Percent::share(count(ReviewAction::RevisionsRequested), total),
            corrections_needed: count(ReviewAction::CorrectionsNeeded),
            corrections_needed_percent: Percent::share(count(ReviewAction::CorrectionsNeeded), total),
            submissions,
            first_pass_approval_percent: Percent::new(approved_at_once, firsts.len() as i64),
            average_turnaround_hours: (total > 0).then(|| (seconds as f64 / total as f64 / 36.0 + 1e-9).round() / 100.0),
            reviewers_total: reviewers.len() as i64,
            reviewers,
            technicians_total: technicians.len() as i64,
            technicians,
            timeseries: self.series(
                ReviewAction::DECISIONS.into_iter().map(ReviewAction::code).collect(),
                decisions.iter().map(|step| (step.reviewed_at, step.review_action.code())).collect(),
            ),
            matching: list.len() as i64,
            entries: self.page(list),
        }
    }

    pub fn event_filters(&self) -> SystemEventsCriteria {
        let group = |(number, _): &(usize, SystemEvent)| self.scenario.kinds & (1 << number) != 0;
        let groups = SystemEvent::all().enumerate().filter(group).flat_map(|(_, group)| group.actions());
        let outcome = match self.scenario.kinds % 3 {
            0 => None,
            1 => Some(system_events::Ending::Success),
            _ => Some(system_events::Ending::Failure),
        };
        SystemEventsCriteria { actions: groups.collect(), outcome }
    }

    pub fn system_events(&self) -> SystemEvents {
        let filters = self.event_filters();
        let is_event = |entry: &&Entry| action(entry).system_event().is_some() && entry.outcome != "denied";
        let events: Vec<&Entry> = self.entries().filter(is_event).collect();
        let total = events.len() as i64;
        let successful = events.iter().filter(|entry| entry.outcome == "success").count() as i64;
        let group_count = |group| {
            let count = events.iter().filter(|entry| action(entry).system_event() == Some(group)).count() as i64;
            GroupCount { group, count, percent: Percent::share(count, total) }
        };
        let listed = |entry: &&&Entry| {
            let ending = filters.outcome.map(|ending| match ending {
                system_events::Ending::Success => Outcome::Success.code(),
                system_events::Ending::Failure => Outcome::Failure.code(),
            });
            (filters.actions.is_empty() || filters.actions.contains(&action(entry))) && ending.is_none_or(|e| e == entry.outcome)
        };
        let list: Vec<Entry> = events.iter().filter(listed).map(|entry| (*entry).clone()).collect();
        SystemEvents {
            total_events: total,
            successful_events: successful,
            failed_events: total - successful,
            success_percent: Percent::new(successful, total),
            by_event_type: SystemEvent::all().map(group_count).collect(),
            by_action_type: by_type(&events),
            jobs: self.jobs(),
            health: self.health(),
            access_total: self.access().len() as i64,
            access: self.access(),
            timeseries: self.series(
                SystemEvent::all().map(SystemEvent::code).collect(),
                with_names(&events, |action| action.system_event().map(SystemEvent::code)),
            ),
            matching: list.len() as i64,
            entries: self.listed(list),
        }
    }

    fn jobs(&self) -> Vec<JobHealth> {
        let mut jobs: BTreeMap<&str, JobHealth> = BTreeMap::new();
        let ran = |entry: &&Entry| entry.action_type == "cron_job_executed" && entry.outcome != "denied";
        for run in self.world.entries.iter().filter(ran) {
            let Some(name) = run.topic.as_deref() else { continue };
            let new =
                || JobHealth { job_name: name.to_owned(), last_success_at: None, last_failure_at: None, consecutive_failures: 0 };
            let job = jobs.entry(name).or_insert_with(new);
            match run.outcome.as_str() {
                "success" => (job.last_success_at, job.consecutive_failures) = (Some(run.occurred_at), 0),
                _ => (job.last_failure_at, job.consecutive_failures) = (Some(run.occurred_at), job.consecutive_failures + 1),
            }
        }
        jobs.into_values().collect()
    }

    fn health(&self) -> Health {
        let lately = |entry: &&Entry| entry.occurred_at >= self.scenario.now - TimeDelta::hours(24);
        let failed = |code: &str, counts: fn(&Entry) -> bool| {
            let failed = |entry: &&Entry| entry.outcome == "failure" && entry.action_type == code && counts(entry);
            self.world.entries.iter().filter(lately).filter(failed).count() as i64
        };
        Health {
            // Dry runs have no topic. Neither have emails that another system reports, and they count.
            failed_jobs_24h: failed("cron_job_executed", |entry| entry.topic.is_some()),
            failed_emails_24h: failed("email_notification_sent", |_| true),
            pending_emails: self.world.pending_emails as i64,
            audit_entries_total: self.world.entries.len() as i64,
            oldest_entry_at: self.world.entries.iter().map(|entry| entry.occurred_at).min(),
        }
    }

    fn access(&self) -> Vec<Access> {
        let codes = ["report_generated", "audit_log_accessed", "bulk_export", "export_generated"];
        let mut groups: BTreeMap<_, Access> = BTreeMap::new();
        let reads = |entry: &&Entry| codes.contains(&entry.action_type.as_str()) && entry.actor_id.is_some();
        for entry in self.done().into_iter().filter(reads) {
            let key = (&entry.actor_label, &entry.action_type, &entry.topic);
            let group = groups.entry(key).or_insert_with(|| Access {
                action_type: entry.action_type.clone(),
                view_type: entry.topic.clone(),
                user_id: entry.actor_id,
                username: entry.actor_label.clone(),
                entry_count: 0,
                last_at: entry.occurred_at,
            });
            group.entry_count += 1;
            group.last_at = entry.occurred_at;
        }
        let mut access: Vec<Access> = groups.into_values().collect();
        access.sort_by_key(|group| std::cmp::Reverse(group.entry_count));
        access
    }
}

/// An entry by the service itself about something that only others read.
fn tells_of_readings(entry: &Entry) -> bool {
    let read = ["audit_log_accessed", "report_generated", "document_downloaded", "other"];
    entry.actor_type == "system" && read.contains(&entry.action_type.as_str())
}

fn figures(made: &[&Entry]) -> CaseChangeFigures {
    let mut touched: Vec<_> = made.iter().filter_map(|entry| entry.case_id).collect();
    touched.sort_unstable();
    touched.dedup();
    CaseChangeFigures { changes: changes(made), cases_touched: touched.len() as i64 }
}

fn changes(made: &[&Entry]) -> ChangeCounts {
    let of = |codes: &[&str]| made.iter().filter(|entry| codes.contains(&entry.action_type.as_str())).count() as i64;
    ChangeCounts {
        total_changes: made.len() as i64,
        status_changes: of(&["case_submitted", "case_status_changed", "case_held", "case_resumed", "case_resubmitted"]),
        tier_changes: of(&["case_tier_changed"]),
        reassignments: of(&["case_assigned", "case_reassigned"]),
        resubmissions: of(&["case_resubmitted"]),
        holds: of(&["case_held", "case_resumed"]),
        placed_on_hold: of(&["case_held"]),
        details_changes: of(&["case_details_edited", "case_updated"]),
    }
}

fn action(entry: &Entry) -> Action {
    Action::from_code(&entry.action_type).unwrap()
}

fn with_names<'a>(entries: &[&'a Entry], name: impl Fn(Action) -> Option<&'static str>) -> Vec<(DateTime<Utc>, &'a str)> {
    entries.iter().filter_map(|entry| Some((entry.occurred_at, name(action(entry))?))).collect()
}

/// Each change once for each of its kinds.
fn with_kinds<'a>(entries: &[&'a Entry]) -> Vec<(DateTime<Utc>, &'a str)> {
    let kinds = |entry: &Entry| action(entry).change_types().unwrap();
    entries.iter().flat_map(|entry| kinds(entry).iter().map(move |kind| (entry.occurred_at, kind.code()))).collect()
}

fn by_category(entries: &[&Entry]) -> Vec<CategoryCount> {
    let row = |category: Category| {
        let count = entries.iter().filter(|entry| action(entry).category() == category).count() as i64;
        CategoryCount { category, count, percent: Percent::share(count, entries.len() as i64) }
    };
    Category::all().map(row).collect()
}

fn by_type(entries: &[&Entry]) -> Vec<TypeCount> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in entries {
        *counts.entry(&entry.action_type).or_default() += 1;
    }
    let percent = |count| Percent::share(count, entries.len() as i64);
    let row = |(code, count)| TypeCount { action: Action::from_code(code).unwrap(), count, percent: percent(count) };
    let mut rows: Vec<TypeCount> = counts.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

fn user_count(user: &entity::user::Model, done: &[&Entry]) -> Option<UserCount> {
    let theirs: Vec<_> = done.iter().filter(|entry| entry.actor_id == Some(user.id)).collect();
    Some(UserCount {
        user_id: user.id,
        username: user.username.clone(),
        full_name: user.full_name(),
        email: user.email.clone(),
        role: user.role,
        user_level: user.user_level,
        count: theirs.len() as i64,
        percent: Percent::share(theirs.len() as i64, done.len() as i64),
        last_activity_at: theirs.iter().map(|entry| entry.occurred_at).max()?,
    })
}

fn person_reviews(
    user: &entity::user::Model,
    decisions: &[&review::Model],
    whom: fn(&review::Model) -> Option<Uuid>,
) -> Option<PersonReviews> {
    let theirs: Vec<_> = decisions.iter().filter(|step| whom(step) == Some(user.id)).collect();
    let count = |action| theirs.iter().filter(|step| step.review_action == action).count() as i64;
    Some(PersonReviews {
        user_id: user.id,
        username: user.username.clone(),
        full_name: user.full_name(),
        total_reviews: theirs.len() as i64,
        approved: count(ReviewAction::Approved),
        revisions_requested: count(ReviewAction::RevisionsRequested),
        corrections_needed: count(ReviewAction::CorrectionsNeeded),
        approval_percent: Percent::new(count(ReviewAction::Approved), theirs.len() as i64),
        last_review_at: theirs.iter().map(|step| step.reviewed_at).max()?,
    })
}

/// Chicago has a midnight every day.
fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_hms_opt(0, 0, 0).unwrap().and_local_timezone(Chicago).unwrap().with_timezone(&Utc)
}

fn instant(bound: Bound, days: i64) -> DateTime<Utc> {
    match bound {
        Bound::Day(date) => midnight(date + TimeDelta::days(days)),
        Bound::Instant(at) => at,
    }
}

fn bucket(date: NaiveDate, interval: Interval) -> NaiveDate {
    match interval {
        Interval::Day => date,
        Interval::Week => date - TimeDelta::days(date.weekday().num_days_from_monday().into()),
        Interval::Month => date.with_day(1).unwrap(),
    }
}
