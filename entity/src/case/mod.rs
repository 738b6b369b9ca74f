//! The case row, its visibility, and its locking.

mod begin;
pub mod counts;
pub mod effects;
mod events;
pub mod lifecycle;
pub mod listed;
pub mod listing;
pub mod member_update;
pub mod number;
mod permission;
pub mod resubmission;
pub mod secrecy;
mod shown;
mod status;
pub mod urgency;

pub use begin::begin_with;
pub use events::moved;
pub use lifecycle::{CaseRefusal, codes};
pub use permission::{ActionRefusal, CaseAction, Circumstances};
pub use shown::Shown;
pub use status::{CaseStatus, Complexity, RejectionReason, ReviewStatus, Tier, Urgency};

use crate::audit::{Actor, AuditTx, audited, parse_number, stored_value};
use crate::db::{first_row, placed};
use crate::effect::Effect;
use crate::load::LoadError;
use crate::text;
use crate::user::{Caller, Role};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, IntoColumnRef};
use sea_orm::{Condition, DbBackend, IdenStatic, QuerySelect, QueryTrait, Select};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

placed! {
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cases")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(unique)]
        pub case_number: String,
        pub workshop_code: String,
        pub member_id: Uuid,
        pub created_by_id: Uuid,
        pub employee_first_name: String,
        pub employee_last_name: String,
        pub client_email: Option<String>,
        pub num_reports_requested: i32,
        /// Of a draft what was requested, see `urgency`; from the submission on what applies.
        pub urgency: Urgency,
        pub status: CaseStatus,
        pub tier: Option<Tier>,
        pub assigned_to_id: Option<Uuid>,
        pub accepted_by_id: Option<Uuid>,
        pub submitted_at: Option<chrono::DateTime<chrono::Utc>>,
        pub accepted_at: Option<chrono::DateTime<chrono::Utc>>,
        /// A civil day in the settings' time zone.
        pub due_on: chrono::NaiveDate,
        pub completed_at: Option<chrono::DateTime<chrono::Utc>>,
        /// SQLite has no exact decimal: 15 is a credit of 1.5.
        pub credit_tenths: i32,
        /// The member's notes.
        pub special_notes: Option<String>,
        /// The staff's notes; members never see them.
        pub internal_notes: Option<String>,
        pub report_notes_to_member: Option<String>,
        pub hold_reason: Option<String>,
        pub held_at: Option<chrono::DateTime<chrono::Utc>>,
        pub hold_duration_seconds: Option<i64>,
        pub hold_expected_end_at: Option<chrono::DateTime<chrono::Utc>>,
        pub reviewed_by_id: Option<Uuid>,
        pub reviewed_at: Option<chrono::DateTime<chrono::Utc>>,
        pub review_status: Option<ReviewStatus>,
        pub review_notes: Option<String>,
        pub rejection_reason: Option<RejectionReason>,
        pub rejection_notes: Option<String>,
        pub rejected_at: Option<chrono::DateTime<chrono::Utc>>,
        pub rejected_by_id: Option<Uuid>,
        pub scheduled_release_at: Option<chrono::DateTime<chrono::Utc>>,
        pub released_at: Option<chrono::DateTime<chrono::Utc>>,
        pub resubmission_count: i32,
        pub previous_status: Option<CaseStatus>,
        pub resubmitted_at: Option<chrono::DateTime<chrono::Utc>>,
        pub resubmission_notes: Option<String>,
        /// Case number, names and email in lower case: what a free-text search looks through.
        pub search_text: String,
        /// How many of the version's changes the member was not shown: completions that aren't released, and what reverted them.
        pub secret_moves: i32,
        /// If the last change was one of those: the time of the last change that was shown.
        pub shown_updated_at: Option<chrono::DateTime<chrono::Utc>>,
        /// The fields that the member has edited since the case was completed or rejected, by wire name, separated by commas.
        pub member_edits: Option<String>,
        /// Whether the case is visible to its creator as such: not to a member who created it and whose case it is no longer.
        pub creator_sees_it: bool,
        pub version: i32,
        pub created_at: chrono::DateTime<chrono::Utc>,
        pub updated_at: chrono::DateTime<chrono::Utc>,
        pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "case",
    events: events::events,
    effects: effects::effects => Effect,
    long_texts: [SpecialNotes, InternalNotes, ReportNotesToMember],
    people: [MemberId, CreatedById, AssignedToId, AcceptedById, ReviewedById, RejectedById],
    bookkeeping: [SearchText, SecretMoves, ShownUpdatedAt, MemberEdits, CreatorSeesIt],
    wire_name: wire_name,
    wire_value: wire_value,
    wire_of_text: wire_of_text,
    keep: keep,
}

/// The columns that a hold sets and a resume clears, in addition to the status.
const HOLD_BLOCK: &[Column] = &[Column::HoldReason, Column::HeldAt, Column::HoldDurationSeconds, Column::HoldExpectedEndAt];

/// The columns of a hold that can change while it lasts.
const HOLD_TERMS: &[Column] = &[Column::HoldReason, Column::HoldDurationSeconds, Column::HoldExpectedEndAt];

/// The columns that a reviewer's decision sets.
const REVIEW_BLOCK: &[Column] = &[Column::ReviewedById, Column::ReviewedAt, Column::ReviewStatus, Column::ReviewNotes];

/// Why and by whom a case was rejected.
const REJECTION_BLOCK: &[Column] = &[Column::RejectionReason, Column::RejectionNotes, Column::RejectedAt, Column::RejectedById];

/// When the member is shown that a case is completed.
const RELEASE_BLOCK: &[Column] = &[Column::CompletedAt, Column::ScheduledReleaseAt, Column::ReleasedAt];

/// The columns that `case_details_edited` covers.
const DETAILS: &[Column] =
    &[Column::EmployeeFirstName, Column::EmployeeLastName, Column::ClientEmail, Column::DueOn, Column::NumReportsRequested];

/// Urgency and notes: the columns that `case_updated` covers after an edit.
const REMARKS: &[Column] = &[Column::Urgency, Column::SpecialNotes, Column::InternalNotes, Column::ReportNotesToMember];

/// The name of a column on the wire.
fn wire_name(column: Column) -> &'static str {
    match column {
        Column::CreditTenths => "credit_value",
        Column::HoldDurationSeconds => "hold_duration_days",
        _ => column.as_str(),
    }
}

/// The value of a column on the wire, if it differs from the stored one.
fn wire_value(row: &Model, column: Column) -> Option<Json> {
    match column {
        Column::CreditTenths => Some(json!(row.credit_value())),
        Column::HoldDurationSeconds => Some(json!(row.hold_duration_days())),
        _ => None,
    }
}

/// The value on the wire that a text stands for: `2` is a credit of `2.0`, and `14.0` are 14 days.
fn wire_of_text(column: Column, text: &str) -> Option<Json> {
    match column {
        Column::CreditTenths => {
            let has_tenths = |credit: &f64| (credit * 10.0).fract() == 0.0;
            parse_number(text).filter(has_tenths).map(|credit| json!(format!("{credit:.1}")))
        }
        Column::HoldDurationSeconds => parse_number(text).map(|days| json!(days)),
        _ => stored_value::<Entity>(column, text),
    }
}

/// Whether the member of a case may see the column. No `_` here: a new column has to be shown or omitted on purpose.
pub const fn is_shown_to_member(column: Column) -> bool {
    match column {
        Column::CaseNumber
        | Column::WorkshopCode
        | Column::MemberId
        | Column::CreatedById
        | Column::EmployeeFirstName
        | Column::EmployeeLastName
        | Column::ClientEmail
        | Column::NumReportsRequested
        | Column::Urgency
        | Column::Status
        | Column::AcceptedById
        | Column::SubmittedAt
        | Column::AcceptedAt
        | Column::DueOn
        | Column::CompletedAt
        | Column::CreditTenths
        | Column::SpecialNotes
        | Column::ReportNotesToMember
        | Column::HoldReason
        | Column::HeldAt
        | Column::HoldDurationSeconds
        | Column::HoldExpectedEndAt
        | Column::RejectionReason
        | Column::RejectionNotes
        | Column::RejectedAt
        | Column::RejectedById
        | Column::ScheduledReleaseAt
        | Column::ReleasedAt
        | Column::ResubmissionCount
        | Column::PreviousStatus
        | Column::ResubmittedAt
        | Column::ResubmissionNotes => true,
        Column::Id
        | Column::Tier
        | Column::AssignedToId
        | Column::InternalNotes
        | Column::ReviewedById
        | Column::ReviewedAt
        | Column::ReviewStatus
        | Column::ReviewNotes
        | Column::SearchText
        | Column::SecretMoves
        | Column::ShownUpdatedAt
        | Column::MemberEdits
        | Column::CreatorSeesIt
        | Column::Version
        | Column::CreatedAt
        | Column::UpdatedAt
        | Column::DeletedAt => false,
    }
}

/// Sets the columns that follow from a change.
fn keep(row: &mut ActiveModel, before: &Model, by: &Actor, at: DateTime<Utc>) {
    secrecy::keep(row, before, at);
    resubmission::keep(row, before, by);
}

impl Model {
    /// The credit in its wire format: a decimal with one decimal place.
    pub fn credit_value(&self) -> String {
        format!("{}.{}", self.credit_tenths / 10, self.credit_tenths % 10)
    }

    /// The expected length of a hold in days, with at most three decimals.
    pub fn hold_duration_days(&self) -> Option<f64> {
        // Whole seconds below 1,000 days: three decimals are exact enough and the same on both databases.
        let length = self.hold_duration_seconds.and_then(TimeDelta::try_seconds);
        length.map(|length| (length.as_seconds_f64() / 86.4).round() / 1_000.0)
    }

    /// Whether the member may know that the case is completed, regardless of when the release job runs.
    pub fn is_released(&self, now: DateTime<Utc>) -> bool {
        self.released_at.is_some() || self.scheduled_release_at.is_some_and(|at| at <= now)
    }
}

/// What a free-text search over cases looks through; code that changes one of these fields must update the column.
pub fn search_text(case_number: &str, first_name: &str, last_name: &str, client_email: Option<&str>) -> String {
    text::lowered(&[case_number, first_name, last_name, client_email.unwrap_or_default()].join("\n"))
}

/// The cases whose number, names or email address contain a text, regardless of case.
pub fn mentioning(text: &str, backend: DbBackend) -> Condition {
    text::contains(&Expr::col(Column::SearchText.as_column_ref()), text::Spelling::Lowered, text, backend)
}

/// Exactly the released cases: the condition behind `Model::is_released`.
fn released(now: DateTime<Utc>) -> Condition {
    Condition::any().add(Column::ReleasedAt.is_not_null()).add(Column::ScheduledReleaseAt.lte(now))
}

/// The opposite, spelled out: a comparison with a time that is null is neither true nor false.
fn unreleased(now: DateTime<Utc>) -> Condition {
    let is_held_back = Condition::any().add(Column::ScheduledReleaseAt.is_null()).add(Column::ScheduledReleaseAt.gt(now));
    Condition::all().add(Column::ReleasedAt.is_null()).add(is_held_back)
}

/// Whether the case that a row refers to is among `cases`. Evaluated row by row, so that a page only costs as much as its rows:
/// SQLite would otherwise list all cases first.
pub fn is_among<C: IntoColumnRef>(case_id: C, cases: Select<Entity>) -> Expr {
    let this = Expr::col((Entity, Column::Id)).equals(case_id);
    Expr::exists(cases.select_only().column(Column::Id).filter(this).into_query())
}

/// Completed cases whose scheduled release time has come and that no run of the job has marked yet.
pub fn due_for_release(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::DeletedAt.is_null())
        .filter(Column::Status.eq(CaseStatus::Completed))
        .filter(Column::ReleasedAt.is_null())
        .filter(Column::ScheduledReleaseAt.lte(now))
}

/// The cases that are visible to a caller. Hidden and absent cases look alike from here on.
pub fn visible_to(caller: &Caller) -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null()).filter(scope_of(caller))
}

/// A case to read without locking, if it is visible to the caller.
pub async fn seen<C: ConnectionTrait>(db: &C, id: Uuid, caller: &Caller) -> Result<Model, LoadError> {
    first_row(db, visible_to(caller).filter(Column::Id.eq(id))).await?.ok_or(LoadError::Absent("case"))
}

/// A case whose audit trail this caller may read: a visible one, and for those who read the audit log also a deleted one.
pub async fn traced<C: ConnectionTrait>(db: &C, id: Uuid, caller: &Caller) -> Result<Model, LoadError> {
    let visible = Condition::all().add(Column::DeletedAt.is_null()).add(scope_of(caller));
    let deleted = caller.reads_audit_log().then(|| Column::DeletedAt.is_not_null());
    let traced = Entity::find_by_id(id).filter(Condition::any().add(visible).add_option(deleted));
    traced.one(db).await?.ok_or(LoadError::Absent("case"))
}

/// The cases that await a review by this caller: `CaseAction::Review` as a condition, which selects nothing for those who review
/// none. `tests/it/reviews/queue.rs` compares them.
pub fn waiting_for_review_by(caller: &Caller) -> Select<Entity> {
    let others = Condition::any().add(Column::AssignedToId.is_null()).add(Column::AssignedToId.ne(caller.id()));
    let of_others = Column::MemberId.ne(caller.id());
    let waiting = visible_to(caller).filter(Column::Status.eq(CaseStatus::PendingReview)).filter(others).filter(of_others);
    if caller.is_reviewer() { waiting } else { waiting.filter(Column::Id.is_null()) }
}

/// Whatever role they have by now, the member and the creator of a case see it, but not a member who created it and handed it
/// over.
fn scope_of(caller: &Caller) -> Condition {
    let created = || Condition::all().add(Column::CreatedById.eq(caller.id())).add(Column::CreatorSeesIt.eq(true));
    let own = || Condition::any().add(Column::MemberId.eq(caller.id())).add(created());
    match caller.role() {
        Role::Member => own(),
        Role::Technician => own().add(Column::Status.ne(CaseStatus::Draft)),
        Role::Manager | Role::Administrator => Condition::all(),
        // A service account sees no cases.
        Role::Service => Condition::all().add(Column::Id.is_null()),
    }
}

/// Reads a case for update; the transaction remembers it for the hooks.
pub async fn locked(tx: &AuditTx, id: Uuid, caller: &Caller) -> Result<Model, LoadError> {
    tx.lock(visible_to(caller).filter(Column::Id.eq(id))).await?.ok_or(LoadError::Absent("case"))
}

/// How many cases a user still works on: every assigned one that is neither completed nor deleted.
pub async fn open_cases_of<C: ConnectionTrait>(db: &C, assignee: Uuid) -> Result<u64, DbErr> {
    open_cases().filter(Column::AssignedToId.eq(assignee)).count(db).await
}

/// How many cases of their own, as their member, a user still has: every one that is neither completed nor deleted.
pub async fn own_open_cases_of<C: ConnectionTrait>(db: &C, member: Uuid) -> Result<u64, DbErr> {
    open_cases().filter(Column::MemberId.eq(member)).count(db).await
}

/// How many completed cases of their own, as their member, a user does not see as completed yet.
pub async fn own_unreleased_cases_of<C: ConnectionTrait>(db: &C, member: Uuid, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let completed = Entity::find().filter(Column::DeletedAt.is_null()).filter(Column::Status.eq(CaseStatus::Completed));
    completed.filter(Column::MemberId.eq(member)).filter(unreleased(now)).count(db).await
}

/// How many cases each of these users still works on, in one statement; those who work on none are absent.
pub async fn open_cases_of_each<C: ConnectionTrait>(db: &C, assignees: &[Uuid]) -> Result<HashMap<Uuid, u64>, DbErr> {
    let of_each = open_cases().filter(Column::AssignedToId.is_in(assignees.iter().copied())).group_by(Column::AssignedToId);
    let counted = of_each.select_only().column(Column::AssignedToId).column_as(Column::Id.count(), "case_count");
    let rows: Vec<(Uuid, i64)> = counted.into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(assignee, count)| (assignee, u64::try_from(count).unwrap_or_default())).collect())
}

fn open_cases() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null()).filter(Column::Status.ne(CaseStatus::Completed))
}
