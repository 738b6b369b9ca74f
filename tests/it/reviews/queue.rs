//! The queue and the rule: the statement that selects the cases awaiting a review selects those whose review the rule allows.

use crate::app::{Scene, TestApp};
use entity::case::{self, CaseAction, CaseStatus, Circumstances};
use entity::user::{self, Caller, Level, Role};
use sea_orm::EntityTrait;
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use uuid::Uuid;

/// A user of each role, and of each level.
async fn users(app: &TestApp) -> Vec<user::Model> {
    vec![
        app.user("member9", Role::Member, None).await,
        app.user("junior9", Role::Technician, Some(Level::One)).await,
        app.user("middle9", Role::Technician, Some(Level::Two)).await,
        app.user("senior9", Role::Technician, Some(Level::Three)).await,
        app.user("manager9", Role::Manager, None).await,
        app.user("admin9", Role::Administrator, None).await,
        app.user("service9", Role::Service, None).await,
    ]
}

/// A case of this member in each status.
async fn in_each_status(app: &TestApp, member: &user::Model) {
    let own = || app.a_case().owned_by(member);
    own().create().await;
    own().submitted().create().await;
    own().accepted().create().await;
    own().held().create().await;
    own().completed().create().await;
    own().completed_until(crate::app::at("2026-12-20T00:00:00Z")).create().await;
    let (rejected, resubmitted) = (own().submitted().create().await, own().submitted().create().await);
    let rejection = json!({"rejection_reason": "other", "rejection_notes": "because"});
    for case in [&rejected, &resubmitted] {
        app.as_admin().await.post(&case.url("reject"), rejection.clone()).await.expect(200);
    }
    app.as_user(member).await.patch(&resubmitted.path(), json!({"special_notes": "call first"})).await.expect(200);
    app.as_user(member).await.post(&resubmitted.url("resubmit"), json!({})).await.expect(200);
}

async fn give(app: &TestApp, case: &Scene, to: Option<&user::Model>) {
    let body = json!({"assigned_to": to.map(|user| user.id), "reason": "because"});
    app.as_admin().await.post(&case.url("assign"), body).await.expect(200);
}

on_each_database! {
    async fn the_queue_has_exactly_the_cases_that_the_rule_lets_its_reader_review(app) {
        let users = users(app).await;
        let members: Vec<_> = users.iter().filter(|user| user.role != Role::Service).collect();
        in_each_status(app, &users[0]).await;
        for member in &members {
            // Whatever the role of its member is by now: without an assignee, and with each that it can have.
            give(app, &app.a_case().owned_by(member).pending_review().create().await, None).await;
            for assignee in members.iter().filter(|user| user.role.is_staff() && user.id != member.id) {
                give(app, &app.a_case().owned_by(member).pending_review().create().await, Some(assignee)).await;
            }
        }

        let cases = case::Entity::find().all(&app.outside).await.unwrap();
        let statuses: HashSet<CaseStatus> = cases.iter().map(|case| case.status).collect();
        assert_eq!(statuses.len(), 8, "{statuses:?}");
        let when = Circumstances::at(app.clock.now());
        for caller in users.iter().map(|user| Caller::new(user, Uuid::nil())) {
            let queue = case::waiting_for_review_by(&caller).all(&app.outside).await.unwrap();
            let queue: BTreeSet<String> = queue.into_iter().map(|case| case.case_number).collect();
            let may_review = |case: &&case::Model| CaseAction::Review.ensure_open(&caller, case, &when).is_ok();
            let open: BTreeSet<String> = cases.iter().filter(may_review).map(|case| case.case_number.clone()).collect();
            assert_eq!(open.is_empty(), !caller.is_reviewer(), "{:?}", caller.person);
            assert_eq!(queue, open, "{:?}", caller.person);
        }
    }
}
