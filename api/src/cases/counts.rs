//! Count cases by one of their properties.

use super::filter::{ListCases, ListedAt};
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, CallerWith, PersonCaller, QueryParts};
use crate::state::App;
use crate::wire::fields::shown::FullName;
use crate::wire::{Error, ListProblems, Result};
use actix_web::get;
use entity::case::counts::{self, CaseGroup, CaseProperty};
use entity::case::secrecy::ListingSettings;
use entity::text::capitalised;
use entity::user::Role;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// What cases are counted by
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct CountCases {
    /// What the cases are counted by; members cannot count by `tier`
    by: CaseProperty,
}

/// The cases of one group
#[derive(Serialize, ToSchema)]
pub struct CaseCount {
    /// The status, urgency or tier, the code of the workshop, or the id of the assignee or member: a value of the list's filter.
    /// Null for cases without an assignee or a tier
    #[schema(max_length = 50)]
    pub key: Option<String>,
    /// The key in words: the full name of a user, otherwise the key itself without underscores
    #[schema(value_type = Option<FullName>)]
    pub label: Option<String>,
    #[schema(minimum = 1)]
    pub count: i64,
}

/// The number of cases by one of their properties
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "by": "status", "total_cases": 12, "total_groups": 2,
    "data": [
        {"key": "accepted", "label": "Accepted", "count": 9},
        {"key": "pending_review", "label": "Pending review", "count": 3}
    ]
}))]
pub struct CaseCounts {
    pub by: CaseProperty,
    /// All cases that match the filters
    #[schema(minimum = 0)]
    pub total_cases: i64,
    /// The number of groups, also of those that `data` does not contain
    #[schema(minimum = 0)]
    pub total_groups: i64,
    /// The groups with cases, at most the 200 with the most cases, by number of cases and then by text
    #[schema(max_items = 200)]
    pub data: Vec<CaseCount>,
}

/// Count cases
///
/// Counts the cases that `GET /cases` lists with the same filters, by status, assignee, workshop, urgency, tier or member: the
/// badges of a front end in one request. Groups without cases are absent.
#[utoipa::path(
    tag = "cases",
    params(CountCases, ListCases, PeriodParameters),
    responses((status = OK, description = "The numbers of cases", body = CaseCounts), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("routine reads are not audited; denied attempts are")),
    ),
)]
#[get("/cases/counts")]
pub async fn count_cases(
    app: App,
    by: CallerWith<PersonCaller, ListingSettings>,
    query: QueryParts<(CountCases, ListCases, PeriodParameters)>,
) -> Result<Answer<CaseCounts>> {
    let (CountCases { by: property }, filter, period) = &query.parts;
    if by.role() == Role::Member && *property == CaseProperty::Tier {
        return Err(Error::parameter("by", "not_available", "must not be tier for members"));
    }
    let now = app.now();
    let at = ListedAt::new(now, &by, now)?;
    let found = filter.find(&app, &by, period, &at)?;
    let counted = counts::counts(app.readers(), found, *property, at.hidden, at.now, at.rush).await?;
    Ok(Answer::plain(CaseCounts {
        by: *property,
        total_cases: counted.total_cases,
        total_groups: counted.total_groups,
        data: counted.groups.into_iter().map(|group| CaseCount::new(group, *property)).collect(),
    }))
}

impl CaseCount {
    fn new(CaseGroup { key, full_name, case_count }: CaseGroup, property: CaseProperty) -> Self {
        let label = match property {
            CaseProperty::Assignee | CaseProperty::Member => full_name,
            CaseProperty::Workshop => key.clone(),
            CaseProperty::Status | CaseProperty::Urgency | CaseProperty::Tier => {
                key.as_deref().map(|word| capitalised(&word.replace('_', " ")))
            }
        };
        Self { key, label, count: case_count }
    }
}
