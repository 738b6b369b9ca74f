//! The planned outcome of each case, drawn before any case is walked, so that the overall shares are exact.

use super::calendar::Calendar;
use super::people::People;
use super::rng::{DemoRng, HistoryPart, days, float, whole};
use super::script::{self, Step};
use super::{DemoError, Plan};
use chrono::{DateTime, TimeDelta, Utc};
use entity::case::{CaseStatus, ReviewStatus, Tier, number};
use entity::user::{self, Role};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

const STATUSES: [(CaseStatus, usize); 8] = [
    (CaseStatus::Draft, 8),
    (CaseStatus::Submitted, 12),
    (CaseStatus::Resubmitted, 3),
    (CaseStatus::Accepted, 22),
    (CaseStatus::Hold, 6),
    (CaseStatus::PendingReview, 7),
    (CaseStatus::NeedsResubmission, 4),
    (CaseStatus::Completed, 38),
];
const TIERS: [(Tier, usize); 3] = [(Tier::One, 50), (Tier::Two, 35), (Tier::Three, 15)];
const RUSH: [(bool, usize); 2] = [(true, 18), (false, 82)];
const REPORTS: [(i32, usize); 7] = [(1, 120), (2, 44), (3, 20), (4, 10), (5, 3), (6, 2), (8, 1)];
/// Completions whose assignee is of level 1, and which therefore went through a review.
const REVIEWED: [(bool, usize); 2] = [(true, 35), (false, 65)];
const RELEASED: [(bool, usize); 2] = [(true, 90), (false, 10)];
/// Of a hundred decisions, 68 approve, 20 request revisions and 12 correct: of those that complete a case, 12 of 80 correct.
const LAST_DECISIONS: [(ReviewStatus, usize); 2] = [(ReviewStatus::Approved, 68), (ReviewStatus::CorrectionsNeeded, 12)];
/// Decisions that request revisions, per decision that completes a case.
const REVISIONS_A_DECISION: f64 = 20.0 / 80.0;
/// The first cases of each status belong to these two, so that both have some of each.
const FIRST_MEMBERS: [&str; 4] = ["member1", "member2", "member1", "member2"];

/// The plan of one case.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub number: u64,
    pub member_id: Uuid,
    pub workshop_code: String,
    pub case_number: String,
    pub created_at: DateTime<Utc>,
    /// How much faster than usual the case must progress to be done by now.
    pub haste: f64,
    pub status: CaseStatus,
    /// The tier, if the case is accepted.
    pub tier: Tier,
    pub is_rush: bool,
    pub reports: i32,
    /// Whether the case is worked on by a level 1 technician.
    pub is_reviewed: bool,
    pub is_released: bool,
    pub last_decision: ReviewStatus,
    pub revisions: u32,
}

/// All cases in order of creation, and the counters their numbers were taken from.
pub(super) fn draw(
    plan: &Plan,
    seed: u64,
    calendar: &Calendar,
    people: &People,
) -> Result<(Vec<Plot>, Vec<number::Model>), DemoError> {
    let mut rng = DemoRng::new(seed, HistoryPart::Plots, 0);
    let mut plots = fates(plan.cases, &mut rng);
    share_tiers(&mut plots, &mut rng);
    share_revisions(&mut plots, &mut rng);
    let mut seen: HashMap<CaseStatus, usize> = HashMap::new();
    for plot in &mut plots {
        place(plot, seed, calendar, &mut rng);
        let place = seen.entry(plot.status).or_default();
        let named = FIRST_MEMBERS.get(*place).and_then(|name| people.named(name));
        *place += 1;
        let created_at = plot.created_at;
        let active = |row: &user::Model| row.role == Role::Member && row.created_at < created_at;
        let chosen = named.map(|person| person.id()).or_else(|| people.pick(&mut rng, created_at, active));
        let member = chosen.and_then(|id| people.get(id)?.at(created_at)).ok_or(DemoError::NoSuchPerson)?;
        plot.member_id = member.id;
        plot.workshop_code = member.workshop_code.clone().unwrap_or_default();
    }
    plots.sort_by_key(|plot| (plot.created_at, plot.number));
    let numbers = give_numbers(&mut plots, calendar);
    Ok((plots, numbers))
}

fn fates(cases: usize, rng: &mut DemoRng) -> Vec<Plot> {
    let mut statuses = rng.shared(cases, &STATUSES).into_iter();
    let mut rush = rng.shared(cases, &RUSH).into_iter();
    let mut reports = rng.shared(cases, &REPORTS).into_iter();
    let completed = cases * 38 / 100 + 8;
    let mut reviewed = rng.shared(completed, &REVIEWED).into_iter();
    let mut released = rng.shared(completed, &RELEASED).into_iter();
    let mut decisions = rng.shared(completed, &LAST_DECISIONS).into_iter();
    let plot = |number| {
        let status = statuses.next().unwrap_or(CaseStatus::Draft);
        let is_completed = status == CaseStatus::Completed;
        let is_reviewed = match status {
            CaseStatus::Completed => reviewed.next().unwrap_or_default(),
            CaseStatus::PendingReview => true,
            CaseStatus::Accepted | CaseStatus::Hold => rng.chance(0.25),
            CaseStatus::Draft | CaseStatus::Submitted | CaseStatus::NeedsResubmission | CaseStatus::Resubmitted => false,
        };
        let last_decision = if is_completed && is_reviewed { decisions.next() } else { None };
        Plot {
            number,
            member_id: Uuid::nil(),
            workshop_code: String::new(),
            case_number: String::new(),
            created_at: DateTime::UNIX_EPOCH,
            haste: 1.0,
            status,
            tier: Tier::One,
            is_rush: rush.next().unwrap_or_default(),
            reports: reports.next().unwrap_or(1),
            is_reviewed,
            is_released: is_completed && released.next().unwrap_or_default(),
            last_decision: last_decision.unwrap_or(ReviewStatus::Approved),
            revisions: 0,
        }
    };
    (0..).take(cases).map(plot).collect()
}

/// Level 1 technicians work only on tier 1, so their cases are assigned first; the others share the rest.
fn share_tiers(plots: &mut [Plot], rng: &mut DemoRng) {
    let count = plots.iter().filter(|plot| plot.is_accepted()).count();
    let mut tiers = rng.shared(count, &TIERS);
    for plot in plots.iter_mut().filter(|plot| plot.is_accepted() && plot.is_reviewed) {
        tiers.iter().position(|tier| *tier == plot.tier).map(|index| tiers.swap_remove(index));
    }
    for plot in plots.iter_mut().filter(|plot| plot.is_accepted() && !plot.is_reviewed) {
        plot.tier = tiers.pop().unwrap_or(Tier::One);
    }
}

/// Some reviewed cases are sent back for revisions before they reach their final status.
fn share_revisions(plots: &mut [Plot], rng: &mut DemoRng) {
    let completed = plots.iter().filter(|plot| plot.is_reviewed && plot.status == CaseStatus::Completed).count();
    let mut rest = whole(float(completed) * REVISIONS_A_DECISION);
    let mut reviewed: Vec<&mut Plot> = plots.iter_mut().filter(|plot| plot.is_accepted() && plot.is_reviewed).collect();
    rng.shuffle(&mut reviewed);
    for plot in reviewed {
        let rounds = rng.between(1, 2).min(rest);
        plot.revisions = u32::try_from(rounds).unwrap_or_default();
        rest -= rounds;
    }
}

/// Sets the beginning of a case: as far back from its current step as its steps take.
fn place(plot: &mut Plot, seed: u64, calendar: &Calendar, rng: &mut DemoRng) {
    let steps = script::steps(plot, &mut DemoRng::new(seed, HistoryPart::Cases, plot.number));
    let length: f64 = steps.iter().map(|(_, days)| days).sum();
    let idle_days = match plot.status {
        CaseStatus::Draft => 60,
        CaseStatus::Submitted | CaseStatus::Resubmitted | CaseStatus::Hold => 10,
        CaseStatus::PendingReview => 6,
        CaseStatus::NeedsResubmission | CaseStatus::Accepted => 25,
        CaseStatus::Completed if plot.is_released => 100_000,
        CaseStatus::Completed => 12,
    };
    let opening = calendar.start + TimeDelta::hours(20);
    let earliest = (calendar.now - TimeDelta::days(idle_days)).max(opening + days(length));
    // The steps are moved to times of typical activity, up to a day later than their approximate times.
    let latest = calendar.now - TimeDelta::minutes(30);
    let end = calendar.within(rng, earliest.min(latest), latest);
    let begun = end - days(length);
    plot.created_at = if begun > opening { begun } else { calendar.within(rng, opening, opening + TimeDelta::days(10)).min(end) };
    plot.haste = if length > 0.0 { ((end - plot.created_at).as_seconds_f64() / 86_400.0 / length).min(1.0) } else { 1.0 };
    plot.created_at = calendar.settle(rng, plot.created_at, opening);
}

fn give_numbers(plots: &mut [Plot], calendar: &Calendar) -> Vec<number::Model> {
    let mut counters: BTreeMap<String, i32> = BTreeMap::new();
    for plot in plots {
        let prefix = number::prefix(&plot.workshop_code, calendar.day(plot.created_at));
        let count = counters.entry(prefix.clone()).or_default();
        *count += 1;
        plot.case_number = format!("{prefix}{count:04}");
    }
    counters.into_iter().map(|(prefix, last_number)| number::Model { prefix, last_number }).collect()
}

impl Plot {
    /// Whether the case ends after acceptance, and therefore has a tier and an assignee.
    pub fn is_accepted(&self) -> bool {
        match self.status {
            CaseStatus::Accepted | CaseStatus::Hold | CaseStatus::PendingReview | CaseStatus::Completed => true,
            CaseStatus::Draft | CaseStatus::Submitted | CaseStatus::NeedsResubmission | CaseStatus::Resubmitted => false,
        }
    }

    /// The steps with their times, each after the previous one.
    pub fn timed(&self, calendar: &Calendar, rng: &mut DemoRng) -> Vec<(Step, DateTime<Utc>)> {
        let steps = script::steps(self, rng);
        let (mut rough, mut last) = (self.created_at, self.created_at);
        let mut timed = Vec::with_capacity(steps.len());
        for (step, gap) in steps {
            rough += days(gap * self.haste);
            let at = match timed.is_empty() {
                true => self.created_at,
                // Submission is often part of creation.
                false if gap == 0.0 => last,
                false => calendar.settle(rng, rough, last),
            };
            (rough, last) = (rough.max(at), at);
            timed.push((step, at));
        }
        timed
    }
}
