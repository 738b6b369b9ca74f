//! The contract, collected from the routes; what all operations have in common is declared once, as a rule applied to each.

mod bodies;
mod bounds;
mod examples;
mod fields;
mod headers;
mod links;
mod names;
mod operations;
mod parameters;
mod patterns;
mod presence;
mod reach;
mod refusals;
mod retries;
mod texts;
mod tokens;
mod values;

pub use operations::operations;
pub use texts::{install, texts};

use crate::audit_log::{AuditedField, TrailPart};
use crate::cases::CaseSort;
use crate::http::request::order::EntrySort;
use crate::http::request::period::When;
use crate::http::request::wait_for::WaitFor;
use crate::ledger::FeedFormat;
use crate::reports::{EventType, UserActivitySort};
use crate::reviews::ReviewQueue;
use crate::routes;
use crate::users::UserSort;
use crate::wire::problem::{Location, Problem};
use crate::wire::{Code, FieldProblem, Instant};
use actix_web::App;
use entity::period::{Interval, PeriodName};
use entity::report::system_events::Ending;
use utoipa::openapi::OpenApi as Contract;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::{AppExt, scope};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Casetrail",
        version = env!("CARGO_PKG_VERSION"),
        description = include_str!("description.md"),
        contact(name = "Casetrail maintainers"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(
        Problem, FieldProblem, Location, Code, Instant,
        // Types used only in parameters: utoipa refers to these without collecting them.
        When, Interval, PeriodName, CaseSort, UserSort, EntrySort, EventType, UserActivitySort, Ending, ReviewQueue, AuditedField,
        TrailPart, FeedFormat, WaitFor,
    )),
    servers((url = "/", description = "The service that serves this document")),
    security(("bearer" = [])),
    modifiers(&Bearer),
    tags(
        (name = "alerts", description = "Alerts for the caller. Only the users whom an alert concerns can see and dismiss it"),
        (
            name = "audit-log",
            description = "Who did what, when, and to which object: the complete audit log, the log of a case or a user, and \
                           exports. Reads are recorded",
        ),
        (name = "auth", description = "Login and logout, the caller's own account, and the keys that verify access tokens"),
        (
            name = "cases",
            description = "Cases and their actions, from draft to resubmission. Each action returns the updated case",
        ),
        (name = "credits", description = "The members' credit allowances per quarter, and the reset of all allowances at once"),
        (
            name = "documents",
            description = "Documents submitted with a case, and the reports delivered for it: streamed in both directions. Views \
                           and downloads are recorded",
        ),
        (
            name = "exports",
            description = "Cases, users, documents (metadata) and credit allowances as files, complete or for a period. Exports \
                           are recorded, and aborted when their caller loses access",
        ),
        (
            name = "ingest",
            description = "Events that external systems report to the audit log: for service accounts with the scope `ingest`",
        ),
        (name = "jobs", description = "Background jobs, run on schedules or on demand. Each run is recorded"),
        (name = "notes", description = "Notes by staff and members about a case. Staff-only notes are not visible to the member"),
        (name = "outbox", description = "Emails that are pending, sent or failed"),
        (
            name = "reports",
            description = "Five reports on the audit log, as JSON for dashboards and as CSV. Each generation is recorded; \
                           the same one again by the same caller within 15 minutes is only counted",
        ),
        (
            name = "reviews",
            description = "Pending reviews and review decisions. The decisions themselves are actions of the case",
        ),
        (
            name = "settings",
            description = "Settings of the service: deadlines, releases, emails, credits, the time zone. Changes take effect \
                           immediately",
        ),
        (name = "system", description = "Health, version, contract and error codes. None of these operations requires a token"),
        (name = "users", description = "User accounts and their permissions"),
    ),
)]
struct ContractBase;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, contract: &mut Contract) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access_token from POST /api/v1/auth/login, or a service account's API key (ctk_…)"))
            .build();
        contract.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The contract of all operations. It is collected anew each time: a process needs it when it starts, and has its text and
/// what requests are matched with from then on.
pub fn contract() -> Contract {
    let versioned = scope::scope(routes::VERSIONED).configure(|config| routes::configure_versioned(config));
    let app = App::new().into_utoipa_app().openapi(ContractBase::openapi()).configure(|config| routes::configure_root(config));
    let mut contract = app.service(versioned).split_for_parts().1;
    fields::apply(&mut contract);
    bodies::without_null(&mut contract);
    bodies::as_merge_patch(&mut contract);
    retries::apply(&mut contract);
    refusals::apply(&mut contract);
    headers::apply(&mut contract);
    patterns::apply(&mut contract);
    presence::apply(&mut contract);
    names::apply(&mut contract);
    tokens::apply(&mut contract);
    bounds::apply(&mut contract);
    parameters::apply(&mut contract);
    values::apply(&mut contract);
    examples::apply(&mut contract);
    links::apply(&mut contract);
    contract
}

/// One operation, with its path and method.
struct Declared<'a> {
    path: &'a str,
    method: &'static str,
    operation: &'a mut Operation,
}

impl Declared<'_> {
    /// Whether it belongs to the versioned API, and not to the service's health, contract and keys.
    fn is_versioned(&self) -> bool {
        self.path.starts_with("/api/v1/")
    }

    fn refuses_a_body(&self) -> bool {
        refuses_a_body(self.method, self.operation)
    }
}

/// Whether an operation declares no request body although its method allows one. With GET and DELETE a body has no meaning (RFC
/// 9110, 9.3.1 and 9.3.5).
fn refuses_a_body(method: &str, operation: &Operation) -> bool {
    !["GET", "DELETE"].contains(&method) && operation.request_body.is_none()
}

/// All operations.
fn each(contract: &mut Contract) -> impl Iterator<Item = Declared<'_>> {
    contract.paths.paths.iter_mut().flat_map(|(path, item)| {
        let operations = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
            ("PATCH", &mut item.patch),
        ];
        operations.into_iter().filter_map(|(method, operation)| Some(Declared { path, method, operation: operation.as_mut()? }))
    })
}
