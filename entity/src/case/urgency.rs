//! The urgency that a case is shown with. Until a draft is submitted, its due date decides each day anew whether it is a rush;
//! the column holds what was requested, and from the submission on what applies.

use super::{CaseStatus, Column, Model, Urgency};
use crate::setting;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use sea_orm::Condition;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;

impl Urgency {
    /// Rush if the due date is strictly nearer than the threshold.
    pub fn required_by(due_on: NaiveDate, today: NaiveDate, threshold_days: i32) -> Self {
        if due_on < not_a_rush_from(today, threshold_days) { Self::Rush } else { Self::Normal }
    }
}

/// The first due date that requires no rush.
fn not_a_rush_from(today: NaiveDate, threshold_days: i32) -> NaiveDate {
    today.checked_add_signed(TimeDelta::days(threshold_days.into())).unwrap_or(NaiveDate::MAX)
}

/// Which drafts are a rush on one day, by the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rush {
    not_from: NaiveDate,
}

impl Rush {
    pub fn at(now: DateTime<Utc>, settings: &setting::Model) -> Result<Self, DbErr> {
        Ok(Self::new(now, settings.zone()?, settings.rush_case_threshold_days))
    }

    /// The same by the two settings that decide.
    pub(super) fn new(now: DateTime<Utc>, zone: Tz, threshold_days: i32) -> Self {
        Self { not_from: not_a_rush_from(now.with_timezone(&zone).date_naive(), threshold_days) }
    }

    /// The urgency that a case is shown with.
    pub fn urgency(self, case: &Model) -> Urgency {
        let is_due = case.status == CaseStatus::Draft && case.due_on < self.not_from;
        if is_due { Urgency::Rush } else { case.urgency }
    }

    /// The same in a query, as its code, to filter, sort and count by.
    pub fn column(self) -> Expr {
        let is_due = Condition::all().add(Column::Status.eq(CaseStatus::Draft)).add(Column::DueOn.lt(self.not_from));
        Expr::case(is_due, Urgency::Rush.code()).finally(Expr::col(Column::Urgency.as_column_ref())).into()
    }

    /// The cases that are shown with this urgency.
    pub fn is(self, urgency: Urgency) -> Expr {
        self.column().eq(urgency.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_date_is_a_rush_only_if_strictly_nearer_than_the_threshold() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
        assert_eq!(Urgency::required_by(day(8), day(1), 7), Urgency::Normal);
        assert_eq!(Urgency::required_by(day(7), day(1), 7), Urgency::Rush);
    }

    #[test]
    fn the_day_is_that_of_the_settings_zone() {
        let settings = |zone: &str| setting::Model { time_zone: zone.to_owned(), ..setting::Model::first() };
        for (now, zone, not_from) in [
            ("2026-12-09T05:59:59Z", "America/Chicago", "2026-12-15"),
            ("2026-12-09T06:00:00Z", "America/Chicago", "2026-12-16"),
            ("2026-12-09T14:59:59Z", "Asia/Tokyo", "2026-12-16"),
            ("2026-12-09T15:00:00Z", "Asia/Tokyo", "2026-12-17"),
        ] {
            let rush = Rush::at(now.parse().unwrap(), &settings(zone)).unwrap();
            assert_eq!(rush, Rush { not_from: not_from.parse().unwrap() }, "{now} in {zone}");
        }
    }
}
