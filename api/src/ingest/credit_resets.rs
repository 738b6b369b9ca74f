//! Report credit allowances set by another system.

use super::view::IngestedEntries;
use crate::http::{Answer, Ingester, LargeBody};
use crate::state::App;
use crate::wire::fields::{Id, MemberCount, QuarterName, WholeCredits};
use crate::wire::json::broken_rules;
use crate::wire::{ActionProblems, Code, Error, FieldProblem, Interruption, Result};
use actix_web::post;
use entity::audit::Event;
use entity::reported::REPORTED;
use entity::user::Person;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;
use validator::Validate;

/// How many members' resets can be reported at once; `openapi::bounds` adds it to the contract.
pub const RESETS_MAX: u64 = 1_000;

/// One member's credit allowance as set by another system
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_id": "01a20725-be30-7584-bca5-f00e655c90d6", "old_allowance": 80, "new_allowance": 100}))]
pub struct IngestCreditReset {
    user_id: Id,
    /// Whole credits; null or absent if there was no allowance
    old_allowance: Option<WholeCredits>,
    /// Whole credits
    new_allowance: WholeCredits,
}

/// Request body for reporting credit allowances set by another system: per member in `resets`, or of `member_count` members to
/// `new_allowance`
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "quarter": "2026-Q4",
    "resets": [{"user_id": "01a20725-be30-7584-bca5-f00e655c90d6", "old_allowance": 80, "new_allowance": 100}]
}))]
pub struct IngestCreditResets {
    /// A calendar quarter
    quarter: QuarterName,
    /// One item per member, each member at most once
    #[validate(length(min = 1, max = RESETS_MAX))]
    #[schema(min_items = 1)]
    resets: Option<Vec<IngestCreditReset>>,
    /// Number of members, if `resets` is not given
    #[validate(nested)]
    member_count: Option<MemberCount>,
    /// Whole credits, if `resets` is not given
    #[validate(nested)]
    new_allowance: Option<WholeCredits>,
}

/// Report credit allowances set by another system
///
/// Recorded completely or not at all: one audit entry for each item of `resets` and one `bulk_credit_reset`, with the same
/// `batch_id`; or only the latter, for `member_count` members. The allowances kept by this service do not change.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestCreditResets,
    responses((status = CREATED, description = "The audit entries", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["bulk_credit_reset"], "may": ["quarterly_credit_reset"], "denied": entity::audit::Action::BulkCreditReset,
    }))),
)]
#[post("/ingest/credit-resets")]
pub async fn ingest_credit_resets(
    app: App,
    by: Ingester,
    body: LargeBody<IngestCreditResets>,
) -> Result<Answer<IngestedEntries>, Interruption> {
    let quarter = body.quarter.parse()?.to_string();
    let reported = body.ensure_true()?;
    let (tx, by) = app.begin_unshared(&by).await?;
    let batch_id = tx.new_id();
    let events = match reported {
        Reported::Each(resets) => {
            let people = tx.people(resets.iter().map(|reset| reset.user_id.get())).await?;
            let mut events = Vec::with_capacity(resets.len() + 1);
            for (number, reset) in resets.iter().enumerate() {
                let person: &Person = people.get(&reset.user_id.get()).ok_or_else(|| unknown(number))?;
                let IngestCreditReset { old_allowance: from, new_allowance: to, .. } = *reset;
                let (from, to) = (from.map(WholeCredits::get), to.get());
                events.push(Event::reported_credit_reset(person, &quarter, from, to, batch_id));
            }
            let first = resets.first().map(|reset| reset.new_allowance.get());
            let all_alike = first.filter(|first| resets.iter().all(|reset| reset.new_allowance.get() == *first));
            events.push(Event::bulk_credit_reset(&quarter, resets.len(), all_alike, batch_id, REPORTED));
            events
        }
        Reported::Count(member_count, new_allowance) => {
            let member_count = usize::try_from(member_count).map_err(|error| Error::internal(error))?;
            vec![Event::bulk_credit_reset(&quarter, member_count, Some(new_allowance), batch_id, REPORTED)]
        }
    };
    IngestedEntries::recorded(tx, &by, events).await
}

/// The two ways to report a reset.
enum Reported<'a> {
    Each(&'a [IngestCreditReset]),
    Count(u32, i32),
}

impl IngestCreditResets {
    /// Checks that span several fields: either one item per member or one number for all, and each member at most once.
    fn ensure_true(&self) -> Result<Reported<'_>> {
        let foreign = |pointer: &str| Err(Error::field(pointer, "not_allowed", "is not allowed together with resets"));
        let missing = |pointer: &str, detail: &str| Err(Error::field(pointer, "required", detail));
        match (&self.resets, self.member_count, self.new_allowance) {
            (Some(_), Some(_), _) => foreign("/member_count"),
            (Some(_), None, Some(_)) => foreign("/new_allowance"),
            (Some(resets), None, None) => ensure_each(resets).map(|()| Reported::Each(resets)),
            (None, Some(count), Some(to)) => Ok(Reported::Count(count.get(), to.get())),
            (None, Some(_), None) => missing("/new_allowance", "is required with member_count"),
            (None, None, Some(_)) => missing("/member_count", "is required with new_allowance"),
            (None, None, None) => missing("/resets", "is required, unless member_count and new_allowance are given"),
        }
    }
}

/// Reports every error of every item, with its position.
fn ensure_each(resets: &[IngestCreditReset]) -> Result<()> {
    let (mut seen, mut problems) = (HashSet::new(), Vec::new());
    for (number, reset) in resets.iter().enumerate() {
        let mut refuse = |field: &str, code: &str, detail: &str| {
            problems.push(FieldProblem::body(format!("/resets/{number}/{field}"), code, detail));
        };
        if !seen.insert(reset.user_id.get()) {
            refuse("user_id", "duplicate", "must not be listed twice");
        }
        for (field, credits) in [("old_allowance", reset.old_allowance), ("new_allowance", Some(reset.new_allowance))] {
            let broken = credits.and_then(|credits| credits.validate().err()).map(|errors| broken_rules(&errors));
            broken.iter().flatten().for_each(|(_, code, detail)| refuse(field, code, detail));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::fields(Code::ValidationFailed, problems)) }
}

fn unknown(number: usize) -> Error {
    Error::field(&format!("/resets/{number}/user_id"), "unknown_user", "must be the id of a user")
}
