//! Random histories around the days on which Chicago's clocks change, and the periods that may be requested.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::audit::{Action, Outcome, SystemEvent};
use entity::page::Direction;
use entity::period::{Bound, Interval, PeriodQuery};
use entity::review::ReviewAction;
use proptest::prelude::*;
use proptest::sample::select;

/// The data of an entry. People and cases are indexes into those of the world.
#[derive(Clone, Debug)]
pub struct Happening {
    pub at: DateTime<Utc>,
    pub action: Action,
    pub outcome: Outcome,
    pub by: Who,
    pub case: Option<usize>,
    pub topic: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub enum Who {
    User(usize),
    System,
    Anonymous,
}

/// A step in the review of a case.
#[derive(Clone, Debug)]
pub struct Step {
    pub at: DateTime<Utc>,
    pub action: ReviewAction,
    pub reviewer: usize,
    pub case: usize,
}

/// A history, and a request about it.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub happenings: Vec<Happening>,
    pub steps: Vec<Step>,
    pub pending_emails: usize,
    pub asked: PeriodQuery,
    pub interval: Interval,
    pub now: DateTime<Utc>,
    pub user: usize,
    pub case: Option<usize>,
    pub member: Option<usize>,
    pub workshop: Option<usize>,
    pub assignee: Option<usize>,
    pub actor: Option<usize>,
    pub kinds: usize,
    pub direction: Direction,
    pub limit: u64,
    /// How many of a hundred entries are in the rollups, and in which time zone these are counted; `None` if there are none.
    pub sealed: Option<(usize, Tz)>,
}

pub const USERS: usize = 5;
pub const CASES: usize = 4;
pub const WORKSHOPS: [&str; 2] = ["WS001", "WS002"];

/// The days around both clock changes in 2026, on each of which a calendar day is one hour shorter or longer.
fn day() -> impl Strategy<Value = NaiveDate> {
    let spring = NaiveDate::from_ymd_opt(2026, 3, 4).unwrap();
    let autumn = NaiveDate::from_ymd_opt(2026, 10, 28).unwrap();
    (select(vec![spring, autumn]), 0..9_i64).prop_map(|(first, days)| first + TimeDelta::days(days))
}

/// Timestamps close to midnights, which determine the day something belongs to.
fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    let anywhere = (day(), 0..86_400_000_i64).prop_map(|(day, ms)| start(day) + TimeDelta::milliseconds(ms));
    let at_midnight = (day(), select(vec![5, 6, 7]), -2..3_i64)
        .prop_map(|(day, hour, ms)| start(day) + TimeDelta::hours(hour) + TimeDelta::milliseconds(ms));
    prop_oneof![anywhere, at_midnight]
}

fn start(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(0, 0, 0).unwrap().and_utc()
}

fn happening() -> impl Strategy<Value = Happening> {
    let actions: Vec<Action> = Action::all().collect();
    let system: Vec<Action> = SystemEvent::all().flat_map(SystemEvent::actions).collect();
    let action = prop_oneof![select(actions), select(system)];
    let outcome = prop_oneof![
        6 => Just(Outcome::Success),
        2 => Just(Outcome::Failure),
        1 => Just(Outcome::Denied),
    ];
    let by = prop_oneof![6 => (0..USERS).prop_map(Who::User), 1 => Just(Who::System), 1 => Just(Who::Anonymous)];
    let topic = select(vec![None, Some("release_scheduled_cases"), Some("check_expired_holds"), Some("main_dashboard")]);
    (instant(), action, outcome, by, proptest::option::of(0..CASES), topic)
        .prop_map(|(at, action, outcome, by, case, topic)| Happening { at, action, outcome, by, case, topic })
}

fn step() -> impl Strategy<Value = Step> {
    let actions = [&ReviewAction::DECISIONS[..], &[ReviewAction::SubmittedForReview, ReviewAction::Resubmitted]].concat();
    (instant(), select(actions), 0..USERS, 0..CASES * 3).prop_map(|(at, action, reviewer, case)| Step {
        at,
        action,
        reviewer,
        case,
    })
}

fn asked() -> impl Strategy<Value = PeriodQuery> {
    let bound = || proptest::option::weighted(0.8, prop_oneof![day().prop_map(Bound::Day), instant().prop_map(Bound::Instant)]);
    (bound(), bound(), any::<bool>()).prop_map(|(since, until, all_time)| {
        let all_time = all_time && since.is_none() && until.is_none();
        PeriodQuery { since, until, all_time }
    })
}

/// Scenarios of up to 120 entries and 40 steps.
pub fn scenarios() -> impl Strategy<Value = Scenario> {
    let history = (prop::collection::vec(happening(), 0..120), prop::collection::vec(step(), 0..40), 0..4_usize);
    let question = (asked(), select(vec![Interval::Day, Interval::Week, Interval::Month]), instant());
    let filters = (0..USERS, proptest::option::of(0..CASES), proptest::option::of(0..USERS), 0..64_usize);
    let seldom = |number: usize| proptest::option::weighted(0.2, 0..number);
    let whose = (seldom(USERS), seldom(WORKSHOPS.len()), seldom(USERS));
    let list = (select(vec![Direction::Ascending, Direction::Descending]), 1..30_u64);
    let zone = prop_oneof![9 => Just(chrono_tz::America::Chicago), 1 => Just(chrono_tz::Asia::Tokyo)];
    let sealed = proptest::option::weighted(0.9, (select(vec![0, 30, 70, 100]), zone));
    (history, question, filters, whose, list, sealed).prop_map(|(history, question, filters, whose, list, sealed)| {
        let (happenings, steps, pending_emails) = history;
        let (asked, interval, now) = question;
        let (user, case, actor, kinds) = filters;
        let (member, workshop, assignee) = whose;
        let (direction, limit) = list;
        Scenario {
            happenings,
            steps,
            pending_emails,
            asked,
            interval,
            now,
            user,
            case,
            member,
            workshop,
            assignee,
            actor,
            kinds,
            direction,
            limit,
            sealed,
        }
    })
}
