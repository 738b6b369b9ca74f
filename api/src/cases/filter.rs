//! The query parameters that select cases: those of the list, and of what is counted.

use crate::http::request::period::PeriodParameters;
use crate::http::{Anyone, CallerWith, PersonCaller, ReadWithCaller};
use crate::state::App;
use crate::wire::fields::{CivilDay, Id, SearchText, UpTo, WorkshopFilter, at_most_all};
use crate::wire::{Error, Instant, Result};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::case::secrecy::{self, Hidden, ListingSettings};
use entity::case::urgency::Rush;
use entity::case::{self, CaseStatus, Column, Tier, Urgency, listing, member_update};
use entity::db::any_of;
use entity::period::YEARS;
use entity::user::Role;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use validator::Validate;

/// The maximum number of users that cases are filtered by.
const USERS_MAX: u64 = 50;
type Users = UpTo<Id, USERS_MAX>;

/// Filters of the case list. Repeated values of one parameter are combined with OR
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct ListCases {
    /// May be repeated. For its member, a completed case that has not been released has the status before: `accepted`, or
    /// `pending_review` if a review completed it
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    status: Vec<CaseStatus>,
    /// May be repeated; not available to members
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    tier: Vec<Tier>,
    /// As requested, or as required by the due date; of drafts as required today
    #[param(nullable = false)]
    urgency: Option<Urgency>,
    /// The user the case is assigned to; may be repeated
    #[serde(default)]
    #[validate(length(max = USERS_MAX))]
    #[param(inline, required = false, value_type = Users)]
    assigned_to: Vec<Id>,
    /// Whether the case has no assignee
    #[param(nullable = false)]
    unassigned: Option<bool>,
    /// The member who owns the case; may be repeated
    #[serde(default)]
    #[validate(length(max = USERS_MAX))]
    #[param(inline, required = false, value_type = Users)]
    member_id: Vec<Id>,
    /// The workshop the case belongs to, case-insensitive
    #[validate(nested)]
    #[param(inline, nullable = false, example = "WS001")]
    workshop_code: Option<WorkshopFilter>,
    /// Whether the case is on hold
    #[param(nullable = false)]
    is_on_hold: Option<bool>,
    /// Whether its member made updates that the staff has not acknowledged
    #[param(nullable = false)]
    has_member_updates: Option<bool>,
    /// Due before this date
    #[param(inline, nullable = false)]
    due_before: Option<CivilDay>,
    /// Due after this date
    #[param(inline, nullable = false)]
    due_after: Option<CivilDay>,
    /// Whether the due date has passed, by today's date in the configured time zone, and the case is neither a draft nor
    /// completed.
    /// For its member, a completed case that has not been released is not completed
    #[param(nullable = false)]
    is_overdue: Option<bool>,
    /// Last changed at this time or later, by `updated_at`
    #[param(nullable = false)]
    updated_since: Option<Instant>,
    /// Text contained in the case number, a name or the email address, regardless of case
    #[validate(nested)]
    #[param(inline, nullable = false, example = "moss")]
    q: Option<SearchText>,
}

impl ListCases {
    /// The cases that are visible to the caller, were created in the period and match the filters.
    pub fn find(&self, app: &App, by: &Anyone, period: &PeriodParameters, at: &ListedAt) -> Result<Select<case::Entity>> {
        if by.role() == Role::Member && !self.tier.is_empty() {
            return Err(Error::parameter("tier", "not_available", "is not available to members"));
        }
        let (due_before, due_after) = (day("due_before", self.due_before)?, day("due_after", self.due_after)?);
        let created = period.ids_in(at.as_of, at.zone)?.map(|ids| Column::Id.gte(ids.from).and(Column::Id.lt(ids.before)));
        let condition = self
            .condition(app, at)
            .add_option(created)
            .add_option(due_before.map(|day| Column::DueOn.lt(day)))
            .add_option(due_after.map(|day| Column::DueOn.gt(day)))
            .add_option(self.is_overdue.map(|is| listing::is_overdue(is, at.today(), at.hidden, at.now)));
        Ok(case::visible_to(by).filter(condition))
    }

    fn condition(&self, app: &App, at: &ListedAt) -> Condition {
        let changed_since = |Instant(since)| secrecy::updated_at(at.hidden).gte(since);
        Condition::all()
            .add_option((!self.status.is_empty()).then(|| secrecy::has_status(&self.status, at.hidden, at.now)))
            .add_option(any_of(Column::Tier, self.tier.iter().copied()))
            .add_option(self.urgency.map(|urgency| at.rush.is(urgency)))
            .add_option(any_of(Column::AssignedToId, self.assigned_to.iter().map(|id| id.get())))
            .add_option(self.unassigned.map(is_unassigned))
            .add_option(any_of(Column::MemberId, self.member_id.iter().map(|id| id.get())))
            .add_option(self.workshop_code.as_deref().map(|code| Column::WorkshopCode.eq(code.to_uppercase())))
            .add_option(self.is_on_hold.map(is_on_hold))
            .add_option(self.has_member_updates.map(has_member_updates))
            .add_option(self.updated_since.map(changed_since))
            .add_option(self.q.as_deref().map(|q| case::mentioning(q, app.readers().backend())))
    }
}

/// What a list of cases depends on besides its rows: the instant, and the settings.
#[derive(Clone, Copy, Debug)]
pub struct ListedAt {
    pub now: DateTime<Utc>,
    /// The instant that the name of a period refers to.
    as_of: DateTime<Utc>,
    pub rush: Rush,
    /// The completions that the caller is not shown.
    pub hidden: Hidden,
    zone: Tz,
}

impl ReadWithCaller for ListingSettings {
    fn statement(user_id: Uuid, now: DateTime<Utc>) -> SelectStatement {
        Self::statement(user_id, now)
    }
}

impl ListedAt {
    pub fn new(now: DateTime<Utc>, by: &CallerWith<PersonCaller, ListingSettings>, as_of: DateTime<Utc>) -> Result<Self> {
        let settings = &by.row;
        Ok(Self { now, as_of, rush: settings.rush(now)?, hidden: settings.hidden(by), zone: settings.zone()? })
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }
}

fn day(name: &str, day: Option<CivilDay>) -> Result<Option<NaiveDate>> {
    let day = day.map(CivilDay::get);
    match day.is_some_and(|day| !YEARS.contains(&day.year())) {
        true => Err(Error::parameter(name, "range", format!("must lie between the years {} and {}", YEARS.start(), YEARS.end()))),
        false => Ok(day),
    }
}

fn is_unassigned(unassigned: bool) -> Expr {
    if unassigned { Column::AssignedToId.is_null() } else { Column::AssignedToId.is_not_null() }
}

fn is_on_hold(on_hold: bool) -> Expr {
    if on_hold { Column::Status.eq(CaseStatus::Hold) } else { Column::Status.ne(CaseStatus::Hold) }
}

fn has_member_updates(has: bool) -> Expr {
    let raised = member_update::Entity::find()
        .select_only()
        .column(member_update::Column::CaseId)
        .filter(member_update::Column::HasMemberUpdates.eq(true))
        .into_query();
    if has { Column::Id.in_subquery(raised) } else { Column::Id.not_in_subquery(raised) }
}
