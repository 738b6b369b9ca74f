//! What is shown with a case and is not in its row: the people it names, its member's updates, and what the settings decide about
//! it. Each reader and each writer of a case reads it, so it is one statement.

use super::urgency::Rush;
use super::{CaseStatus, Model, Urgency, member_update};
use crate::db::{Columns, Placed, by_place, padded};
use crate::setting;
use crate::user::{self, Person};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QuerySelect, QueryTrait};
use std::collections::HashMap;

/// What is shown with one case.
#[derive(Clone, Debug)]
pub struct Shown {
    people: HashMap<Uuid, Person>,
    /// Whether the member made updates that the staff has not acknowledged.
    pub has_member_updates: bool,
    pub member_last_update_at: Option<DateTime<Utc>>,
    /// As requested, or as the due date requires; of a draft as the due date requires today.
    pub urgency: Urgency,
    /// The setting `record_views`.
    pub are_views_recorded: bool,
}

impl Shown {
    /// Reads it in one statement.
    pub async fn read<C: ConnectionTrait>(db: &C, case: &Model, now: DateTime<Utc>) -> Result<Self, DbErr> {
        let named = [
            Some(case.member_id),
            Some(case.created_by_id),
            case.assigned_to_id,
            case.accepted_by_id,
            case.reviewed_by_id,
            case.rejected_by_id,
        ];
        let updates = [member_update::Column::HasMemberUpdates, member_update::Column::MemberLastUpdateAt];
        let settings = [setting::Column::RushCaseThresholdDays, setting::Column::TimeZone, setting::Column::RecordViews];
        let people = user::Entity::find().filter(user::Column::Id.is_in(padded(named.into_iter().flatten())));
        let mut beside = people.select_only().columns(user::PERSON).columns(updates).columns(settings);
        let are_its = Expr::col((member_update::Entity, member_update::Column::CaseId)).eq(case.id);
        QueryTrait::query(&mut beside).left_join(member_update::Entity, are_its).cross_join(setting::Entity);
        let rows: Vec<Beside> = by_place(&db.query_all(&beside.into_query()).await?)?;
        // The member is among them: users are never removed.
        let first = rows.first().ok_or_else(|| DbErr::RecordNotFound("the people of a case".to_owned()))?;
        Ok(Self {
            has_member_updates: first.has_member_updates.unwrap_or_default(),
            member_last_update_at: first.member_last_update_at,
            urgency: first.urgency_of(case, now)?,
            are_views_recorded: first.record_views,
            people: rows.into_iter().map(|row| (row.person.id, row.person)).collect(),
        })
    }

    /// A person whom the case names.
    pub fn person(&self, id: Option<Uuid>) -> Option<&Person> {
        self.people.get(&id?)
    }
}

/// A person, and what is the same for all people of a case.
struct Beside {
    person: Person,
    has_member_updates: Option<bool>,
    member_last_update_at: Option<DateTime<Utc>>,
    rush_case_threshold_days: i32,
    time_zone: String,
    record_views: bool,
}

impl Beside {
    /// Only that of a draft depends on the settings, and on their time zone.
    fn urgency_of(&self, case: &Model, now: DateTime<Utc>) -> Result<Urgency, DbErr> {
        match case.status {
            CaseStatus::Draft => Ok(Rush::new(now, setting::zone(&self.time_zone)?, self.rush_case_threshold_days).urgency(case)),
            CaseStatus::Submitted
            | CaseStatus::Accepted
            | CaseStatus::Hold
            | CaseStatus::PendingReview
            | CaseStatus::NeedsResubmission
            | CaseStatus::Resubmitted
            | CaseStatus::Completed => Ok(case.urgency),
        }
    }
}

/// As `Shown::read` selects it.
impl Placed for Beside {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            person: Person::read(columns)?,
            has_member_updates: columns.take()?,
            member_last_update_at: columns.take()?,
            rush_case_threshold_days: columns.take()?,
            time_zone: columns.take()?,
            record_views: columns.take()?,
        })
    }
}
