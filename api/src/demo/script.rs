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

pub(super) fn steps(plot: &Plot, dice: &mut DemoRng) -> Steps {
    let mut steps = vec![(Step::Create, 0.0)];
    hand_in(plot, dice, &mut steps);
    if plot.is_accepted() {
        steps.push((Step::Accept, dice.days(0.8, 0.6)));
        work(plot, dice, &mut steps);
        finish(plot, dice, &mut steps);
    }
    steps
}

fn hand_in(plot: &Plot, dice: &mut DemoRng, steps: &mut Steps) {
    let at_once = dice.chance(0.3);
    if !at_once && dice.chance(0.4) {
        steps.push((Step::MemberEdit, dice.days(0.3, 0.7)));
    }
    if plot.status == CaseStatus::Draft {
        return;
    }
    steps.push((Step::Submit, if at_once { 0.0 } else { dice.days(0.4, 0.7) }));
    if dice.chance(0.3) {
        steps.push((Step::MemberEdit, dice.days(0.3, 0.5)));
    }
    if dice.chance(0.2) {
        steps.push((Step::StaffEdit, dice.days(0.3, 0.5)));
    }
    let comes_back = match plot.status {
        CaseStatus::NeedsResubmission | CaseStatus::Resubmitted => true,
        CaseStatus::Submitted | CaseStatus::Draft => false,
        CaseStatus::Accepted | CaseStatus::Hold | CaseStatus::PendingReview | CaseStatus::Completed => dice.chance(0.15),
    };
    if comes_back {
        steps.push((Step::Reject, dice.days(0.8, 0.6)));
        if plot.status != CaseStatus::NeedsResubmission {
            steps.push((Step::MemberEdit, dice.days(1.5, 0.7)));
            steps.push((Step::Resubmit, dice.days(0.1, 0.5)));
        }
    }
}

/// The events of an accepted case before it is completed.
fn work(plot: &Plot, dice: &mut DemoRng, steps: &mut Steps) {
    if dice.chance(0.55) {
        steps.push((Step::StaffEdit, dice.days(0.4, 0.6)));
    }
    if !plot.is_reviewed && dice.chance(0.15) {
        steps.push((Step::Tier, dice.days(0.4, 0.6)));
    }
    for _ in 0..2 {
        if dice.chance(0.18) {
            hold(dice, steps);
            steps.push((Step::Resume, dice.days(HOLD_MEDIAN, HOLD_SIGMA)));
        }
    }
    if dice.chance(0.15) {
        steps.push((Step::Reassign, dice.days(0.5, 0.6)));
    } else if dice.chance(0.05) {
        steps.push((Step::Unassign, dice.days(0.5, 0.6)));
        steps.push((Step::Take, dice.days(0.2, 0.6)));
    }
    if dice.chance(0.15) {
        steps.push((Step::Credit, dice.days(0.4, 0.6)));
    }
    if dice.chance(0.15) {
        steps.push((Step::MemberEdit, dice.days(0.4, 0.6)));
    }
    for _ in 0..2 {
        if dice.chance(0.35) {
            steps.push((Step::StaffEdit, dice.days(0.5, 0.6)));
        }
    }
}

fn hold(dice: &mut DemoRng, steps: &mut Steps) {
    steps.push((Step::Hold, dice.days(0.5, 0.6)));
    if dice.chance(0.2) {
        steps.push((Step::StaffEdit, dice.days(0.2, 0.4)));
    }
}

fn finish(plot: &Plot, dice: &mut DemoRng, steps: &mut Steps) {
    for _ in 0..plot.revisions {
        steps.push((Step::Complete, dice.days(1.0, 0.6)));
        steps.push((Step::Decide(ReviewStatus::RevisionsRequested), dice.days(0.7, 0.6)));
        steps.push((Step::StaffEdit, dice.days(0.4, 0.6)));
    }
    match plot.status {
        CaseStatus::Hold => hold(dice, steps),
        CaseStatus::PendingReview => steps.push((Step::Complete, dice.days(1.0, 0.6))),
        CaseStatus::Completed => complete(plot, dice, steps),
        CaseStatus::Accepted
        | CaseStatus::Draft
        | CaseStatus::Submitted
        | CaseStatus::NeedsResubmission
        | CaseStatus::Resubmitted => {}
    }
}

fn complete(plot: &Plot, dice: &mut DemoRng, steps: &mut Steps) {
    steps.push((Step::Complete, dice.days(1.0, 0.6)));
    if plot.is_reviewed {
        steps.push((Step::Decide(plot.last_decision), dice.days(0.7, 0.6)));
    } else if dice.chance(0.06) {
        steps.push((Step::Reopen, dice.days(3.0, 0.7)));
        steps.push((Step::Complete, dice.days(1.0, 0.6)));
    }
    if plot.is_released && dice.chance(0.3) {
        steps.push((Step::Release, dice.days(0.3, 0.5)));
    }
}
