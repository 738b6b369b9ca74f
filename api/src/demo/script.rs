//! The steps that lead a case to its status, and how long each takes.

use super::plot::Plot;
use super::rng::DemoRng;
use entity::case::{CaseStatus, ReviewStatus};

/// One operation on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create,
    Submit,
    MemberEdit,
    Reject,
    Resubmit,
    Accept,
    StaffEdit,
    Hold,
    Resume,
    Tier,
    Reassign,
    Unassign,
    Take,
    Credit,
    Complete,
    Decide(ReviewStatus),
    Release,
    Reopen,
}

/// A step and the days since the previous one; 0 if both are one operation.
pub(super) type Steps = Vec<(Step, f64)>;

/// Half of all holds last at most this long, in days.
const HOLD_MEDIAN: f64 = 2.0;
const HOLD_SIGMA: f64 = 0.8;

pub(super) fn steps(plot: &Plot, rng: &mut DemoRng) -> Steps {
    let mut steps = vec![(Step::Create, 0.0)];
    hand_in(plot, rng, &mut steps);
    if plot.is_accepted() {
        steps.push((Step::Accept, rng.days(0.8, 0.6)));
        work(plot, rng, &mut steps);
        finish(plot, rng, &mut steps);
    }
    steps
}

fn hand_in(plot: &Plot, rng: &mut DemoRng, steps: &mut Steps) {
    let at_once = rng.chance(0.3);
    if !at_once && rng.chance(0.4) {
        steps.push((Step::MemberEdit, rng.days(0.3, 0.7)));
    }
    if plot.status == CaseStatus::Draft {
        return;
    }
    steps.push((Step::Submit, if at_once { 0.0 } else { rng.days(0.4, 0.7) }));
    if rng.chance(0.3) {
        steps.push((Step::MemberEdit, rng.days(0.3, 0.5)));
    }
    if rng.chance(0.2) {
        steps.push((Step::StaffEdit, rng.days(0.3, 0.5)));
    }
    let comes_back = match plot.status {
        CaseStatus::NeedsResubmission | CaseStatus::Resubmitted => true,
        CaseStatus::Submitted | CaseStatus::Draft => false,
        CaseStatus::Accepted | CaseStatus::Hold | CaseStatus::PendingReview | CaseStatus::Completed => rng.chance(0.15),
    };
    if comes_back {
        steps.push((Step::Reject, rng.days(0.8, 0.6)));
        if plot.status != CaseStatus::NeedsResubmission {
            steps.push((Step::MemberEdit, rng.days(1.5, 0.7)));
            steps.push((Step::Resubmit, rng.days(0.1, 0.5)));
        }
    }
}

/// The events of an accepted case before it is completed.
fn work(plot: &Plot, rng: &mut DemoRng, steps: &mut Steps) {
    if rng.chance(0.55) {
        steps.push((Step::StaffEdit, rng.days(0.4, 0.6)));
    }
    if !plot.is_reviewed && rng.chance(0.15) {
        steps.push((Step::Tier, rng.days(0.4, 0.6)));
    }
    for _ in 0..2 {
        if rng.chance(0.18) {
            hold(rng, steps);
            steps.push((Step::Resume, rng.days(HOLD_MEDIAN, HOLD_SIGMA)));
        }
    }
    if rng.chance(0.15) {
        steps.push((Step::Reassign, rng.days(0.5, 0.6)));
    } else if rng.chance(0.05) {
        steps.push((Step::Unassign, rng.days(0.5, 0.6)));
        steps.push((Step::Take, rng.days(0.2, 0.6)));
    }
    if rng.chance(0.15) {
        steps.push((Step::Credit, rng.days(0.4, 0.6)));
    }
    if rng.chance(0.15) {
        steps.push((Step::MemberEdit, rng.days(0.4, 0.6)));
    }
    for _ in 0..2 {
        if rng.chance(0.35) {
            steps.push((Step::StaffEdit, rng.days(0.5, 0.6)));
        }
    }
}

fn hold(rng: &mut DemoRng, steps: &mut Steps) {
    steps.push((Step::Hold, rng.days(0.5, 0.6)));
    if rng.chance(0.2) {
        steps.push((Step::StaffEdit, rng.days(0.2, 0.4)));
    }
}

fn finish(plot: &Plot, rng: &mut DemoRng, steps: &mut Steps) {
    for _ in 0..plot.revisions {
        steps.push((Step::Complete, rng.days(1.0, 0.6)));
        steps.push((Step::Decide(ReviewStatus::RevisionsRequested), rng.days(0.7, 0.6)));
        steps.push((Step::StaffEdit, rng.days(0.4, 0.6)));
    }
    match plot.status {
        CaseStatus::Hold => hold(rng, steps),
        CaseStatus::PendingReview => steps.push((Step::Complete, rng.days(1.0, 0.6))),
        CaseStatus::Completed => complete(plot, rng, steps),
        CaseStatus::Accepted
        | CaseStatus::Draft
        | CaseStatus::Submitted
        | CaseStatus::NeedsResubmission
        | CaseStatus::Resubmitted => {}
    }
}

fn complete(plot: &Plot, rng: &mut DemoRng, steps: &mut Steps) {
    steps.push((Step::Complete, rng.days(1.0, 0.6)));
    if plot.is_reviewed {
        steps.push((Step::Decide(plot.last_decision), rng.days(0.7, 0.6)));
    } else if rng.chance(0.06) {
        steps.push((Step::Reopen, rng.days(3.0, 0.7)));
        steps.push((Step::Complete, rng.days(1.0, 0.6)));
    }
    if plot.is_released && rng.chance(0.3) {
        steps.push((Step::Release, rng.days(0.3, 0.5)));
    }
}
