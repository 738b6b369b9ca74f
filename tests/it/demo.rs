//! The demo history in a database: it is complete, it obeys the rules of real use, and a forged one is refused.

use crate::app::{Client, TestApp};
use api::credentials::password::{Cost, Passwords, hash};
use api::demo::{self, Chapter, DemoError, NAMED, Plan, generate, password_of};
use chrono_tz::America::Chicago;
use entity::audit::{Action, Context};
use entity::case::{self, CaseStatus};
use entity::history::replay;
use entity::user::{self, credential};
use entity::{audit_entry, review};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value as Json, json};
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The name of a forgery, and how it is made.
type Forgery = (&'static str, fn(&mut Chapter));

/// A few seconds if nothing else is running; the rest is for machines that run all other tests at the same time.
const LIMIT: Duration = Duration::from_secs(60);
const CHEAP: Cost = Cost { memory_kib: 64, rounds: 1 };

pub async fn fill(app: &TestApp, plan: Plan) -> Result<u64, DemoError> {
    let hash = |password: &str| hash(CHEAP, password).map_err(|error| error.to_string());
    let store = async |files: Vec<(Uuid, Vec<u8>)>| {
        for (id, bytes) in files {
            app.app.storage().keep(id, bytes).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    demo::fill(app.app.db(), plan, 1, app.clock.now(), hash, store, |_| {}).await
}

async fn count(app: &TestApp, action: Action) -> u64 {
    let entries = audit_entry::Entity::find().filter(audit_entry::Column::ActionType.eq(action.code()));
    entries.count(&app.outside).await.unwrap()
}

on_each_database! {
    async fn the_demo_fills_an_empty_database_in_seconds(app) {
        let began = Instant::now();
        assert_eq!(fill(app, Plan::demo()).await.unwrap(), 20_000);
        assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());

        assert_eq!(user::Entity::find().count(&app.outside).await.unwrap(), 101);
        assert_eq!(case::Entity::find().count(&app.outside).await.unwrap(), 400);
        assert_by_type_sums_up(app).await;
        assert_reviews_agree(app).await;
        assert_statuses_chain(app).await;
        assert_passwords(app).await;
        assert_numbers_go_on(app).await;
        for action in Action::all() {
            assert!(count(app, action).await > 0, "{action}");
        }
        assert!(matches!(fill(app, Plan::demo()).await, Err(DemoError::NotEmpty)));
    }

    async fn a_demo_users_documents_notes_alerts_and_allowances_are_there(app) {
        fill(app, Plan::demo()).await.unwrap();
        let (member, manager, admin) = (app.as_member().await, app.as_manager().await, app.as_admin().await);

        let cases = member.get("cases?status=completed&limit=200").await.expect(200);
        let mut walked = 0;
        for case in cases["data"].as_array().unwrap() {
            let documents = member.get(&format!("cases/{}/documents", case["id"].as_str().unwrap())).await.expect(200);
            for document in documents["data"].as_array().unwrap() {
                let content = member.get(&format!("documents/{}/content", document["id"].as_str().unwrap())).await;
                content.expect(200);
                assert!(content.bytes.starts_with(b"%PDF-1.4") && content.bytes.ends_with(b"%%EOF\n"));
                assert_eq!(json!(content.bytes.len()), document["size_bytes"]);
                walked += 1;
            }
        }
        assert!(walked >= 3, "{walked}");

        assert!(!rows(&manager, "alerts").await.is_empty());
        assert!(!rows(&admin, "outbox").await.is_empty());
        assert_eq!(rows(&member, &format!("users/{}/credit-allowances", member.id())).await.len(), 2);
        let jobs = rows(&admin, "jobs").await;
        // Nothing was sealed in the past of the demo, so no night had anything to compare.
        let idle: Vec<&Json> = jobs.iter().filter(|job| job["last_status"].is_null()).map(|job| &job["job_name"]).collect();
        assert_eq!((jobs.len(), idle), (5, vec![&json!("check_rollups")]), "{jobs:?}");
        let report = manager.get("reports/system-events?all_time=true").await.expect(200);
        assert!(report["summary"]["failed_events"].as_u64().unwrap() > 0, "{}", report["summary"]);
        let by_service = manager.get("audit-log?source=service&action_type=other&include_total=true").await.expect(200);
        assert!(by_service["page"]["total"].as_u64().unwrap() > 0, "{by_service}");
    }

    async fn a_forged_history_is_refused(app) {
        let forgeries: [Forgery; 10] = [
            ("another row", |chapter| chapter.history.users[3].last_name = "Forged".to_owned()),
            ("a row without a creator", |chapter| {
                let mut row = chapter.history.users[3].clone();
                row.id = uuid::Uuid::now_v7();
                chapter.history.users.push(row);
            }),
            ("a row twice", |chapter| {
                let row = chapter.history.users[3].clone();
                chapter.history.users.push(row);
            }),
            ("a creation left out", |chapter| {
                let creation = |entry: &entity::history::PastEntry| entry.event.action == Action::UserCreated;
                let place = chapter.history.entries.iter().position(creation).unwrap();
                chapter.history.entries.remove(place);
            }),
            ("a change left out", |chapter| {
                let change = |entry: &entity::history::PastEntry| entry.event.action == Action::UserRoleChanged;
                let place = chapter.history.entries.iter().position(change).unwrap();
                chapter.history.entries.remove(place);
            }),
            ("a row left out", |chapter| drop(chapter.history.users.pop())),
            ("another allowance", |chapter| chapter.history.credits[3].allowed_credits += 1),
            ("an allowance left out", |chapter| drop(chapter.history.credits.pop())),
            ("other settings", |chapter| chapter.history.settings.as_mut().unwrap().default_case_due_days += 1),
            ("entries out of order", |chapter| {
                let change = |entry: &entity::history::PastEntry| entry.event.action == Action::UserRoleChanged;
                let place = chapter.history.entries.iter().position(change).unwrap();
                chapter.history.entries[place].id = uuid::Uuid::from_u128(7 << 76 | 2 << 62);
            }),
        ];
        for (what, forge) in forgeries {
            let mut chapter = generate(Plan::demo(), 1, app.clock.now(), Chicago).unwrap().next().unwrap().unwrap();
            forge(&mut chapter);
            let tx = entity::audit::AuditTx::begin(app.app.db(), Context::job(uuid::Uuid::now_v7())).await.unwrap();
            let refused = tx.write_history(chapter.history).await.unwrap_err().to_string();
            assert!(refused.contains("the entries do not match the rows"), "{what}: {refused}");
            assert!(tx.commit().await.is_err(), "{what}");
        }
        assert_eq!(user::Entity::find().count(&app.outside).await.unwrap(), 0);
        assert_eq!(audit_entry::Entity::find().count(&app.outside).await.unwrap(), 0);
    }

    async fn a_second_history_of_the_same_seed_is_the_same(app) {
        let plan = Plan::of_entries(2_000);
        fill(app, plan).await.unwrap();
        let mut generated = Vec::new();
        for chapter in generate(plan, 1, app.clock.now(), Chicago).unwrap() {
            generated.extend(chapter.unwrap().history.entries.into_iter().map(|entry| (entry.id, entry.event.description)));
        }
        generated.sort();
        let by_id = audit_entry::Entity::find().order_by_asc(audit_entry::Column::Id);
        let stored = by_id.all(&app.outside).await.unwrap();
        let stored: Vec<_> = stored.into_iter().map(|entry| (entry.id, entry.description)).collect();
        assert_eq!(generated, stored);
    }
}

async fn rows(by: &Client<'_>, path: &str) -> Vec<Json> {
    by.get(path).await.expect(200)["data"].as_array().unwrap().clone()
}

async fn assert_by_type_sums_up(app: &TestApp) {
    let total = audit_entry::Entity::find().count(&app.outside).await.unwrap();
    let mut sum = 0;
    for action in Action::all() {
        sum += count(app, action).await;
    }
    assert_eq!(sum, total);
}

async fn assert_reviews_agree(app: &TestApp) {
    let decisions = review::Entity::find().filter(review::Column::DecisionNumber.is_not_null());
    assert_eq!(count(app, Action::ReviewUpdated).await, decisions.count(&app.outside).await.unwrap());
}

/// Each case's status entries form a chain to its current status, every resumption follows a hold, and the log reproduces the
/// rows.
async fn assert_statuses_chain(app: &TestApp) {
    let entries = audit_entry::Entity::find().filter(audit_entry::Column::ObjectType.is_in(["case", "user"]));
    let entries = entries.order_by_asc(audit_entry::Column::Id).all(&app.outside).await.unwrap();
    let replayed = replay(&entries).unwrap();
    let mut held: HashMap<&str, bool> = HashMap::new();
    for entry in &entries {
        let is_held = held.entry(&entry.object_id).or_default();
        match Action::from_code(&entry.action_type) {
            Some(Action::CaseHeld) => *is_held = true,
            Some(Action::CaseResumed) => assert!(std::mem::take(is_held), "{}", entry.description),
            _ => {}
        }
    }
    let cases = case::Entity::find().all(&app.outside).await.unwrap();
    for case in &cases {
        replayed.ensure_row::<case::Entity>(case).unwrap();
        assert_eq!(held.get(case.id.to_string().as_str()).copied().unwrap_or_default(), case.status == CaseStatus::Hold);
    }
    let statuses: BTreeSet<String> = cases.iter().map(|case| case.status.to_value()).collect();
    assert_eq!(statuses.len(), 8);
}

/// The seven named users can sign in, and no one else.
async fn assert_passwords(app: &TestApp) {
    let users = user::Entity::find().all(&app.outside).await.unwrap();
    let names: HashMap<_, _> = users.into_iter().map(|row| (row.id, row.username)).collect();
    let credentials = credential::Entity::find().all(&app.outside).await.unwrap();
    assert_eq!(credentials.len(), names.len());
    let passwords = Passwords::new(CHEAP).unwrap();
    let mut named = BTreeSet::new();
    for credential in credentials.into_iter().filter(|credential| credential.password_hash.is_some()) {
        let username = names[&credential.user_id].clone();
        assert!(passwords.verify(&password_of(&username), credential.password_hash).await.unwrap(), "{username}");
        assert!(credential.last_login_at.is_some(), "{username}");
        named.insert(username);
    }
    assert_eq!(named, NAMED.iter().map(|name| (*name).to_owned()).collect());
}

/// The next case of a workshop and month gets the next number.
async fn assert_numbers_go_on(app: &TestApp) {
    let counters = case::number::Entity::find().select_only().column(case::number::Column::LastNumber);
    let given: Vec<i32> = counters.into_tuple().all(&app.outside).await.unwrap();
    assert_eq!(given.iter().sum::<i32>(), 400);
    let today = app.clock.now().with_timezone(&Chicago).date_naive();
    let tx = app.write().await;
    let number = case::number::next(&tx, "WS001", today).await.unwrap();
    let taken = case::Entity::find().filter(case::Column::CaseNumber.eq(number.as_str()));
    assert_eq!(taken.count(&tx).await.unwrap(), 0);
    tx.commit().await.unwrap();
}
