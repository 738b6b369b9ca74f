//! The people in the history: their roles and levels, their names, and when they join, change and leave.

use super::calendar::Calendar;
use super::chapter::Recorder;
use super::people::{Arrival, People};
use super::rng::{DemoRng, HistoryPart};
use super::{DemoError, Plan, words};
use chrono::{DateTime, TimeDelta, Utc};
use entity::user::lifecycle::Rights;
use entity::user::{self, Level, Role, Scope};
use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel;
use std::collections::HashMap;
use uuid::Uuid;

/// The users that have a password, ordered by activity.
pub const NAMED: [&str; 7] = ["manager", "tech1", "member1", "tech2", "admin", "tech3", "member2"];
/// An integrator's account.
pub const SERVICE: &str = "service1";

/// In percent.
const ROLES: [(Role, usize); 4] = [(Role::Member, 80), (Role::Technician, 14), (Role::Manager, 4), (Role::Administrator, 2)];
const LEVELS: [(Level, usize); 3] = [(Level::One, 40), (Level::Two, 40), (Level::Three, 20)];
const INACTIVE_PERCENT: usize = 5;
const MEMBERS_A_WORKSHOP: usize = 8;
/// The share of the staff below level 3 that was promoted during the period.
const PROMOTED: f64 = 0.2;

/// A person who has no name yet.
#[derive(Clone, Copy, Debug)]
struct UnnamedPerson {
    role: Role,
    level: Option<Level>,
    username: Option<&'static str>,
    leaves: bool,
}

/// Generates all people and their histories.
pub(super) fn gather(plan: &Plan, seed: u64, calendar: &Calendar, recorder: &mut Recorder) -> Result<People, DemoError> {
    let mut rng = DemoRng::new(seed, HistoryPart::People, 0);
    let parts = parts(plan.users, &mut rng);
    let mut stage = Stage {
        rng,
        calendar,
        recorder,
        people: People::default(),
        taken: HashMap::new(),
        workshops: plan.workshops(),
        has_deleted: false,
    };
    let mut rank = HashMap::new();
    let mut admin = None;
    for (number, part) in parts.iter().enumerate() {
        let id = stage.enter(number, part, admin)?;
        admin = admin.or(Some(id));
        rank.insert(
            id,
            part.username.and_then(|name| NAMED.iter().position(|other| *other == name)).unwrap_or(NAMED.len() + number),
        );
    }
    let admin = admin.ok_or(DemoError::NoSuchPerson)?;
    let service = stage.enter_service(admin)?;
    rank.insert(service, NAMED.len() + parts.len() / 4);
    for part in stage.people.iter().map(|person| (person.id(), person.leaves)).collect::<Vec<_>>() {
        stage.live(part, admin)?;
    }
    let Stage { mut people, .. } = stage;
    people.sort_by_rank(&rank);
    Ok(people)
}

/// The named people first, starting with the administrator, then the others in random order.
fn parts(users: usize, rng: &mut DemoRng) -> Vec<UnnamedPerson> {
    let mut roles = rng.shared(users, &ROLES);
    let technicians = roles.iter().filter(|role| **role == Role::Technician).count();
    let mut levels = rng.shared(technicians, &LEVELS);
    let named = |role, level, username| UnnamedPerson { role, level, username: Some(username), leaves: false };
    let mut parts = vec![
        named(Role::Administrator, None, "admin"),
        named(Role::Manager, None, "manager"),
        named(Role::Technician, Some(Level::One), "tech1"),
        named(Role::Technician, Some(Level::Two), "tech2"),
        named(Role::Technician, Some(Level::Three), "tech3"),
        named(Role::Member, None, "member1"),
        named(Role::Member, None, "member2"),
    ];
    for part in &parts {
        roles.iter().position(|role| *role == part.role).map(|index| roles.swap_remove(index));
        levels.iter().position(|level| Some(*level) == part.level).map(|index| levels.swap_remove(index));
    }
    rng.shuffle(&mut roles);
    let mut inactive = users * INACTIVE_PERCENT / 100;
    let mut leaving_technicians = technicians / 14;
    for role in roles {
        let level = if role == Role::Technician { levels.pop() } else { None };
        // Level 1 technicians stay: the reviews of the demo depend on their work.
        let may_leave = role == Role::Member || level.is_some_and(|level| level != Level::One) && leaving_technicians > 0;
        let leaves = may_leave && inactive > 0;
        inactive -= usize::from(leaves);
        leaving_technicians -= usize::from(leaves && level.is_some());
        parts.push(UnnamedPerson { role, level, username: None, leaves });
    }
    parts
}

struct Stage<'a> {
    rng: DemoRng,
    calendar: &'a Calendar,
    recorder: &'a mut Recorder,
    people: People,
    taken: HashMap<String, u32>,
    workshops: usize,
    /// Whether a user was deleted.
    has_deleted: bool,
}

impl Stage<'_> {
    fn enter(&mut self, number: usize, part: &UnnamedPerson, admin: Option<Uuid>) -> Result<Uuid, DemoError> {
        let at = self.arrival(number, part);
        let (first_name, last_name) = (self.rng.word(words::FIRST_NAMES), self.rng.word(words::LAST_NAMES));
        let username = part.username.map_or_else(|| self.free(first_name, last_name), str::to_owned);
        let workshop = (part.role == Role::Member).then(|| self.workshop(part.username));
        let domain = workshop.as_deref().unwrap_or("casetrail").to_lowercase();
        // A person promoted during the period started one level lower.
        let promoted = part.username.is_none() && !part.leaves && part.level.is_some() && self.rng.chance(PROMOTED);
        let level = if promoted { part.level.map(below) } else { part.level };
        let row = user::ActiveModel {
            id: Set(self.recorder.new_id(at)),
            email: Set(format!("{username}@{domain}.example")),
            username: Set(username),
            first_name: Set(first_name.to_owned()),
            last_name: Set(last_name.to_owned()),
            phone_number: Set(self.rng.chance(0.6).then(|| phone(&mut self.rng))),
            workshop_code: Set(workshop),
            role: Set(part.role),
            user_level: Set(level),
            is_active: Set(true),
            ..Default::default()
        };
        let id = self.arrive(row, part.leaves, admin, at)?;
        if let (Some(admin), Some(to)) = (admin, part.level.filter(|to| Some(*to) != level)) {
            let at = self.later(self.part_of_period(0.2).max(at), 0.6);
            let rights = Rights { role: part.role, user_level: Some(to), scopes: Vec::new() };
            self.people.change(self.recorder, (id, admin, at), Some("passed the examination"), |row| row.change_role(&rights))?;
        }
        Ok(id)
    }

    fn enter_service(&mut self, admin: Uuid) -> Result<Uuid, DemoError> {
        let at = self.calendar.start + TimeDelta::minutes(50);
        let row = user::ActiveModel {
            id: Set(self.recorder.new_id(at)),
            username: Set(SERVICE.to_owned()),
            email: Set(format!("{SERVICE}@integration.example")),
            first_name: Set("Service".to_owned()),
            last_name: Set("One".to_owned()),
            role: Set(Role::Service),
            scopes: Set(Some(Scope::join(&[Scope::Ingest]))),
            is_active: Set(true),
            ..Default::default()
        };
        let id = self.arrive(row, false, Some(admin), at)?;
        let scopes = vec![Scope::Ingest, Scope::AuditRead, Scope::ReportsRead];
        let rights = Rights { role: Role::Service, user_level: None, scopes };
        let granted_at = at + TimeDelta::days(2);
        self.people
            .change(self.recorder, (id, admin, granted_at), Some("feeds the data warehouse"), |row| row.change_role(&rights))?;
        Ok(id)
    }

    fn arrive(&mut self, row: user::ActiveModel, leaves: bool, by: Option<Uuid>, at: DateTime<Utc>) -> Result<Uuid, DemoError> {
        let ip_address = format!("10.{}.{}.{}", self.rng.between(0, 9), self.rng.between(0, 255), self.rng.between(1, 254));
        let user_agent = self.rng.word(words::USER_AGENTS).to_owned();
        self.people.arrive(self.recorder, Arrival { row, leaves, ip_address, user_agent, at }, by)
    }

    /// The events after a person has joined: profile edits, a temporary deactivation, and for some their departure.
    fn live(&mut self, (id, leaves): (Uuid, bool), admin: Uuid) -> Result<(), DemoError> {
        let Some(latest) = self.people.get(id).and_then(|person| person.latest()) else { return Ok(()) };
        let (role, is_named, mut last) = (latest.role, NAMED.contains(&latest.username.as_str()), latest.updated_at);
        if role == Role::Service {
            return Ok(());
        }
        let edits = usize::from(self.rng.chance(0.4)) + usize::from(is_named);
        for _ in 0..edits {
            let by = if self.rng.chance(0.7) { id } else { admin };
            last = self.later(last + TimeDelta::hours(1), 0.85);
            self.edit(id, by, last)?;
        }
        if leaves {
            let at = self.later(last + TimeDelta::hours(1), 1.0);
            let reason = self.rng.word(words::LEAVING_REASONS);
            // The first of them in any case: the demo shows every type of action.
            let is_deleted = self.rng.chance(0.3) || !std::mem::replace(&mut self.has_deleted, true);
            let make = move |row: user::Model| if is_deleted { row.delete(at) } else { row.activate(false) };
            self.people.change(self.recorder, (id, admin, at), Some(reason), make)?;
        } else if role == Role::Member && !is_named && self.rng.chance(0.03) {
            let away_at = self.later(last + TimeDelta::hours(1), 0.9);
            let back_at = away_at + TimeDelta::hours(self.rng.between(20, 200));
            if back_at < self.calendar.now {
                self.people.change(self.recorder, (id, admin, away_at), Some("on leave"), |row| row.activate(false))?;
                self.people.change(self.recorder, (id, admin, back_at), Some("back from leave"), |row| row.activate(true))?;
            }
        }
        Ok(())
    }

    fn edit(&mut self, id: Uuid, by: Uuid, at: DateTime<Utc>) -> Result<(), DemoError> {
        let (phone, name) = (phone(&mut self.rng), self.rng.word(words::LAST_NAMES));
        let marries = self.rng.chance(0.15);
        let make = move |row: user::Model| {
            let mut row = row.into_active_model();
            row.phone_number = Set(Some(phone));
            if marries {
                row.last_name = Set(name.to_owned());
            }
            row
        };
        self.people.change(self.recorder, (id, by, at), None, make)
    }

    /// The staff joins first, one minute apart; most members in the first days, the others one by one.
    fn arrival(&mut self, number: usize, part: &UnnamedPerson) -> DateTime<Utc> {
        let minutes = i64::try_from(number).unwrap_or_default();
        let opening = self.calendar.start + TimeDelta::minutes(minutes.min(45)) + TimeDelta::milliseconds(minutes);
        let is_early = part.role != Role::Member || part.username.is_some();
        let until = if self.rng.chance(0.6) { self.calendar.start + TimeDelta::days(5) } else { self.part_of_period(0.7) };
        let later = self.calendar.within(&mut self.rng, self.calendar.start + TimeDelta::hours(1), until);
        if is_early { opening } else { later }
    }

    /// Some time between a given time and a fraction of the period; the given time itself if that fraction has passed.
    fn later(&mut self, from: DateTime<Utc>, part: f64) -> DateTime<Utc> {
        let until = self.part_of_period(part).max(from);
        self.calendar.within(&mut self.rng, from, until)
    }

    fn part_of_period(&self, part: f64) -> DateTime<Utc> {
        let period = self.calendar.now - self.calendar.start;
        self.calendar.start + super::rng::days(part * period.as_seconds_f64() / 86_400.0)
    }

    fn workshop(&mut self, username: Option<&str>) -> String {
        let workshops = i64::try_from(self.workshops).unwrap_or(1);
        let number = match username {
            Some("member1") => 1,
            Some(_) => 2,
            None => self.rng.between(1, workshops),
        };
        format!("WS{number:03}")
    }

    /// A username that is not used yet.
    fn free(&mut self, first_name: &str, last_name: &str) -> String {
        let name = format!("{first_name}.{last_name}").to_lowercase();
        let taken = self.taken.entry(name.clone()).or_default();
        *taken += 1;
        if *taken == 1 { name } else { format!("{name}{taken}") }
    }
}

impl Plan {
    /// The number of workshops the members belong to.
    pub(super) fn workshops(&self) -> usize {
        (self.users / MEMBERS_A_WORKSHOP).clamp(2, 999)
    }
}

fn below(level: Level) -> Level {
    match level {
        Level::Three => Level::Two,
        Level::Two | Level::One => Level::One,
    }
}

fn phone(rng: &mut DemoRng) -> String {
    format!("312-555-{:04}", rng.between(100, 9_999))
}
