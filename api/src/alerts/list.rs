//! List the caller's alerts.

use super::Alert;
use crate::http::request::page::Paging;
use crate::http::{Answer, ListQuery, PersonCaller};
use crate::state::App;
use crate::wire::fields::at_most_all;
use crate::wire::{ListProblems, Result};
use actix_web::{HttpRequest, get};
use entity::alert::{self, Column, Severity};
use entity::db::any_of;
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

/// Filters of the alert list
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct AlertFilter {
    /// Whether the caller dismissed the alert
    #[param(nullable = false)]
    is_dismissed: Option<bool>,
    /// Whether the caller read the alert; a dismissed alert is read
    #[param(nullable = false)]
    is_read: Option<bool>,
    /// May be repeated
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    severity: Vec<Severity>,
}

crate::list_of! {
    /// A page of the caller's alerts, newest first
    AlertList = Alert
}

/// List the caller's alerts
///
/// Newest first. Alerts are visible only to their recipient.
#[utoipa::path(
    tag = "alerts",
    params(AlertFilter, Paging),
    responses((status = OK, description = "A page of the caller's alerts", body = AlertList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading alerts is not audited; dismissing one is")),
    ),
)]
#[get("/alerts")]
pub async fn list_alerts(
    app: App,
    by: PersonCaller,
    query: ListQuery<AlertFilter>,
    request: HttpRequest,
) -> Result<Answer<AlertList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let found = alert::visible_to(&by).filter(query.filter.condition());
    let (rows, page) = page.read_newest(app.readers(), found, Column::Id, |row| row.id).await?;
    Ok(Answer::page(AlertList { data: rows.into_iter().map(Alert::from).collect(), page }))
}

impl AlertFilter {
    fn condition(&self) -> Condition {
        let set = |column: Column| move |is: bool| if is { column.is_not_null() } else { column.is_null() };
        let severity = any_of(Column::Severity, self.severity.iter().copied());
        Condition::all()
            .add_option(self.is_dismissed.map(set(Column::DismissedAt)))
            .add_option(self.is_read.map(|is_read| if is_read { alert::is_unread().not() } else { alert::is_unread() }))
            .add_option(severity)
    }
}
