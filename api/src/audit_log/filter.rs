//! The query parameters that filter the audit log.

use crate::http::QueryParts;
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::fields::{Addresses, CaseNumber, ChangedValue, Id, RequestId, SearchText, UpTo, at_most_all};
use crate::wire::{Error, Result};
use chrono::{DateTime, Utc};
use entity::audit::{Action, Category, Outcome, Source};
use entity::audit_log::{AddressRange, ChangedField, Filter, MemberView, TextIndex};
use entity::registry;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// How many actors can be left out.
const EXCLUDED_MAX: u64 = 20;
type Excluded = UpTo<Id, EXCLUDED_MAX>;

/// The query parameters of a list of audit entries.
pub type EntryQuery<F> = QueryParts<(F, PeriodParameters, OrderParameters, Paging)>;

/// The query parameters of the audit entries of a case.
pub type CaseTrailQuery = QueryParts<(TrailFilter, CaseTrailFilter, PeriodParameters, OrderParameters, Paging)>;

/// The query parameters of the audit entries of a user.
pub type UserTrailQuery = QueryParts<(TrailFilter, UserTrailFilter, PeriodParameters, OrderParameters, Paging)>;

/// The query parameters of the list of all audit entries.
pub type LogQuery = QueryParts<(LogFilter, PeriodParameters, OrderParameters, Paging)>;

/// Filters of the audit log.
#[derive(Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct LogFilter {
    /// Action types to include
    #[validate(length(max = Action::COUNT_MAX))]
    #[param(nullable = false)]
    action_type: Vec<Action>,
    /// Categories to include
    #[validate(custom(function = "at_most_all"))]
    #[param(nullable = false)]
    category: Vec<Category>,
    /// The user who performed the action
    #[param(nullable = false)]
    actor_id: Option<Uuid>,
    /// Users whose actions to leave out, such as the caller who reads the log
    #[validate(length(max = EXCLUDED_MAX))]
    #[param(
        inline,
        required = false,
        value_type = Excluded,
        example = json!(["01a20725-be30-7584-bca5-f00e655c90d7"])
    )]
    exclude_actor_id: Vec<Uuid>,
    /// The user the entry is about
    #[param(nullable = false)]
    related_user_id: Option<Uuid>,
    /// The API key that the request was made with
    #[param(nullable = false)]
    api_key_id: Option<Uuid>,
    /// The case the entry belongs to
    #[param(nullable = false)]
    case_id: Option<Uuid>,
    /// The number of the case the entry belongs to, in upper or lower case
    #[validate(nested)]
    #[param(inline, nullable = false, example = "WS001-2026-11-0042")]
    case_number: Option<CaseNumber>,
    /// Outcomes to include
    #[validate(custom(function = "at_most_all"))]
    #[param(nullable = false)]
    outcome: Vec<Outcome>,
    /// Sources to include
    #[validate(custom(function = "at_most_all"))]
    #[param(nullable = false)]
    source: Vec<Source>,
    /// The IP address of the request in any notation, or a network in CIDR notation without host bits, such as `192.0.2.0/24`. An
    /// IPv4-mapped IPv6 address is the IPv4 address that it contains. In `GET /audit-log` a network
    /// requires a period of at most 31 days, a case or a request
    #[param(inline, nullable = false, example = "192.0.2.7")]
    ip_address: Option<Addresses>,
    /// The request in which the entry was written
    #[validate(nested)]
    #[param(inline, nullable = false, example = "01a20725-be30-7584-bca5-f00e655c90d7")]
    request_id: Option<RequestId>,
    /// A field that was changed, by its name in entries. In `GET /audit-log` it requires a period of at most 31 days, a case or a
    /// request
    #[param(nullable = false, example = "status")]
    changed_field: Option<AuditedField>,
    /// The value of `changed_field` before the change, or `null`: a value that the field can have. `2` is also a credit of `2.0`,
    /// and an instant may have any offset. Long texts are recorded as length and digest, and have no value to filter by
    #[validate(nested)]
    #[param(inline, nullable = false, example = "accepted")]
    changed_from: Option<ChangedValue>,
    /// The value of `changed_field` after the change, likewise
    #[validate(nested)]
    #[param(inline, nullable = false, example = "hold")]
    changed_to: Option<ChangedValue>,
    /// Text contained in the description, the usernames, the email addresses or the case number, case-insensitive. In
    /// `GET /audit-log` a text without three consecutive letters or digits requires a period of at most 31 days, a case or a
    /// request; so does any text if the database has no text index, and a frequent one if few of its entries match the other
    /// filters
    #[validate(nested)]
    #[param(inline, nullable = false, example = "pay stub")]
    q: Option<SearchText>,
}

/// A field that entries may show as changed, by its wire name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditedField(&'static str);

impl<'de> Deserialize<'de> for AuditedField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        let known = registry::changed_fields().get(&*name).copied();
        known.map(Self).ok_or_else(|| serde::de::Error::custom("must be a field that entries show as changed, such as status"))
    }
}

impl PartialSchema for AuditedField {
    fn schema() -> RefOr<Schema> {
        let field = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(registry::changed_fields()));
        field.description(Some("A field that entries may show as changed")).into()
    }
}

impl ToSchema for AuditedField {
    fn name() -> Cow<'static, str> {
        "AuditedField".into()
    }
}

/// Filters of the audit entries of one case or one user.
#[derive(Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct TrailFilter {
    /// Action types to include
    #[validate(length(max = Action::COUNT_MAX))]
    #[param(nullable = false)]
    action_type: Vec<Action>,
}

/// Which entries of a case to include.
#[derive(Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct CaseTrailFilter {
    /// A field that was changed, by its name in entries. The member gets the entries that show them a change of it
    #[param(nullable = false, example = "tier")]
    changed_field: Option<AuditedField>,
}

impl CaseTrailFilter {
    /// The entries of a case, as its member sees them if there is a `view`.
    pub fn restricted_to(self, case_id: Uuid, view: Option<MemberView>, filter: Filter) -> Filter {
        let changed = self.changed_field.map(|AuditedField(name)| ChangedField { name, from: None, to: None });
        Filter { case_id: Some(case_id), changed, as_member: view, ..filter }
    }
}

/// The part of a user in an audit entry
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrailPart {
    /// The user performed the action
    Actor,
    /// The entry is about the user
    Subject,
}

/// Which entries of a user to include.
#[derive(Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct UserTrailFilter {
    /// Only entries in which the user is this; both by default
    #[serde(rename = "as")]
    #[param(nullable = false)]
    part: Option<TrailPart>,
}

impl UserTrailFilter {
    /// The entries of a user.
    pub fn restricted_to(&self, user_id: Uuid, filter: Filter) -> Filter {
        match self.part {
            Some(TrailPart::Actor) => Filter { actor_id: Some(user_id), ..filter },
            Some(TrailPart::Subject) => Filter { related_user_id: Some(user_id), ..filter },
            None => Filter { person_id: Some(user_id), ..filter },
        }
    }
}

impl LogFilter {
    /// `as_of` is the instant that the name of a period refers to.
    pub async fn read(self, app: &App, period: PeriodParameters, as_of: DateTime<Utc>) -> Result<Filter> {
        let ids = period.ids(app, as_of).await?;
        let changed = changed(self.changed_field, self.changed_from.as_deref(), self.changed_to.as_deref())?;
        Ok(Filter {
            ids,
            seen: None,
            actions: self.action_type,
            categories: self.category,
            actor_id: self.actor_id,
            excluded_actor_ids: self.exclude_actor_id,
            related_user_id: self.related_user_id,
            person_id: None,
            api_key_id: self.api_key_id,
            case_id: self.case_id,
            case_number: self.case_number.map(String::from),
            outcomes: self.outcome,
            sources: self.source,
            ip_address: self.ip_address.map(|addresses| AddressRange::from(addresses.bounds())),
            request_id: self.request_id.map(String::from),
            changed,
            text_index: if self.q.is_some() { app.text_index().await? } else { TextIndex::None },
            text: self.q.map(String::from),
            as_member: None,
        })
    }
}

impl TrailFilter {
    /// `as_of` is the instant that the name of a period refers to.
    pub async fn read(self, app: &App, period: PeriodParameters, as_of: DateTime<Utc>) -> Result<Filter> {
        let ids = period.ids(app, as_of).await?;
        Ok(Filter { ids, actions: self.action_type, ..Filter::default() })
    }
}

fn changed(field: Option<AuditedField>, from: Option<&str>, to: Option<&str>) -> Result<Option<ChangedField>> {
    let Some(AuditedField(name)) = field else {
        let alone = from.map(|_| "changed_from").or(to.map(|_| "changed_to"));
        let refused = |name| Error::parameter(name, "requires_changed_field", "requires changed_field");
        return alone.map_or(Ok(None), |name| Err(refused(name)));
    };
    let values = |side: &str, text: Option<&str>| match text.map(|text| registry::changed_values(name, text)) {
        Some(values) if values.is_empty() => Err(Error::parameter(side, "value", format!("must be a value of {name}, or null"))),
        values => Ok(values),
    };
    Ok(Some(ChangedField { name, from: values("changed_from", from)?, to: values("changed_to", to)? }))
}
