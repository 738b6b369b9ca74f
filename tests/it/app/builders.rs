//! Builders that arrange the users and cases that a test starts with, through the same changes that the service makes.

use super::TestApp;
use entity::audit::{Actor, AuditTx, Context};
use entity::case::lifecycle::{Acceptance, Completion, Hold, NewCase, Release};
use entity::case::{self, Tier, Urgency, number};
use entity::user::{self, Level, Person, Role};
use entity::{alert, outbox};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// The context of the system as the actor that arranges a scene.
pub fn arranging() -> Context {
    let request_id = "arranged-by-the-test".into();
    Context { actor: Actor::System, api_key: None, in_job: false, request_id, ip_address: None, user_agent: None }
}

pub async fn create_user(app: &TestApp, username: &str, role: Role, user_level: Option<Level>) -> user::Model {
    let tx = app.write().await;
    let row = user::ActiveModel {
        id: Set(tx.new_id()),
        username: Set(username.to_owned()),
        email: Set(format!("{username}@example.org")),
        first_name: Set("Ada".to_owned()),
        last_name: Set(username.to_owned()),
        phone_number: Set(None),
        workshop_code: Set((role == Role::Member).then(|| "WS001".to_owned())),
        role: Set(role),
        user_level: Set(user_level),
        scopes: Set((role == Role::Service).then(|| "ingest audit:read reports:read".to_owned())),
        is_active: Set(true),
        deleted_at: Set(None),
        ..Default::default()
    };
    let user = tx.save(row).await.expect("a user");
    tx.commit().await.expect("commit");
    user
}

/// The progress of a case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Draft,
    Submitted,
    Accepted,
    Held,
    PendingReview,
    Completed,
}

/// A case to arrange.
pub struct CaseBuilder<'a> {
    app: &'a TestApp,
    stage: Stage,
    level: u8,
    member: Option<user::Model>,
    assignee: Option<user::Model>,
    release: Release,
}

/// An arranged case.
pub struct Scene {
    pub case: case::Model,
}

impl Scene {
    pub fn id(&self) -> String {
        self.case.id.to_string()
    }

    /// The path of one of the case's operations.
    pub fn url(&self, operation: &str) -> String {
        format!("cases/{}/{operation}", self.case.id)
    }

    /// The path of the case itself.
    pub fn path(&self) -> String {
        format!("cases/{}", self.case.id)
    }
}

impl<'a> CaseBuilder<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, stage: Stage::Draft, level: 3, member: None, assignee: None, release: Release::Now }
    }

    pub fn submitted(self) -> Self {
        Self { stage: Stage::Submitted, ..self }
    }

    /// By tech3 with tier 1, unless `assigned_to` sets another assignee.
    pub fn accepted(self) -> Self {
        Self { stage: Stage::Accepted, ..self }
    }

    pub fn held(self) -> Self {
        Self { stage: Stage::Held, ..self }
    }

    /// Assigned to tech1, whose work is reviewed.
    pub fn pending_review(self) -> Self {
        Self { stage: Stage::PendingReview, level: 1, ..self }
    }

    /// Completed and released.
    pub fn completed(self) -> Self {
        Self { stage: Stage::Completed, ..self }
    }

    /// Completed, to be released at a given time.
    pub fn completed_until(self, at: chrono::DateTime<chrono::Utc>) -> Self {
        Self { stage: Stage::Completed, release: Release::At(at), ..self }
    }

    pub fn owned_by(self, member: &user::Model) -> Self {
        Self { member: Some(member.clone()), ..self }
    }

    pub fn assigned_to(self, assignee: &user::Model) -> Self {
        Self { assignee: Some(assignee.clone()), ..self }
    }

    pub async fn create(self) -> Scene {
        let app = self.app;
        let member = match &self.member {
            Some(member) => member.clone(),
            None => app.user("member1", Role::Member, None).await,
        };
        let assignee = match &self.assignee {
            Some(assignee) => assignee.clone(),
            None => app.tech(self.level).await,
        };
        let mut case = draft(app, &member).await;
        if self.stage != Stage::Draft {
            case = change(app, case, async |case, tx| case.submit(Urgency::Normal, false, tx.now())).await;
        }
        if !matches!(self.stage, Stage::Draft | Stage::Submitted) {
            let accepted_by = assignee.id;
            let assignee = &assignee;
            case = change(app, case, async |case, tx| {
                let terms = Acceptance { tier: Tier::One, credit_tenths: 20, assignee, accepted_by, override_level: false };
                case.accept(terms, tx.now())
            })
            .await;
        }
        let case = match self.stage {
            Stage::Held => change(app, case, async |case, tx| case.hold(Hold::new("waiting", None), tx.now())).await,
            Stage::PendingReview | Stage::Completed => {
                let release = self.release;
                let assignee = &assignee;
                // The review history names who submits work for review.
                let is_reviewed = assignee.user_level == Some(Level::One);
                let actor = if is_reviewed { Actor::Person(Person::new(assignee)) } else { Actor::System };
                let by = Context { actor, ..arranging() };
                change_by(app, by, case, async |case, tx| case.complete(incomplete(assignee, release), tx.now())).await
            }
            Stage::Draft | Stage::Submitted | Stage::Accepted => case,
        };
        forget_notices(app, &case).await;
        Scene { case }
    }
}

/// A completion that doesn't require the reports.
pub fn incomplete(assignee: &user::Model, release: Release) -> Completion<'_> {
    Completion { assignee: Some(assignee), missing_reports: &[], override_incomplete: true, release }
}

async fn draft(app: &TestApp, member: &user::Model) -> case::Model {
    let tx = app.write().await;
    let today = tx.now().date_naive();
    let workshop_code = member.workshop_code.clone().unwrap_or_else(|| "WS001".to_owned());
    let new = NewCase {
        id: tx.new_id(),
        case_number: number::next(&tx, &workshop_code, today).await.expect("a number"),
        workshop_code,
        member_id: member.id,
        created_by_id: member.id,
        employee_first_name: "Ada".to_owned(),
        employee_last_name: "Moss".to_owned(),
        client_email: None,
        num_reports_requested: 3,
        urgency: Urgency::Normal,
        due_on: today + chrono::Days::new(14),
        special_notes: None,
    };
    let case = tx.save(new.draft()).await.expect("a case");
    tx.commit().await.expect("commit");
    case
}

/// The notifications sent while a case is arranged are not part of the test.
#[expect(clippy::disallowed_methods, reason = "tests do what the program may not: alerts and emails are never deleted")]
async fn forget_notices(app: &TestApp, case: &case::Model) {
    let alerts = alert::Entity::delete_many().filter(alert::Column::CaseId.eq(case.id));
    alerts.exec(&app.outside).await.expect("no alerts");
    let mails = outbox::Entity::delete_many().filter(outbox::Column::CaseId.eq(case.id));
    mails.exec(&app.outside).await.expect("no emails");
}

async fn change<F>(app: &TestApp, case: case::Model, step: F) -> case::Model
where
    F: AsyncFnOnce(case::Model, &AuditTx) -> Result<case::ActiveModel, case::CaseRefusal>,
{
    Box::pin(change_by(app, arranging(), case, step)).await
}

async fn change_by<F>(app: &TestApp, by: Context, case: case::Model, step: F) -> case::Model
where
    F: AsyncFnOnce(case::Model, &AuditTx) -> Result<case::ActiveModel, case::CaseRefusal>,
{
    let tx = AuditTx::begin(app.app.db(), by).await.expect("begin");
    let case = tx.lock(case::Entity::find_by_id(case.id)).await.expect("read").expect("a case");
    let row = step(case, &tx).await.expect("an allowed change");
    let case = tx.save(row).await.expect("saved");
    tx.commit().await.expect("commit");
    case
}
