//! `allowed_actions`, `blocked_actions`, and what each operation really answers, for every status, action and caller.

use crate::app::{Answer, Client, Scene, TestApp, at};
use crate::documents::pay_stub;
use entity::case::CaseAction;
use entity::user::{self, Role};
use reqwest::Method;
use sea_orm::Iterable;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// A case to try the actions on: its status, and what else decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Draft,
    Submitted,
    Accepted,
    /// Without an assignee, and too difficult for technicians of levels 1 and 2.
    Queued,
    Held,
    PendingReview,
    NeedsResubmission,
    /// The same, and its member has added nothing since.
    Rejected,
    Resubmitted,
    Completed,
    /// Completed, and not yet shown to its member as such.
    Sealed,
}

const STAGES: [Stage; 11] = [
    Stage::Draft,
    Stage::Submitted,
    Stage::Accepted,
    Stage::Queued,
    Stage::Held,
    Stage::PendingReview,
    Stage::NeedsResubmission,
    Stage::Rejected,
    Stage::Resubmitted,
    Stage::Completed,
    Stage::Sealed,
];

impl Stage {
    async fn arrange(self, app: &TestApp, by: &Callers<'_>) -> Scene {
        let case = app.a_case();
        match self {
            Self::Draft => case.create().await,
            Self::Submitted => case.submitted().create().await,
            Self::Accepted => case.accepted().create().await,
            Self::Queued => {
                let case = case.accepted().create().await;
                let why = "too difficult";
                by.manager.post(&case.url("tier"), json!({"tier": "tier_3", "reason": why})).await.expect(200);
                by.manager.post(&case.url("assign"), json!({"assigned_to": null, "reason": why})).await.expect(200);
                case
            }
            Self::Held => case.held().create().await,
            Self::PendingReview => case.pending_review().create().await,
            Self::NeedsResubmission => {
                let case = case.submitted().create().await;
                reject(by, &case).await;
                by.member.patch(&case.path(), json!({"client_email": "new@example.org"})).await.expect(200);
                case
            }
            Self::Rejected => {
                let case = case.submitted().create().await;
                reject(by, &case).await;
                case
            }
            Self::Resubmitted => {
                let case = case.submitted().create().await;
                reject(by, &case).await;
                by.member.patch(&case.path(), json!({"client_email": "new@example.org"})).await.expect(200);
                by.member.post(&case.url("resubmit"), json!({})).await.expect(200);
                case
            }
            Self::Completed => {
                let case = case.completed().create().await;
                by.member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
                case
            }
            Self::Sealed => case.completed_until(at("2026-12-20T00:00:00Z")).create().await,
        }
    }
}

async fn reject(by: &Callers<'_>, case: &Scene) {
    let rejection = json!({"rejection_reason": "insufficient_data", "rejection_notes": "which one?"});
    by.manager.post(&case.url("reject"), rejection).await.expect(200);
}

struct Callers<'a> {
    member: Client<'a>,
    beginner: Client<'a>,
    experienced: Client<'a>,
    senior: Client<'a>,
    manager: Client<'a>,
    administrator: Client<'a>,
}

impl<'a> Callers<'a> {
    async fn sign_in(app: &'a TestApp) -> Self {
        Self {
            member: app.as_member().await,
            beginner: app.as_tech(1).await,
            experienced: app.as_tech(2).await,
            senior: app.as_tech(3).await,
            manager: app.as_manager().await,
            administrator: app.as_admin().await,
        }
    }

    fn all(&self) -> [(&'static str, &Client<'a>); 6] {
        [
            ("member", &self.member),
            ("technician of level 1", &self.beginner),
            ("technician of level 2", &self.experienced),
            ("technician of level 3", &self.senior),
            ("manager", &self.manager),
            ("administrator", &self.administrator),
        ]
    }
}

/// The users that requests name.
struct Others {
    senior: user::Model,
    member: user::Model,
}

/// The action with a request that only its status, its caller or its assignee can be wrong for.
async fn perform(by: &Client<'_>, case: &Scene, action: CaseAction, others: &Others) -> Answer {
    let Others { senior, member } = others;
    let why = json!({"reason": "because"});
    let post = async |operation: &str, body: Json| by.post(&case.url(operation), body).await;
    match action {
        CaseAction::Submit => post("submit", json!({"confirm_rush": true})).await,
        CaseAction::Accept => post("accept", json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": senior.id})).await,
        CaseAction::Reject => post("reject", json!({"rejection_reason": "other", "rejection_notes": "because"})).await,
        CaseAction::Assign => post("assign", json!({"assigned_to": senior.id, "reason": "because"})).await,
        CaseAction::Take => post("take", json!({})).await,
        CaseAction::Tier => post("tier", json!({"tier": "tier_1", "reason": "because"})).await,
        CaseAction::Hold => post("hold", why).await,
        CaseAction::ChangeHold => by.patch(&case.url("hold"), json!({"hold_duration_days": 3})).await,
        CaseAction::Resume => post("resume", why).await,
        CaseAction::Edit => by.patch(&case.path(), json!({"special_notes": "because"})).await,
        CaseAction::Credit => post("credit", json!({"credit_value": "2.5", "reason": "because"})).await,
        CaseAction::Complete => post("complete", json!({"override_incomplete": true, "release": "now"})).await,
        CaseAction::Review => post("review/approve", json!({"release": "now"})).await,
        CaseAction::Release => post("release", json!({})).await,
        CaseAction::Resubmit => post("resubmit", json!({})).await,
        CaseAction::Reopen => post("reopen", why).await,
        CaseAction::AcknowledgeUpdates => by.send(Method::POST, &case.url("acknowledge-updates"), None).await,
        CaseAction::ChangeMember => post("member", json!({"member_id": member.id, "reason": "because"})).await,
        CaseAction::Delete => by.delete(&format!("{}?reason=because", case.path())).await,
        CaseAction::Upload => by.upload(&case.url("documents"), &pay_stub()).await,
        CaseAction::Comment => post("notes", json!({"body": "because", "visibility": "shared"})).await,
    }
}

/// The case as a caller sees it, if they do.
async fn seen(by: &Client<'_>, case: &Scene) -> Option<Json> {
    let answer = by.get(&case.path()).await;
    (answer.status() != 404).then(|| answer.expect(200))
}

on_each_database! {
    async fn listed_actions_succeed_and_all_others_are_refused_as_listed(app) {
        let by = Callers::sign_in(app).await;
        let others = Others { senior: app.tech(3).await, member: app.user("member2", Role::Member, None).await };
        // By the status as the caller sees it: until the release a completed case is shown to its member as accepted.
        let mut succeeded = BTreeSet::new();
        for stage in STAGES {
            let mut case = stage.arrange(app, &by).await;
            for (name, caller) in by.all() {
                let seen = seen(caller, &case).await;
                let lists = |action: CaseAction| {
                    seen.as_ref().is_some_and(|case| case["allowed_actions"].as_array().unwrap().contains(&json!(action)))
                };
                // Taking a case that is one's own already changes nothing: it is answered 200, and not listed.
                let reason = |action: CaseAction| {
                    let blocked = seen.as_ref().map(|case| case["blocked_actions"].as_array().unwrap().iter());
                    let of_it = blocked.into_iter().flatten().find(|blocked| blocked["action"] == json!(action));
                    of_it.map(|blocked| blocked["code"].clone())
                };
                let is_own = seen.as_ref().is_some_and(|case| case["assigned_to"]["id"] == json!(caller.id()));
                for action in CaseAction::iter() {
                    let (is_listed, reason) = (lists(action), reason(action));
                    let answer = perform(caller, &case, action, &others).await;
                    let attempt = format!("{action:?} by the {name} in {stage:?}: {}", answer.text);
                    match answer.status() {
                        200..300 => {
                            assert!(is_listed || (action == CaseAction::Take && is_own), "not listed: {attempt}");
                            assert_eq!(reason, None, "blocked: {attempt}");
                            let status = &seen.as_ref().expect("a case that the caller sees")["status"];
                            succeeded.insert((status.as_str().unwrap().to_owned(), format!("{action:?}")));
                            case = stage.arrange(app, &by).await;
                        }
                        403 | 409 => {
                            assert!(!is_listed, "listed: {attempt}");
                            // A case that the caller doesn't see is refused by role before it is looked for.
                            assert!(seen.is_none() || reason == Some(answer.json()["code"].clone()), "{reason:?}: {attempt}");
                        }
                        404 => assert_eq!(seen, None, "{attempt}"),
                        _ => panic!("{attempt}"),
                    }
                }
            }
        }
        for action in CaseAction::iter() {
            let from = |role| action.allowed_from(role).iter().map(|status| status.code().to_owned());
            let possible: BTreeSet<_> = from(Role::Member).chain(from(Role::Administrator)).collect();
            let name = format!("{action:?}");
            let of_it = succeeded.iter().filter(|(_, other)| *other == name);
            let reached: BTreeSet<_> = of_it.map(|(status, _)| status.clone()).collect();
            assert_eq!(reached, possible, "{name}: someone has succeeded from each status it is allowed from");
        }
    }
}
