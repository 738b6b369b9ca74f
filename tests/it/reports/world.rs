//! The fixtures: a database of its own, in which a history is written and rolled back.
#![expect(clippy::disallowed_methods, reason = "the history is written directly to the database, as an outsider could")]

use super::history::{CASES, Happening, Scenario, Step, USERS, WORKSHOPS, Who};
use crate::app::TestApp;
use crate::app::copies::without_step_net;
use entity::case::lifecycle::NewCase;
use entity::case::{self, Urgency};
use entity::clock::Clock;
use entity::review::ReviewAction;
use entity::user::{Level, Role};
use entity::{audit_entry, outbox, review, user};
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Uuid;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, IntoActiveModel, TransactionTrait,
};
use std::collections::HashMap;

/// The written rows.
pub struct World {
    pub users: Vec<user::Model>,
    pub cases: Vec<Uuid>,
    /// Those of the cases that the entries are about.
    pub owned: Vec<Owned>,
    pub entries: Vec<audit_entry::Model>,
    pub steps: Vec<review::Model>,
    pub pending_emails: usize,
    /// Those of the entries that are sealed.
    pub sequences: HashMap<Uuid, i64>,
}

/// Whose a case is: people as indexes into those of the world.
pub struct Owned {
    pub id: Uuid,
    pub member: usize,
    pub workshop: &'static str,
    pub assignee: Option<usize>,
}

/// Writes a history inside a transaction that is never committed.
pub async fn create(connection: &DatabaseConnection, scenario: &Scenario) -> (DatabaseTransaction, World) {
    let tx = connection.begin().await.unwrap();
    let clock = Clock::system();
    let users: Vec<user::Model> = (0..USERS).map(|number| person(&clock, number)).collect();
    let cases: Vec<Uuid> = (0..CASES * 3).map(|_| clock.id(scenario.now)).collect();
    let mut entries: Vec<_> = scenario.happenings.iter().map(|happening| entry(&clock, happening, &users, &cases)).collect();
    entries.sort_by_key(|entry| entry.id);
    let steps = steps(&clock, &scenario.steps, &users, &cases);
    user::Entity::insert_many(users.iter().cloned().map(fresh)).exec(&tx).await.unwrap();
    let owned: Vec<Owned> = cases.iter().take(CASES).enumerate().map(|(number, id)| case_of(number, *id)).collect();
    let rows = owned.iter().enumerate().map(|(number, owned)| case_row(number, owned, &users, scenario));
    case::Entity::insert_many(rows).exec(&tx).await.unwrap();
    // The number of values in a statement is limited.
    for some in entries.chunks(40) {
        audit_entry::Entity::insert_many(some.iter().cloned().map(fresh)).exec(&tx).await.unwrap();
    }
    if !steps.is_empty() {
        review::Entity::insert_many(steps.iter().cloned().map(fresh)).exec(&tx).await.unwrap();
    }
    for number in 0..scenario.pending_emails + 2 {
        let status = if number < scenario.pending_emails { outbox::MailStatus::Pending } else { outbox::MailStatus::Sent };
        let mail = outbox::Model {
            id: clock.id(scenario.now),
            status,
            recipient: "recipient@example.invalid".to_owned(),
            template: "case_held".to_owned(),
            queued_at: scenario.now,
            parameters: "{}".to_owned(),
            case_id: None,
            case_number: None,
            related_user_id: None,
            send_after: Some(scenario.now),
            attempts: 0,
            last_attempt_at: None,
            last_error: None,
            sent_at: None,
        };
        outbox::Entity::insert_many([fresh(mail)]).exec(&tx).await.unwrap();
    }
    (tx, World { users, cases, owned, entries, steps, pending_emails: scenario.pending_emails, sequences: HashMap::new() })
}

fn fresh<M: sea_orm::ModelTrait + IntoActiveModel<A>, A: ActiveModelTrait>(row: M) -> A {
    row.into_active_model().reset_all()
}

/// Usernames that some collations sort differently from their bytes.
fn person(clock: &Clock, number: usize) -> user::Model {
    let username = ["a-b", "a.b", "a_b", "ab", "a0"][number];
    let now = clock.now();
    let (is_technician, is_service) = (number.is_multiple_of(2), number == 1);
    user::Model {
        id: clock.id(now),
        username: username.to_owned(),
        email: format!("{username}@example.invalid"),
        first_name: "Ada".to_owned(),
        last_name: format!("Moss {number}"),
        phone_number: None,
        workshop_code: None,
        role: match () {
            () if is_service => Role::Service,
            () if is_technician => Role::Technician,
            () => Role::Manager,
        },
        user_level: is_technician.then_some(Level::Two),
        scopes: is_service.then(|| "reports:read".to_owned()),
        is_active: number != 3,
        version: 1,
        created_at: now,
        updated_at: now,
        deleted_at: (number == 3).then_some(now),
    }
}

/// Two cases of each workshop, and one without an assignee.
fn case_of(number: usize, id: Uuid) -> Owned {
    let assignee = (number > 0).then_some(number.div_ceil(2));
    Owned { id, member: number % 3, workshop: WORKSHOPS[number % WORKSHOPS.len()], assignee }
}

fn case_row(number: usize, owned: &Owned, users: &[user::Model], scenario: &Scenario) -> case::ActiveModel {
    let new = NewCase {
        id: owned.id,
        case_number: format!("WS001-2026-03-{number:04}"),
        workshop_code: owned.workshop.to_owned(),
        member_id: users[owned.member].id,
        created_by_id: users[owned.member].id,
        employee_first_name: "Ada".to_owned(),
        employee_last_name: "Moss".to_owned(),
        client_email: None,
        num_reports_requested: 1,
        urgency: Urgency::Normal,
        due_on: scenario.now.date_naive(),
        special_notes: None,
    };
    case::ActiveModel {
        assigned_to_id: Set(owned.assignee.map(|number| users[number].id)),
        version: Set(1),
        created_at: Set(scenario.now),
        updated_at: Set(scenario.now),
        ..new.draft()
    }
}

fn entry(clock: &Clock, happening: &Happening, users: &[user::Model], cases: &[Uuid]) -> audit_entry::Model {
    let Happening { at, action, outcome, by, case, topic } = happening;
    let (actor_type, actor_id, actor_label) = match by {
        Who::User(number) => ("user", Some(users[*number].id), users[*number].username.as_str()),
        Who::System => ("system", None, "System"),
        Who::Anonymous => ("anonymous", None, "anonymous"),
    };
    audit_entry::Model {
        id: clock.id(*at),
        occurred_at: *at,
        action_type: action.code().to_owned(),
        outcome: outcome.code().to_owned(),
        actor_type: actor_type.to_owned(),
        actor_id,
        actor_label: actor_label.to_owned(),
        case_id: case.map(|number| cases[number]),
        case_number: case.map(|number| format!("WS001-2026-03-{number:04}")),
        document_id: None,
        related_user_id: None,
        object_type: "something".to_owned(),
        object_id: "1".to_owned(),
        topic: topic.map(str::to_owned),
        api_key_id: None,
        source: "endpoint".to_owned(),
        ip_address: None,
        request_id: "recount".to_owned(),
        changed_fields: None,
        description: action.label().to_owned(),
        search_text: String::new(),
        body: "{}".to_owned(),
    }
}

/// Numbers the decisions and the submissions for review of each case, and times the former from the preceding one of the latter.
/// Of the steps called `resubmitted`, some are resubmissions by the member, as version 0.1.0 wrote them.
fn steps(clock: &Clock, steps: &[Step], users: &[user::Model], cases: &[Uuid]) -> Vec<review::Model> {
    let mut steps = steps.to_vec();
    steps.sort_by_key(|step| step.at);
    let mut decided: HashMap<usize, i32> = HashMap::new();
    let mut submitted = HashMap::new();
    let mut cycles: HashMap<usize, i32> = HashMap::new();
    let mut rows = Vec::new();
    for Step { at, action, reviewer, case } in steps {
        let is_decision = ReviewAction::DECISIONS.contains(&action);
        let number = decided.entry(case).or_default();
        *number += i32::from(is_decision);
        let since = *submitted.entry(case).or_insert(at);
        let cycle = cycles.entry(case).or_default();
        let is_again = action == ReviewAction::Resubmitted && *cycle > 0 && reviewer % 2 == 1;
        if action == ReviewAction::SubmittedForReview || is_again {
            submitted.insert(case, at);
            *cycle += 1;
        }
        rows.push(review::Model {
            id: clock.id(at),
            case_id: cases[case],
            case_number: format!("WS001-2026-03-{case:04}"),
            reviewed_at: at,
            review_action: action,
            reviewer_id: users[reviewer].id,
            // Some decisions name no technician.
            original_technician_id: (case % 3 > 0).then(|| users[(reviewer + case) % USERS].id),
            notes: None,
            review_cycle: (*cycle).max(1),
            decision_number: is_decision.then_some(*number),
            turnaround_seconds: is_decision.then_some((at - since).num_seconds()),
        });
    }
    rows
}

/// Decides a case several times, one after the other.
pub async fn decide(app: &TestApp, case: &entity::case::Model, decisions: &[(&user::Model, ReviewAction, i64)]) {
    app.outside.execute_unprepared(without_step_net(app.kind)).await.unwrap();
    decide_again(app, case, decisions).await;
}

/// The same once more.
pub async fn decide_again(app: &TestApp, case: &entity::case::Model, decisions: &[(&user::Model, ReviewAction, i64)]) {
    let at = app.clock.now();
    let rows = decisions.iter().zip(1..).map(|((reviewer, action, turnaround_seconds), number)| review::Model {
        id: app.clock.id(at),
        case_id: case.id,
        case_number: case.case_number.clone(),
        reviewed_at: at,
        review_action: *action,
        reviewer_id: reviewer.id,
        original_technician_id: case.assigned_to_id,
        notes: None,
        review_cycle: number,
        decision_number: Some(number),
        turnaround_seconds: Some(*turnaround_seconds),
    });
    review::Entity::insert_many(rows.map(fresh)).exec(&app.outside).await.unwrap();
}
