//! The case change history: changes of statuses, tiers, assignees and details.

use super::change_actors::{Actors, actors};
use super::changed_cases::{CaseChangeFigures, CaseChangeGroups, ChangeCounts, groups};
use super::tally::{self, Tally};
use super::{CaseScope, EntryScope, ListedEntry, Point, ReportPage, counted, entries, series};
use crate::audit::{Action, ChangeType};
use crate::period::{Interval, Period};
use sea_orm::ConnectionTrait;
use sea_orm::prelude::Uuid;

/// Its permanent name, as recorded in the audit log.
pub const NAME: &str = "case_changes";

/// The subject of the report, and the filters of its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseChangesCriteria {
    /// The subject: narrows statistics and list.
    pub cases: CaseScope,
    /// Narrows the list; empty for all changes.
    pub change_types: Vec<ChangeType>,
    /// Narrows the list.
    pub actor_id: Option<Uuid>,
}

/// The report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseChanges {
    pub figures: CaseChangeFigures,
    pub groups: CaseChangeGroups,
    /// `None` if the report covers only some cases: no rollup has the changes to a case by actor.
    pub actors: Option<Actors>,
    pub timeseries: Vec<Point>,
    /// The total number of entries in the list.
    pub matching: i64,
    /// One page, plus one entry if there are more.
    pub entries: Vec<ListedEntry>,
}

impl CaseChangesCriteria {
    /// The entries that the statistics count.
    fn universe(&self) -> EntryScope {
        let actions = Action::all().filter(|action| action.change_types().is_some()).collect();
        EntryScope { cases: self.cases.clone(), ..EntryScope::done(Some(actions)) }
    }

    /// The entries that the list shows.
    pub fn list(&self) -> EntryScope {
        let universe = self.universe();
        let asked_for = |action: &Action| {
            let types = action.change_types().unwrap_or_default();
            self.change_types.is_empty() || types.iter().any(|change_type| self.change_types.contains(change_type))
        };
        let actions = universe.actions.map(|actions| actions.into_iter().filter(asked_for).collect());
        EntryScope { actions, actor_id: self.actor_id, ..universe }
    }
}

/// Computes the report for a period.
pub async fn case_changes<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    interval: Interval,
    filters: &CaseChangesCriteria,
    paging: &ReportPage,
) -> Result<CaseChanges, super::ReportError> {
    let buckets = period.buckets(interval)?;
    let (universe, list) = (filters.universe(), filters.list());
    let counted = counted(db, period).await?;
    let tallies = tally::tallies(db, &counted, &buckets, &universe).await?;
    let matching = match filters.actor_id {
        Some(_) => tally::count(db, &counted, period.ids(), &list).await?,
        None => tally::matching(&tallies, &list),
    };
    let of = |change_type| tally::total(tallies.iter().filter(|tally| is(tally, change_type)));
    let actors = match filters.cases == CaseScope::default() {
        true => Some(actors(db, &counted, period.ids(), &universe).await?),
        false => None,
    };
    let (cases_touched, groups) = groups(db, &counted, period.ids(), &universe).await?;
    // By kind and not by badge, so that each series sums to its figure: a hold is a change of status too.
    let points = tallies.iter().flat_map(|tally| {
        let kinds = tally.action.change_types().unwrap_or_default();
        kinds.iter().map(move |kind| (tally.bucket, kind.code(), tally.count))
    });
    Ok(CaseChanges {
        figures: CaseChangeFigures {
            changes: ChangeCounts {
                total_changes: tally::total(tallies.iter()),
                status_changes: of(ChangeType::Status),
                tier_changes: of(ChangeType::Tier),
                reassignments: of(ChangeType::Assignment),
                resubmissions: of(ChangeType::Resubmission),
                holds: of(ChangeType::Hold),
                placed_on_hold: tally::total(tallies.iter().filter(|tally| tally.action == Action::CaseHeld)),
                details_changes: of(ChangeType::Details),
            },
            cases_touched,
        },
        groups,
        actors,
        timeseries: series(&buckets, ChangeType::all().map(ChangeType::code), points),
        matching,
        entries: entries(db, period.ids(), &list, paging).await?,
    })
}

fn is(tally: &Tally, change_type: ChangeType) -> bool {
    tally.action.change_types().is_some_and(|types| types.contains(&change_type))
}
