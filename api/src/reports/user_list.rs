//! The activity of all users, as a table.

use super::columns::{self, Column, Line, optional};
use super::export;
use super::frame::{Filters, PeriodView};
use super::generate::{self, About, Frame, Head, ListReport, Report};
use super::query::{AllTime, ListPage, TableExportQuery, TableQuery};
use super::user_activity::UserActivityReport;
use crate::http::answer::file::CsvParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Paged, ReportReader};
use crate::list_of;
use crate::state::App;
use crate::wire::fields::at_most_all;
use crate::wire::fields::shown::{FullName, ShownEmailAddress, ShownUsername};
use crate::wire::{Instant, ListProblems, Result};
use actix_web::{HttpRequest, HttpResponse, get};
use entity::clock::rfc3339;
use entity::page::{Direction, Position};
use entity::period::Period;
use entity::report::ReportPage;
use entity::report::user_list::{self as list, UserListCriteria, UserSortKey};
use entity::user::{Level, Role};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::{Uuid, uuid};
use validator::Validate;

/// The columns of the CSV.
const COLUMNS: [Column<list::UserRow>; 12] = [
    ("id", |row| row.id.to_string().into()),
    ("username", |row| row.username.clone().into()),
    ("full_name", |row| row.full_name.clone().into()),
    ("email", |row| row.email.clone().into()),
    ("role", |row| row.role.code().into()),
    ("user_level", |row| row.user_level.map(Level::code).unwrap_or_default().into()),
    ("is_active", |row| row.is_active.to_string().into()),
    ("deleted_at", |row| optional(row.deleted_at.map(rfc3339))),
    ("total_activities", |row| row.total_activities.to_string().into()),
    ("case_activities", |row| row.case_activities.to_string().into()),
    ("last_activity_at", |row| optional(row.last_activity_at.map(rfc3339))),
    ("last_activity_overall_at", |row| optional(row.last_activity_overall_at.map(rfc3339))),
];

/// The filter and the order of the table of users
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct UserListFilter {
    /// List only users with any of these roles
    #[validate(custom(function = "at_most_all"))]
    #[param(required = false)]
    role: Vec<Role>,
    /// Sort order; defaults to `username`
    #[param(nullable = false)]
    sort: Option<UserActivitySort>,
}

/// Sort order of users with their activity; a minus sign means descending
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum UserActivitySort {
    #[default]
    #[serde(rename = "username")]
    Username,
    #[serde(rename = "-username")]
    UsernameDescending,
    #[serde(rename = "total_activities")]
    LeastActive,
    #[serde(rename = "-total_activities")]
    MostActive,
}

/// The figures of all users
#[derive(Serialize, ToSchema)]
pub struct UserActivityListFigures {
    /// Users who were not deleted or were active in the period, service accounts included
    #[schema(minimum = 0)]
    total_users: i64,
    /// Of these, those with at least one activity in the period
    #[schema(minimum = 0)]
    active_users: i64,
    /// Activities of all users; those of the service itself are not included
    #[schema(minimum = 0)]
    total_activities: i64,
}

/// The activity of one user in a period
#[derive(Serialize, ToSchema)]
pub struct ListedUserActivity {
    id: Uuid,
    #[schema(value_type = ShownUsername)]
    username: String,
    #[schema(value_type = FullName)]
    full_name: String,
    #[schema(value_type = ShownEmailAddress)]
    email: String,
    role: Role,
    user_level: Option<Level>,
    is_active: bool,
    deleted_at: Option<Instant>,
    #[schema(minimum = 0)]
    total_activities: i64,
    /// Of these, those about a case
    #[schema(minimum = 0)]
    case_activities: i64,
    /// Last activity in the period
    last_activity_at: Option<Instant>,
    /// Last activity at any time
    last_activity_overall_at: Option<Instant>,
}

list_of! {
    /// A page of users with their activity
    UserActivityList = ListedUserActivity
}

/// The activity of all users in a period
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "report": "user_activity", "generated_at": "2026-11-23T15:00:00.000Z",
    "period": {"since": "2026-10-25T05:00:00.000Z", "until": "2026-11-23T15:00:00.001Z", "time_zone": "America/Chicago",
        "defaulted": true},
    "filters": {"role": ["technician"]},
    "summary": {"total_users": 5, "active_users": 2, "total_activities": 14},
    "entries": {"data": [{"id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "username": "tech2", "full_name": "Tom Reyes",
        "email": "tech2@example.org", "role": "technician", "user_level": "level_2", "is_active": true, "deleted_at": null,
        "total_activities": 12, "case_activities": 9, "last_activity_at": "2026-11-22T08:00:00.123Z",
        "last_activity_overall_at": "2026-11-22T08:00:00.123Z"}],
        "page": {"next_cursor": null, "has_more": false, "limit": 50, "total": null, "total_is_capped": false}}
}))]
pub struct UserActivityListReport {
    #[schema(max_length = 32)]
    report: &'static str,
    generated_at: Instant,
    period: PeriodView,
    filters: Filters,
    summary: UserActivityListFigures,
    entries: UserActivityList,
}

/// List the activity of all users
///
/// One row per user, also for users without activity in the period, inactive users and service accounts. Deleted users are listed
/// if they did something in the period. Counts the successful entries of which the user is the actor. `role` filters only the
/// list.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, UserListFilter, Paging),
    responses((status = OK, description = "The users' activity in the period", body = UserActivityListReport), ListProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["report_generated"], "may": [], "denied": entity::audit::Action::ReportGenerated,
    }))),
)]
#[get("/reports/user-activity/users")]
pub async fn list_user_activity(
    app: App,
    by: ReportReader,
    request: HttpRequest,
    query: TableQuery<UserListFilter>,
) -> Result<Answer<UserActivityListReport>> {
    let direction = query.parts.2.sort().direction();
    generate::table(&app, &by, &request, query, direction).await
}

impl Paged for UserActivityListReport {
    fn next_cursor(&self) -> Option<&str> {
        self.entries.next_cursor()
    }
}

impl Report for UserActivityListReport {
    const NAME: &'static str = UserActivityReport::NAME;
    const ABOUT: About = UserActivityReport::ABOUT;
    type Filter = UserListFilter;
    type Subject = UserListCriteria;
    type Page = ListPage;

    async fn subject(_: &DatabaseTransaction, filter: UserListFilter) -> Result<UserListCriteria> {
        Ok(UserListCriteria { key: filter.sort().key(), roles: filter.role })
    }

    async fn compute(db: &DatabaseTransaction, filters: UserListCriteria, frame: Frame, page: ListPage) -> Result<(Self, i64)> {
        let mut found = list::user_list(db, &frame.period, &filters, &page.paging).await?;
        let page = page.cut(&mut found.rows, found.matching, &frame.period, |row| row.position(filters.key));
        let Head { report, generated_at, period, filters } = frame.head::<Self>();
        let list::UserList { total_users, active_users, total_activities, matching, rows } = found;
        let view = Self {
            report,
            generated_at,
            period,
            filters,
            summary: UserActivityListFigures { total_users, active_users, total_activities },
            entries: UserActivityList { data: rows.into_iter().map(ListedUserActivity::new).collect(), page },
        };
        Ok((view, matching))
    }
}

/// Export the activity of all users as CSV
///
/// One row per user.
#[utoipa::path(
    tag = "reports",
    params(PeriodParameters, AllTime, UserListFilter, CsvParameters),
    responses(
        (status = OK, description = "One row per user", body = String, content_type = "text/csv",
            example = json!(UserActivityListReport::csv_example())),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["export_generated"], "may": [], "denied": entity::audit::Action::ExportGenerated,
    }))),
)]
#[get("/reports/user-activity/users.csv")]
pub async fn export_user_activity_list(
    app: App,
    by: ReportReader,
    query: TableExportQuery<UserListFilter>,
) -> Result<HttpResponse> {
    let direction = query.parts.2.sort().direction();
    export::send_table::<UserActivityListReport>(&app, &by, query, direction).await
}

impl ListReport for UserActivityListReport {
    const LIMIT: u64 = 50;

    fn header() -> Line {
        columns::header(&COLUMNS)
    }

    fn example() -> Line {
        let last = entity::clock::parse_instant("2026-11-22T08:00:00.123Z");
        columns::line(
            &COLUMNS,
            &list::UserRow {
                id: uuid!("01a1e3b0-1c00-7584-bca5-f00e655c90d1"),
                username: "tech2".to_owned(),
                full_name: "Tom Reyes".to_owned(),
                email: "tech2@example.org".to_owned(),
                role: Role::Technician,
                user_level: Some(Level::Two),
                is_active: true,
                deleted_at: None,
                total_activities: 12,
                case_activities: 9,
                last_activity_at: last,
                last_activity_overall_at: last,
            },
        )
    }

    async fn rows(
        db: &DatabaseTransaction,
        period: &Period,
        filters: &UserListCriteria,
        paging: &ReportPage,
    ) -> Result<Vec<(Position, Line)>> {
        let rows = list::rows(db, period, filters, paging).await?;
        Ok(rows.into_iter().map(|row| (row.position(filters.key), columns::line(&COLUMNS, &row))).collect())
    }
}

impl UserListFilter {
    fn sort(&self) -> UserActivitySort {
        self.sort.unwrap_or_default()
    }
}

impl UserActivitySort {
    const fn key(self) -> UserSortKey {
        match self {
            Self::Username | Self::UsernameDescending => UserSortKey::Username,
            Self::LeastActive | Self::MostActive => UserSortKey::TotalActivities,
        }
    }

    const fn direction(self) -> Direction {
        match self {
            Self::Username | Self::LeastActive => Direction::Ascending,
            Self::UsernameDescending | Self::MostActive => Direction::Descending,
        }
    }
}

impl ListedUserActivity {
    fn new(row: list::UserRow) -> Self {
        let list::UserRow {
            id,
            username,
            full_name,
            email,
            role,
            user_level,
            is_active,
            deleted_at,
            total_activities,
            case_activities,
            last_activity_at,
            last_activity_overall_at,
        } = row;
        Self {
            id,
            username,
            full_name,
            email,
            role,
            user_level,
            is_active,
            deleted_at: deleted_at.map(Instant),
            total_activities,
            case_activities,
            last_activity_at: last_activity_at.map(Instant),
            last_activity_overall_at: last_activity_overall_at.map(Instant),
        }
    }
}
