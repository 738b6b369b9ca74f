//! The error responses, described once: operations refer to them.

use super::each;
use crate::http::IfMatch;
use crate::http::request::idempotency::key_reused;
use crate::http::request::operations;
use crate::http::request::page::invalid_cursor;
use crate::http::request::period::period_required;
use crate::ledger::sequence_unknown;
use crate::wire::fields::ReportNumber;
use crate::wire::problem::{REFUSALS, Refusal, RequestTimeout, TooManyRequests, UnsupportedMediaType};
use crate::wire::{Code, Error, FieldProblem};
use entity::case::{self, CaseAction, CaseStatus, Tier};
use entity::document::quota::{Exceeded, Owner};
use entity::period::PeriodError;
use entity::user::{self, Role};
use std::collections::BTreeSet;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{OpenApi as Contract, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{IntoResponses, PartialSchema};

/// Describes each error response that an operation refers to, and adds the one that all of them have in common.
pub fn apply(contract: &mut Contract) {
    let mut used = BTreeSet::new();
    for declared in each(contract) {
        if !operations::is_probe(declared.path) && !declared.operation.responses.responses.contains_key("429") {
            declared.operation.responses.responses.extend(TooManyRequests::responses());
        }
        if declared.refuses_a_body() {
            declared.operation.responses.responses.extend(RequestTimeout::responses());
            declared.operation.responses.responses.extend(UnsupportedMediaType::responses());
        }
        used.extend(declared.operation.responses.responses.values().filter_map(name));
    }
    let described = REFUSALS.iter().filter(|refusal| used.contains(refusal.name));
    let described = described.map(|refusal| (refusal.name.to_owned(), response(refusal).into()));
    let components = contract.components.get_or_insert_default();
    components.responses.extend(described);
    if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut("Problem") {
        problem.properties.extend(members());
    }
}

/// Additional members of problems with certain codes; absent from all others.
fn members() -> [(String, RefOr<Schema>); 10] {
    let number = |says: &str, minimum: usize| {
        let number = ObjectBuilder::new().schema_type(Type::Integer).description(Some(says)).minimum(Some(minimum));
        RefOr::from(number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32))))
    };
    let bytes = |says: &str| {
        let number = ObjectBuilder::new().schema_type(Type::Integer).description(Some(says)).minimum(Some(0));
        RefOr::from(number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))))
    };
    let owner = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([Owner::Case.code(), Owner::Member.code()]));
    let owner = owner.description(Some("With quota_exceeded: the owner of the quota"));
    let status = || Ref::from_schema_name("CaseStatus");
    let says = "With invalid_case_state: the statuses in which the action is allowed";
    let statuses = ArrayBuilder::new().items(status()).description(Some(says));
    let numbers = ArrayBuilder::new().items(ReportNumber::schema()).max_items(Some(10));
    let numbers = numbers.description(Some("With missing_reports: the numbers of the missing reports"));
    let with = |mut reference: Ref, says: &str| {
        reference.description = says.to_owned();
        RefOr::Ref(reference)
    };
    [
        ("current_status", with(status(), "With invalid_case_state: the current status of the case")),
        ("allowed_from", statuses.into()),
        ("tier", with(Ref::from_schema_name("Tier"), "With level_too_low: the tier of the case")),
        ("rush_fee", number("With rush_confirmation_required: the fee for the rush, in dollars", 0)),
        ("missing_reports", numbers.into()),
        ("open_cases", number("With open_cases: the number of the user's open cases that prevent it", 1)),
        ("quota", owner.into()),
        ("used_bytes", bytes("With quota_exceeded: the bytes the documents use; absent if the caller does not see all")),
        ("limit_bytes", bytes("With quota_exceeded: the maximum number of bytes")),
        ("current_version", number("With version_mismatch: the current version of the resource", 1)),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}

fn name(response: &RefOr<Response>) -> Option<String> {
    match response {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
        RefOr::T(_) => None,
    }
}

fn response(refusal: &Refusal) -> Response {
    let examples = refusal.codes.iter().map(|code| {
        let problem = error(*code)
            // The example of `invalid_case_state` is a hold.
            .naming_its_field(|field| field != "document_type")
            .problem("/api/v1/cases/01a20725-be30-7584-bca5-f00e655c90d6/hold", "01a20725-be30-7584-bca5-f00e655c90d7");
        let value = serde_json::to_value(problem).unwrap_or_default();
        (code.name(), ExampleBuilder::new().summary(code.title()).value(Some(value)))
    });
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).examples_from_iter(examples);
    ResponseBuilder::new().description(refusal.meaning.trim()).content("application/problem+json", content.build()).build()
}

/// What holding a completed case is refused with.
fn hold_refused() -> case::CaseRefusal {
    let action = CaseAction::Hold;
    let (current, allowed_from) = (CaseStatus::Completed, action.allowed_from(Role::Technician));
    case::CaseRefusal::InvalidCaseState { action, current, allowed_from }
}

/// An error with each code, created as the service creates it.
fn error(code: Code) -> Error {
    let refused_case = |refused: case::CaseRefusal| Error::from(refused);
    let refused_user = |refused: user::UserRefusal| Error::from(refused);
    match code {
        Code::MalformedJson => Error::unreadable(code, "EOF while parsing an object at line 1 column 12"),
        Code::MalformedMultipart => Error::unreadable(code, "a text part is not UTF-8"),
        Code::IdempotencyKeyReused => key_reused(),
        Code::InvalidParameter => Error::parameter("limit", "range", "must be 1 to 200"),
        Code::InvalidHeader => {
            let fault =
                FieldProblem::header("If-Match", "entity_tag", "must be a version as returned in ETag, such as \"7-1f0c9a2e\"");
            Error::fields(code, vec![fault])
        }
        Code::InvalidCursor => invalid_cursor(),
        Code::InvalidPeriod => PeriodError::Inverted.into(),
        Code::PeriodRequired => period_required("q"),
        Code::SequenceUnknown => sequence_unknown(),
        Code::ValidationFailed => Error::field("/reason", "length", "must have 1 to 2000 characters"),
        Code::InvalidCaseState => refused_case(hold_refused()),
        Code::LevelTooLow => refused_case(case::CaseRefusal::LevelTooLow { tier: Tier::Three }),
        Code::NotAssignable => refused_case(case::CaseRefusal::NotAssignable),
        Code::NoAssignee => refused_case(case::CaseRefusal::NoAssignee),
        Code::MissingReports => refused_case(case::CaseRefusal::MissingReports { missing: vec![2, 3] }),
        Code::AlreadyAssigned => refused_case(case::CaseRefusal::AlreadyAssigned),
        Code::RushConfirmationRequired => refused_case(case::CaseRefusal::RushConfirmationRequired { rush_fee: 20 }),
        Code::RushRequired => refused_case(case::CaseRefusal::RushRequired),
        Code::NoChanges => refused_case(case::CaseRefusal::NoChanges),
        Code::QuotaExceeded => Exceeded { owner: Owner::Case, used_bytes: Some(2_147_000_000), limit_bytes: 2 << 30 }.into(),
        Code::AlreadyReleased => refused_case(case::CaseRefusal::AlreadyReleased),
        Code::DuplicateUsername => refused_user(user::UserRefusal::UsernameTaken),
        Code::DuplicateEmail => refused_user(user::UserRefusal::EmailTaken),
        Code::OwnAccount => refused_user(user::UserRefusal::Oneself),
        Code::LastAdministrator => refused_user(user::UserRefusal::LastAdministrator),
        Code::OpenCases => refused_user(user::UserRefusal::OpenCases { assigned: 3, own: 1 }),
        Code::NoPassword => refused_user(user::UserRefusal::NoPassword),
        Code::NotAMember => refused_user(user::UserRefusal::NotAMember),
        Code::NotAServiceAccount => refused_user(user::UserRefusal::NotAService),
        Code::VersionMismatch => IfMatch::mismatch(&[7], 8),
        Code::Unauthorized
        | Code::InvalidCredentials
        | Code::InvalidRefreshToken
        | Code::Forbidden
        | Code::WrongPassword
        | Code::NotFound
        | Code::MethodNotAllowed
        | Code::JobRunning
        | Code::IdempotencyInProgress
        | Code::RequestTimeout
        | Code::PayloadTooLarge
        | Code::RangeNotSatisfiable
        | Code::StorageUnavailable
        | Code::UnsupportedMediaType
        | Code::RateLimited
        | Code::TooManyAttempts
        | Code::InternalError
        | Code::AuditUnavailable
        | Code::Unavailable
        | Code::InsufficientStorage
        | Code::CommitUnknown => Error::plain(code),
    }
}
