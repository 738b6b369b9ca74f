//! The marked tables of docs/domain.md are what the code says; a table that is stale fails with the text to put in its place.

use crate::app::{EVENTS, TestApp, incomplete};
use chrono::{DateTime, Utc};
use entity::audit::{Action, ChangeType, SystemEvent, key::Word};
use entity::case::lifecycle::{Acceptance, Decision, Edit, Hold, HoldChange, Release};
use entity::case::{ActiveModel, CaseAction, CaseRefusal, CaseStatus, Model, RejectionReason, ReviewStatus, Tier, Urgency};
use entity::user::{self, Caller, Role};
use sea_orm::{IntoActiveModel, Iterable};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use uuid::Uuid;

const PAGE: &str = "docs/domain.md";

/// A table as Markdown has it.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = line(head.iter().map(|cell| (*cell).to_owned()).collect()) + "|" + &"---|".repeat(head.len()) + "\n";
    head + &rows.map(line).collect::<String>()
}

fn ensure_in_page(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let page = std::fs::read_to_string(&path).expect("the page");
    let begin = format!("<!-- generated: {name} -->\n");
    let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{PAGE} has no {begin}"));
    let (there, _) = rest.split_once("<!-- end -->").expect("an end");
    assert!(there == expected, "{PAGE} is stale; between the marks of {name} belongs\n{expected}");
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

fn list(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// How a word is spelled on the wire.
fn spelled(word: &Json) -> String {
    word.as_str().expect("a word").to_owned()
}

fn codes(actions: impl Iterator<Item = Action>) -> String {
    list(actions.map(|action| code(action.code())))
}

#[test]
fn the_action_types_are_those_of_the_catalogue() {
    let rows = Action::all().map(|action| {
        let key = |word: &Word| code(word.name) + if word.may_be_null { "?" } else { "" };
        vec![
            code(action.code()),
            action.label().to_owned(),
            action.category().code().to_owned(),
            spelled(&json!(action.origin())),
            spelled(&json!(action.capture())),
            list(action.required_metadata().iter().map(key)),
            list(action.optional_metadata().iter().map(key)),
        ]
    });
    let head = ["code", "label", "category", "origin", "capture", "metadata", "in some entries"];
    ensure_in_page("action-types", &table(&head, rows));
}

#[test]
fn the_change_types_have_the_catalogues_actions() {
    let rows = ChangeType::all().map(|kind| vec![code(kind.code()), codes(kind.actions())]);
    ensure_in_page("change-types", &table(&["change type", "action types"], rows));
}

#[test]
fn the_system_event_groups_have_the_catalogues_actions() {
    let rows = SystemEvent::all().map(|group| vec![code(group.code()), group.label().to_owned(), codes(group.actions())]);
    ensure_in_page("system-event-groups", &table(&["group", "label", "action types"], rows));
}

/// That each entry's value is in the table is checked after every test.
#[test]
fn the_events_of_the_table_are_those_of_the_code() {
    let sources: String = ["entity/src", "api/src"].iter().map(|folder| text_below(&root().join(folder))).collect();
    let listed: BTreeSet<&str> = EVENTS.values().flatten().map(String::as_str).collect();
    for event in listed.iter().filter(|event| !["manual", "scheduler", "trigger"].contains(event)) {
        assert!(sources.contains(&format!("\"{event}\"")), "{PAGE} lists `{event}`, which no entry has");
    }
    for named in ["EVENT = \"", "EVENT, \""] {
        for event in sources.split(named).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(listed.contains(event), "the table of `event` in {PAGE} lacks `{event}`");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sources in a folder and those below it.
fn text_below(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => text_below(&path),
        Some(extension) if extension == "rs" => std::fs::read_to_string(&path).expect("a source"),
        Some(_) | None => String::new(),
    };
    entries.map(text).collect()
}

on_each_database! {
    async fn the_actions_on_a_case_are_those_of_its_state_machine(app) {
        let people = People::new(app).await;
        let case = app.a_case().owned_by(&people.member).accepted().assigned_to(&people.assignee).create().await.case;
        let now = app.clock.now();
        let rows = CaseAction::iter().map(|action| {
            let (from, to) = (from(action), to(action, &case, &people, now));
            [vec![code(&spelled(&json!(action))), from, to], permitted_callers(action, &case, &people)].concat()
        });
        let callers = ["owning member", "assigned technician", "other technician", "manager", "administrator"];
        let head = [&["action", "from", "to"][..], &callers].concat();
        ensure_in_page("case-actions", &table(&head, rows));
    }
}

/// Those who may do something to a case: its member, the technicians with it and without, and those who manage cases.
struct People {
    member: user::Model,
    beginner: user::Model,
    experienced: user::Model,
    assignee: user::Model,
    manager: user::Model,
    administrator: user::Model,
}

impl People {
    async fn new(app: &TestApp) -> Self {
        Self {
            member: app.user("member1", Role::Member, None).await,
            beginner: app.tech(1).await,
            experienced: app.tech(2).await,
            assignee: app.tech(3).await,
            manager: app.user("manager", Role::Manager, None).await,
            administrator: app.user("admin", Role::Administrator, None).await,
        }
    }
}

fn statuses(statuses: &[CaseStatus]) -> String {
    let others: Vec<CaseStatus> = CaseStatus::iter().filter(|status| !statuses.contains(status)).collect();
    match others.as_slice() {
        [] => "any".to_owned(),
        [other] => format!("any but {}", code(other.code())),
        _ => list(statuses.iter().map(|status| code(status.code()))),
    }
}

fn from(action: CaseAction) -> String {
    let (member, staff) = (action.allowed_from(Role::Member), action.allowed_from(Role::Administrator));
    for role in [Role::Technician, Role::Manager] {
        assert_eq!(action.allowed_from(role), staff, "the staff has one column for {action:?}");
    }
    if member == staff { statuses(staff) } else { format!("members: {}; staff: {}", statuses(member), statuses(staff)) }
}

/// The move is tried from every status, and has to be possible from those it is allowed from.
fn to(action: CaseAction, case: &Model, people: &People, now: DateTime<Utc>) -> String {
    let allowed_from = action.allowed_from(Role::Administrator);
    let mut reached = Vec::new();
    let mut is_deleted = false;
    for status in CaseStatus::iter() {
        let case = Model { status, ..case.clone() };
        for outcome in outcomes(action, &case, people, now) {
            assert_eq!(outcome.is_ok(), allowed_from.contains(&status), "{action:?} from {status:?}: {outcome:?}");
            let Ok(row) = outcome else { continue };
            is_deleted |= row.deleted_at.is_set();
            if row.status.is_set() {
                reached.push(row.status.unwrap());
            }
        }
    }
    let reached: Vec<CaseStatus> = CaseStatus::iter().filter(|status| reached.contains(status)).collect();
    match (is_deleted, reached.is_empty()) {
        (true, _) => "deleted".to_owned(),
        (false, true) => "unchanged".to_owned(),
        (false, false) => statuses(&reached),
    }
}

/// Each way in which the move can end.
fn outcomes(action: CaseAction, case: &Model, people: &People, now: DateTime<Utc>) -> Vec<Result<ActiveModel, CaseRefusal>> {
    let row = || case.clone();
    let (assignee, by) = (&people.assignee, people.manager.id);
    let administrator = Caller::new(&people.administrator, Uuid::nil());
    let terms = Acceptance { tier: Tier::One, credit_tenths: 10, assignee, accepted_by: by, override_level: false };
    let decided = |status| Decision { status, notes: Some("why"), reviewer: by, release: Release::Now };
    match action {
        CaseAction::Submit => vec![row().submit(Urgency::Normal, false, now)],
        CaseAction::Accept => vec![row().accept(terms, now)],
        CaseAction::Reject => vec![row().reject(RejectionReason::Other, "why", by, now)],
        CaseAction::Assign => vec![row().assign(None, false)],
        CaseAction::Take => vec![row().take(assignee)],
        CaseAction::Tier => vec![row().change_tier(Tier::Two, Some(assignee), false)],
        CaseAction::Hold => vec![row().hold(Hold::new("why", None), now)],
        CaseAction::ChangeHold => vec![row().change_hold(HoldChange::default())],
        CaseAction::Resume => vec![row().resume()],
        CaseAction::Edit => vec![row().edit(Edit::default(), |_| Urgency::Normal, &administrator, now)],
        CaseAction::Credit => vec![row().adjust_credit(20)],
        CaseAction::Complete => {
            let by_level = [&people.beginner, assignee];
            by_level.map(|assignee| row().complete(incomplete(assignee, Release::Now), now)).into()
        }
        CaseAction::Review => ReviewStatus::iter().map(|status| row().decide(decided(status), now)).collect(),
        CaseAction::Release => vec![row().release(now)],
        // Of a completed case its member knows once it is released.
        CaseAction::Resubmit => vec![Model { released_at: Some(now), ..row() }.resubmit(None, 1, None, now)],
        CaseAction::Reopen => vec![row().reopen(Some(assignee))],
        // They change no column of the case.
        CaseAction::AcknowledgeUpdates | CaseAction::Upload | CaseAction::Comment => {
            vec![row().ensure_state(action, Role::Administrator).map(|()| row().into_active_model())]
        }
        CaseAction::ChangeMember => vec![row().change_member(people.beginner.id)],
        CaseAction::Delete => vec![row().delete(&administrator, now)],
    }
}

fn permitted_callers(action: CaseAction, case: &Model, people: &People) -> Vec<String> {
    let may = |who: &user::Model, case: &Model| action.permits(&Caller::new(who, Uuid::nil()), case);
    let yes = |who| if may(who, case) { "yes" } else { "" };
    let unassigned = Model { assigned_to_id: None, ..case.clone() };
    let others = match [&people.beginner, &people.experienced].map(|who| may(who, case)) {
        [true, true] => "yes",
        [false, true] => "from level 2",
        _ if may(&people.beginner, &unassigned) => "if unassigned",
        _ => "",
    };
    let columns = [yes(&people.member), yes(&people.assignee), others, yes(&people.manager), yes(&people.administrator)];
    columns.map(str::to_owned).into()
}
