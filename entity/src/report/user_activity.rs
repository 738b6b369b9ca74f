//! The user activity report: what one user did in a period, as the actor of its entries.

use super::{CategoryCount, EntryScope, ListedEntry, Point, ReportPage, TypeCount, counted, series, tally};
use crate::audit::Category;
use crate::audit_entry::{self, Column};
use crate::clock;
use crate::period::{Added, IdRange, Interval, Period};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Its permanent name, as recorded in the audit log.
pub const NAME: &str = "user_activity";

/// The report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserActivity {
    pub total_activities: i64,
    /// Within the period.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// At any time.
    pub last_activity_overall_at: Option<DateTime<Utc>>,
    pub by_category: Vec<CategoryCount>,
    pub by_action_type: Vec<TypeCount>,
    pub timeseries: Vec<Point>,
    /// One page, plus one entry if there are more.
    pub entries: Vec<ListedEntry>,
}

/// The entries that the report counts and lists.
pub fn scope(user_id: Uuid) -> EntryScope {
    EntryScope { actor_id: Some(user_id), ..EntryScope::done(None) }
}

/// Computes the report for a period.
pub async fn user_activity<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    interval: Interval,
    user_id: Uuid,
    paging: &ReportPage,
) -> Result<UserActivity, super::ReportError> {
    let buckets = period.buckets(interval)?;
    let scope = scope(user_id);
    let tallies = tally::tallies(db, &counted(db, period).await?, &buckets, &scope).await?;
    let points = tallies.iter().map(|tally| (tally.bucket, tally.action.category().code(), tally.count));
    Ok(UserActivity {
        total_activities: tally::total(tallies.iter()),
        last_activity_at: last_in(db, user_id, period.ids()).await?,
        last_activity_overall_at: last_in(db, user_id, IdRange { from: Uuid::nil(), before: Uuid::max(), ..period.ids() })
            .await?,
        by_category: tally::by_category(tallies.iter()),
        by_action_type: tally::by_type(tallies.iter()),
        timeseries: series(&buckets, Category::all().map(Category::code), points),
        entries: super::entries(db, period.ids(), &scope, paging).await?,
    })
}

async fn last_in<C: ConnectionTrait>(db: &C, user_id: Uuid, ids: IdRange) -> Result<Option<DateTime<Utc>>, DbErr> {
    let done = audit_entry::Entity::find().select_only().column(Column::Id).filter(Column::ActorId.eq(user_id));
    let done = done.filter(Column::Outcome.eq(crate::audit::Outcome::Success.code()));
    let done = done.filter(Column::Id.gte(ids.from)).filter(Column::Id.lt(ids.before));
    let seen = ids.seen.map(|seen| seen.expression(Added::Entries, "\"audit_entries\""));
    let done = done.filter(Condition::all().add_option(seen));
    let id: Option<Uuid> = done.order_by_desc(Column::Id).limit(1).into_tuple().one(db).await?;
    Ok(id.and_then(clock::instant_of))
}
