//! The contract, collected from the routes; what holds for all operations alike is said once, as a rule applied to each.

mod bodies;
mod bounds;
mod examples;
mod headers;
mod links;
mod names;
mod parameters;
mod patterns;
mod presence;
mod refusals;
mod retries;
mod texts;
mod tokens;

pub use texts::Texts;

use crate::cases::CaseSort;
use crate::http::period::When;
use crate::http::problem::{FieldProblem, Location, Problem};
use crate::http::{Code, Instant};
use crate::reports::{EntrySort, EventType};
use crate::reviews::ReviewQueue;
use crate::routes;
use crate::users::UserSort;
use actix_web::App;
use entity::report::Interval;
use entity::report::system_events::Ending;
use std::sync::LazyLock;
use utoipa::openapi::OpenApi as Contract;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;

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
        // What only parameters have: utoipa refers to these without collecting them.
        When, Interval, CaseSort, UserSort, EntrySort, EventType, Ending, ReviewQueue,
    )),
    servers((url = "/", description = "The service that serves this document")),
    security(("bearer" = [])),
    modifiers(&Bearer),
    tags(
        (name = "alerts", description = "What the caller should know: told to those whom it concerns, and theirs alone to see and to dismiss"),
        (name = "audit-log", description = "Who did what, when, and to what: the trail as a whole, of a case, of a person, and its exports. Reading it is recorded"),
        (name = "auth", description = "Signing in and out, one's own account, and the keys that verify access tokens"),
        (name = "cases", description = "Cases and their moves, from the draft to the resubmission. Each move answers the case as it then is"),
        (name = "credits", description = "What the members may use of credits in a quarter, and the reset of everybody's at once"),
        (name = "documents", description = "What is handed in with a case, and the reports delivered for it: streamed in and out. Looking at one and downloading it are recorded"),
        (name = "exports", description = "Cases and users as files, whole or of a period. Taking one is recorded; it breaks off when its caller loses the right to it"),
        (name = "ingest", description = "What systems outside report to the trail: for service accounts that were granted `ingest`"),
        (name = "jobs", description = "What the service does by itself: by schedules, or on demand. Each run is recorded"),
        (name = "notes", description = "What the staff and the member write about a case; the staff's own notes are not for the member"),
        (name = "outbox", description = "The mails that wait, went out or failed"),
        (name = "reports", description = "Five reports over the trail, as JSON for dashboards and as CSV. Generating one is recorded"),
        (name = "reviews", description = "What waits for a review and what was decided. The decisions themselves are moves of the case"),
        (name = "settings", description = "How the service is set up: deadlines, releases, mails, credits, the time zone. In force at once"),
        (name = "system", description = "Health, contract and error codes. No operation of these needs a token"),
        (name = "users", description = "The people, and what they may do"),
    ),
)]
struct Frame;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, contract: &mut Contract) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access_token of POST /api/v1/auth/login, or a service account's API key (ctk_…)"))
            .build();
        contract.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The contract of everything the service answers; collected once a process.
pub fn contract() -> Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(collected);
    CONTRACT.clone()
}

fn collected() -> Contract {
    let mut contract = App::new().into_utoipa_app().openapi(Frame::openapi()).configure(routes::configure).split_for_parts().1;
    bodies::without_null(&mut contract);
    retries::apply(&mut contract);
    refusals::apply(&mut contract);
    headers::apply(&mut contract);
    patterns::apply(&mut contract);
    presence::apply(&mut contract);
    names::apply(&mut contract);
    tokens::apply(&mut contract);
    bounds::apply(&mut contract);
    parameters::apply(&mut contract);
    examples::apply(&mut contract);
    links::apply(&mut contract);
    contract
}

/// One operation, with what it is called by.
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

/// Whether a body of an operation could mean something, and has nothing to mean. With GET and DELETE it never means anything (RFC 9110,
/// 9.3.1 and 9.3.5).
pub fn refuses_a_body(method: &str, operation: &Operation) -> bool {
    !["GET", "DELETE"].contains(&method) && operation.request_body.is_none()
}

/// Every operation there is.
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
