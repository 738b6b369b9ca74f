//! The contract, collected from the routes.

mod bodies;

use crate::cases::CaseSort;
use crate::http::period::When;
use crate::http::problem::{FieldProblem, Location, Problem};
use crate::http::{Code, Instant};
use crate::reports::{EntrySort, EventType};
use crate::routes;
use crate::users::UserSort;
use actix_web::App;
use entity::report::Interval;
use entity::report::system_events::Ending;
use utoipa::openapi::OpenApi as Contract;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::AppExt;
use yaml_serde::Value as Yaml;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Casetrail",
        version = "0.1.0",
        description = "Cases, the people who work on them, and an audit trail that misses nothing. Every operation says in `x-audit-actions` what it leaves in the trail.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(
        Problem, FieldProblem, Location, Code, Instant,
        // What only parameters have: utoipa refers to these without collecting them.
        When, Interval, CaseSort, UserSort, EntrySort, EventType, Ending,
    )),
    security(("bearer" = [])),
    modifiers(&Bearer),
    tags(
        (name = "auth", description = "Signing in and out, and one's own account"),
        (name = "users", description = "The people, and what they may do"),
        (name = "cases", description = "Cases and their moves"),
        (name = "audit-log", description = "Who did what, when, and to what"),
        (name = "reports", description = "Five reports over the trail"),
        (name = "system", description = "Health, contract and error codes"),
    ),
)]
struct Frame;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, contract: &mut Contract) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access_token of POST /api/v1/auth/login"))
            .build();
        contract.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The contract of everything the service answers.
pub fn contract() -> Contract {
    let mut contract = App::new().into_utoipa_app().openapi(Frame::openapi()).configure(routes::configure).split_for_parts().1;
    bodies::without_null(&mut contract);
    contract
}

/// The contract's text in both notations, equal to the committed file.
pub struct Texts {
    pub yaml: String,
    pub json: String,
}

impl Texts {
    pub fn of(contract: &Contract) -> Result<Self, String> {
        let mut ordered = yaml_serde::to_value(contract).map_err(|error| error.to_string())?;
        order_extensions(&mut ordered);
        let yaml = yaml_serde::to_string(&ordered).map_err(|error| error.to_string())?;
        let json = serde_json::to_string_pretty(&ordered).map_err(|error| error.to_string())?;
        Ok(Self { yaml, json })
    }
}

/// Extensions last and by their names: utoipa keeps them in a hash map, whose order is another in every process.
fn order_extensions(value: &mut Yaml) {
    match value {
        Yaml::Mapping(fields) => {
            let is_extension = |key: &Yaml| key.as_str().is_some_and(|key| key.starts_with("x-"));
            let (mut extensions, others): (Vec<_>, Vec<_>) =
                std::mem::take(fields).into_iter().partition(|(key, _)| is_extension(key));
            extensions.sort_by(|(one, _), (other, _)| one.as_str().cmp(&other.as_str()));
            fields.extend(others.into_iter().chain(extensions));
            fields.values_mut().for_each(order_extensions);
        }
        Yaml::Sequence(items) => items.iter_mut().for_each(order_extensions),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) | Yaml::Tagged(_) => {}
    }
}
