//! What the settings determine for a case: the current calendar day, the due date and the release of the result.

use crate::wire::{Error, Instant, Result};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use entity::audit::AuditTx;
use entity::case::Urgency;
use entity::case::lifecycle::Release;
use entity::setting;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many days ahead a release may be scheduled at most.
const RELEASE_DAYS_MAX: i64 = 60;

/// The settings as this transaction sees them, and the current calendar day in their time zone.
pub struct Today {
    pub date: NaiveDate,
    now: DateTime<Utc>,
    settings: setting::Model,
}

impl Today {
    pub async fn read(tx: &AuditTx) -> Result<Self> {
        let settings = setting::current(tx).await?;
        let now = tx.now();
        Ok(Self { date: now.with_timezone(&settings.zone()?).date_naive(), now, settings })
    }

    /// The urgency that a due date requires today.
    pub fn required_by(&self, due_on: NaiveDate) -> Urgency {
        Urgency::required_by(due_on, self.date, self.settings.rush_case_threshold_days)
    }

    /// The due date of a case if none is given.
    pub fn default_due_on(&self) -> NaiveDate {
        let days = u64::try_from(self.settings.default_case_due_days).unwrap_or_default();
        self.date.checked_add_days(Days::new(days)).unwrap_or(self.date)
    }

    /// Refuses a due date in the past.
    pub fn ensure_ahead(&self, due_on: NaiveDate) -> Result<()> {
        let last = NaiveDate::from_ymd_opt(2100, 12, 31).unwrap_or(NaiveDate::MAX);
        if due_on < self.date || due_on > last {
            return Err(Error::field("/due_on", "range", "must be today or later, and before 2101"));
        }
        Ok(())
    }

    /// When the result is released: as requested, otherwise as the settings specify.
    pub fn release(&self, when: Option<ReleaseWhen>, release_at: Option<Instant>) -> Result<Release> {
        let refused = |code, detail: &str| Err(Error::field("/release_at", code, detail));
        match (when, release_at) {
            (Some(ReleaseWhen::Scheduled), Some(Instant(at))) => {
                let is_in_range = at > self.now && at <= self.now + TimeDelta::days(RELEASE_DAYS_MAX);
                let detail = || format!("must be in the future, within {RELEASE_DAYS_MAX} days");
                if is_in_range { Ok(Release::At(at)) } else { refused("range", &detail()) }
            }
            (Some(ReleaseWhen::Scheduled), None) => refused("required", "is required when the release is scheduled"),
            (Some(ReleaseWhen::Now) | None, Some(_)) => refused("unexpected", "is allowed only for a scheduled release"),
            (Some(ReleaseWhen::Now), None) => Ok(Release::Now),
            (None, None) => match self.settings.default_completion_delay_hours {
                0 => Ok(Release::Now),
                hours => Ok(Release::At(self.now + TimeDelta::hours(i64::from(hours)))),
            },
        }
    }
}

/// When the result is released to the member
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseWhen {
    Now,
    Scheduled,
}
