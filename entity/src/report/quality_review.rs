//! The quality review report: what reviewers decided, how fast, and how often the first attempt was approved.

use super::percent::average_hours;
use super::{Percent, Point, ReportPage, bucket_number, per_bucket, seen_in, series, within};
use crate::period::{Added, Bucket, IdRange, Interval, Period};
use crate::review::{self, Column, ReviewAction};
use crate::sql::Sql;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Its permanent name, as recorded in the audit log.
pub const NAME: &str = "quality_review_audit";

/// The maximum number of reviewers and of technicians: those with the most decisions.
pub const PEOPLE_MAX: usize = 100;

/// The filters of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QualityReviewCriteria {
    /// Empty for all decisions.
    pub decisions: Vec<ReviewAction>,
    pub reviewer_id: Option<Uuid>,
}

/// The report.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityReview {
    pub total_reviews: i64,
    pub approved: i64,
    pub approved_percent: Percent,
    pub revisions_requested: i64,
    pub revisions_requested_percent: Percent,
    pub corrections_needed: i64,
    pub corrections_needed_percent: Percent,
    pub submissions: i64,
    /// The share of approvals among the first decisions in the period.
    pub first_pass_approval_percent: Option<Percent>,
    pub average_turnaround_hours: Option<f64>,
    pub reviewers: Vec<PersonReviews>,
    /// The number of rows that `reviewers` would have without its limit.
    pub reviewers_total: i64,
    /// The same decisions by the technician whose work was reviewed; without those that name none.
    pub technicians: Vec<PersonReviews>,
    pub technicians_total: i64,
    pub timeseries: Vec<Point>,
    /// The total number of decisions in the list.
    pub matching: i64,
    /// One page, plus one decision if there are more.
    pub entries: Vec<review::Model>,
}

/// The decisions of one reviewer, or on the work of one technician.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonReviews {
    pub user_id: Uuid,
    pub username: String,
    pub full_name: String,
    pub total_reviews: i64,
    pub approved: i64,
    pub revisions_requested: i64,
    pub corrections_needed: i64,
    pub approval_percent: Option<Percent>,
    pub last_review_at: DateTime<Utc>,
}

impl QualityReviewCriteria {
    /// The decisions that the list shows.
    fn listed(&self) -> Vec<ReviewAction> {
        let asked_for = |action: &ReviewAction| self.decisions.is_empty() || self.decisions.contains(action);
        ReviewAction::DECISIONS.into_iter().filter(asked_for).collect()
    }

    fn within(&self, ids: IdRange) -> Select<review::Entity> {
        let decisions = review::Entity::find().filter(Column::Id.gte(ids.from)).filter(Column::Id.lt(ids.before));
        let decisions = decisions.filter(Column::ReviewAction.is_in(self.listed()));
        let seen = ids.seen.map(|seen| seen.expression(Added::Steps, "\"case_reviews\""));
        let decisions = decisions.filter(Condition::all().add_option(seen));
        match self.reviewer_id {
            Some(reviewer_id) => decisions.filter(Column::ReviewerId.eq(reviewer_id)),
            None => decisions,
        }
    }
}

/// Computes the report for a period from the review history.
pub async fn quality_review<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    interval: Interval,
    filters: &QualityReviewCriteria,
    paging: &ReportPage,
) -> Result<QualityReview, super::ReportError> {
    let buckets = period.buckets(interval)?;
    let tallies = tallies(db, &buckets, filters.reviewer_id).await?;
    let listed = filters.listed();
    let of = |action| tallies.iter().filter(move |tally| tally.review_action == action);
    let count = |action| of(action).map(|tally| tally.step_count).sum::<i64>();
    let decisions = || ReviewAction::DECISIONS.into_iter().flat_map(of);
    let sum = |figure: fn(&DecisionTally) -> i64| decisions().map(figure).sum::<i64>();

    let total = sum(|tally| tally.step_count);
    let first_approved: i64 = of(ReviewAction::Approved).map(|tally| tally.first_count).sum();
    let matching = listed.iter().flat_map(|action| of(*action)).map(|tally| match filters.reviewer_id {
        Some(_) => tally.by_reviewer,
        None => tally.step_count,
    });
    let (reviewers, reviewers_total) = by_person(db, period, "reviewer_id").await?;
    let (technicians, technicians_total) = by_person(db, period, "original_technician_id").await?;
    let points: Result<Vec<_>, DbErr> = decisions()
        .map(|tally| Ok((bucket_number(tally.bucket_number)?, tally.review_action.code(), tally.step_count)))
        .collect();
    Ok(QualityReview {
        total_reviews: total,
        approved: count(ReviewAction::Approved),
        approved_percent: Percent::share(count(ReviewAction::Approved), total),
        revisions_requested: count(ReviewAction::RevisionsRequested),
        revisions_requested_percent: Percent::share(count(ReviewAction::RevisionsRequested), total),
        corrections_needed: count(ReviewAction::CorrectionsNeeded),
        corrections_needed_percent: Percent::share(count(ReviewAction::CorrectionsNeeded), total),
        submissions: tallies.iter().map(|tally| tally.submission_count).sum(),
        first_pass_approval_percent: Percent::new(first_approved, sum(|tally| tally.first_count)),
        average_turnaround_hours: average_hours(sum(|tally| tally.turnaround_sum), sum(|tally| tally.turnaround_count)),
        reviewers,
        reviewers_total,
        technicians,
        technicians_total,
        timeseries: series(&buckets, ReviewAction::DECISIONS.into_iter().map(ReviewAction::code), points?.into_iter()),
        matching: matching.sum(),
        entries: self::decisions(db, period, filters, paging).await?,
    })
}

/// One page of the decisions, plus one if there are more.
pub async fn decisions<C: ConnectionTrait>(
    db: &C,
    period: &Period,
    filters: &QualityReviewCriteria,
    paging: &ReportPage,
) -> Result<Vec<review::Model>, DbErr> {
    let ReportPage { direction, limit, .. } = *paging;
    filters.within(paging.rest_of(period.ids())).order_by(Column::Id, direction.order()).limit(limit + 1).all(db).await
}

/// How often one step occurred within one bucket.
#[derive(FromQueryResult)]
struct DecisionTally {
    bucket_number: i32,
    review_action: ReviewAction,
    step_count: i64,
    /// Of these, the first decisions on their cases.
    first_count: i64,
    /// Of these, those with which a case was submitted for review.
    submission_count: i64,
    turnaround_sum: i64,
    turnaround_count: i64,
    /// Of these, those by the reviewer that is filtered for.
    by_reviewer: i64,
}

/// In version 0.1.0 `resubmitted` was a member's resubmission, in the cycle of the last submission for review or the first.
const IS_SUBMISSION: &str = "step.review_action = 'submitted_for_review' OR (step.review_action = 'resubmitted' \
     AND step.review_cycle > 1 AND NOT EXISTS (SELECT 1 FROM case_reviews AS earlier WHERE earlier.case_id = step.case_id \
     AND earlier.id < step.id AND earlier.review_cycle = step.review_cycle \
     AND earlier.review_action IN ('submitted_for_review', 'resubmitted')))";

async fn tallies<C: ConnectionTrait>(db: &C, buckets: &[Bucket], reviewer_id: Option<Uuid>) -> Result<Vec<DecisionTally>, DbErr> {
    let sql = per_bucket(buckets).text(
        "SELECT bucket.bucket_number, step.review_action, COUNT(*) AS step_count, \
         COUNT(CASE WHEN step.decision_number = 1 THEN 1 END) AS first_count, COUNT(CASE WHEN ",
    );
    let sql = sql.text(IS_SUBMISSION).text(
        " THEN 1 END) AS submission_count, \
         CAST(COALESCE(SUM(step.turnaround_seconds), 0) AS BIGINT) AS turnaround_sum, \
         COUNT(step.turnaround_seconds) AS turnaround_count, COUNT(CASE WHEN step.reviewer_id = ",
    );
    let sql = sql.value(reviewer_id).text(
        " THEN 1 END) AS by_reviewer FROM bucket CROSS JOIN case_reviews AS step \
         WHERE step.id >= bucket.first_id AND step.id < bucket.end_id",
    );
    let sql = within(sql, db, "step.id", buckets).seen(seen_in(buckets), Added::Steps, "step");
    sql.text(" GROUP BY bucket.bucket_number, step.review_action").all(db).await
}

#[derive(FromQueryResult)]
struct Decided {
    user_id: Uuid,
    username: String,
    first_name: String,
    last_name: String,
    review_action: ReviewAction,
    decision_count: i64,
    last_review_at: DateTime<Utc>,
}

/// The decisions of the period by the person that a column of a step names, those with the most first, and the number of people
/// without the limit.
async fn by_person<C: ConnectionTrait>(db: &C, period: &Period, column: &str) -> Result<(Vec<PersonReviews>, i64), DbErr> {
    let ids = period.ids();
    let sql = Sql::new(&format!(
        "SELECT decided.user_id, users.username, users.first_name, users.last_name, decided.review_action, \
         decided.decision_count, decided.last_review_at FROM (SELECT step.{column} AS user_id, step.review_action, \
         COUNT(*) AS decision_count, MAX(step.reviewed_at) AS last_review_at FROM case_reviews AS step WHERE step.id >= "
    ));
    let sql = sql.value(ids.from).text(" AND step.id < ").value(ids.before).seen(ids.seen, Added::Steps, "step");
    let sql = sql.text(" AND step.review_action IN (").values(ReviewAction::DECISIONS.map(ReviewAction::code));
    let sql =
        sql.text(&format!(") GROUP BY step.{column}, step.review_action) AS decided JOIN users ON users.id = decided.user_id"));
    let mut found: HashMap<Uuid, PersonReviews> = HashMap::new();
    for row in sql.all::<Decided, C>(db).await? {
        found.entry(row.user_id).or_insert_with(|| PersonReviews::nothing_yet(&row)).add(&row);
    }
    let mut people: Vec<PersonReviews> = found.into_values().collect();
    people.sort_by(|a, b| Reverse(a.total_reviews).cmp(&Reverse(b.total_reviews)).then_with(|| a.username.cmp(&b.username)));
    let total = i64::try_from(people.len()).unwrap_or(i64::MAX);
    people.truncate(PEOPLE_MAX);
    Ok((people, total))
}

impl PersonReviews {
    fn nothing_yet(row: &Decided) -> Self {
        Self {
            user_id: row.user_id,
            username: row.username.clone(),
            full_name: format!("{} {}", row.first_name, row.last_name),
            total_reviews: 0,
            approved: 0,
            revisions_requested: 0,
            corrections_needed: 0,
            approval_percent: None,
            last_review_at: row.last_review_at,
        }
    }

    fn add(&mut self, row: &Decided) {
        match row.review_action {
            ReviewAction::Approved => self.approved += row.decision_count,
            ReviewAction::RevisionsRequested => self.revisions_requested += row.decision_count,
            ReviewAction::CorrectionsNeeded => self.corrections_needed += row.decision_count,
            ReviewAction::SubmittedForReview | ReviewAction::Resubmitted => return,
        }
        self.total_reviews += row.decision_count;
        self.approval_percent = Percent::new(self.approved, self.total_reviews);
        self.last_review_at = self.last_review_at.max(row.last_review_at);
    }
}
