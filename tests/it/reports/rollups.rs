//! Reports read the same figures from the rollups as from the log, at every moment of sealing; and they do read the rollups.

use crate::app::{Client, Scene, TestApp, at};
use chrono::TimeDelta;
use chrono_tz::America::Chicago;
use entity::audit::{Action, Actor, AuditTx, Context, Event, Outcome};
use entity::audit_entry;
use entity::ledger;
use entity::page::Direction;
use entity::period::{Bound, IdRange, Interval, Period, PeriodQuery, Seen};
use entity::report::activity_summary::activity_summary;
use entity::report::case_changes::{CaseChangesCriteria, case_changes};
use entity::report::system_events::{self, SystemEventsCriteria, system_events};
use entity::report::user_activity::user_activity;
use entity::report::user_list::{UserListCriteria, user_list};
use entity::report::{self, CaseScope, ListedEntry, ReportPage};
use entity::user::{Person, Role};
use futures_util::future::join_all;
use futures_util::join;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, Statement};
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// How long the service is written to, sealed and compared at the same time.
const LASTS: Duration = Duration::from_secs(3);
const INSTANTS_MIN: u32 = 8;
const WRITERS: usize = 16;

/// Days on which something happens: a month ends, and the clocks of Chicago change on two of them.
const DAYS: [&str; 7] = [
    "2026-12-01T15:00:00Z",
    "2027-02-01T05:59:59.999Z",
    "2027-02-01T06:00:00Z",
    "2027-03-14T05:59:59.999Z",
    "2027-03-14T06:00:00Z",
    "2027-03-15T04:59:59.999Z",
    "2027-03-15T05:00:00Z",
];

/// Two cases change and the log is read around midnight, each time.
async fn live_through_the_days(app: &TestApp) {
    for (number, day) in DAYS.into_iter().enumerate() {
        app.clock.set(at(day).max(app.clock.now()));
        app.a_case().held().create().await;
        app.a_case().accepted().create().await;
        // In other pages each time, which are not folded into one entry.
        app.as_manager().await.get(&format!("audit-log?limit={}", number + 10)).await.expect(200);
    }
    app.pass(TimeDelta::hours(30));
}

fn periods() -> Vec<PeriodQuery> {
    let day = |text: &str| Some(Bound::Day(text.parse().unwrap()));
    let instant = |text: &str| Some(Bound::Instant(at(text)));
    let between = |since, until| PeriodQuery { since, until, all_time: false };
    vec![
        between(day("2027-03-01"), None),
        between(day("2027-03-14"), day("2027-03-14")),
        between(day("2027-03-13"), day("2027-03-15")),
        between(instant("2027-03-14T05:00:00Z"), instant("2027-03-15T05:00:00Z")),
        between(instant("2027-03-14T06:00:00.001Z"), instant("2027-03-15T05:00:00.001Z")),
        between(instant("2026-12-01T15:00:00Z"), day("2027-03-14")),
        between(day("2026-11-15"), day("2027-02-01")),
        between(day("2027-02-01"), day("2027-02-28")),
        between(instant("2027-01-31T06:00:00.001Z"), None),
        between(instant("2027-03-14T05:59:59.999Z"), instant("2027-03-14T06:00:00Z")),
        // The last one, whose statements are looked at.
        PeriodQuery { all_time: true, ..PeriodQuery::default() },
    ]
}

/// Without the sequences, which entries only get when they are sealed.
fn unsealed(mut entries: Vec<ListedEntry>) -> Vec<ListedEntry> {
    entries.iter_mut().for_each(|entry| entry.sequence = None);
    entries
}

/// All reports of a period, without what they show of the present.
async fn read(db: &DatabaseTransaction, period: &Period, user_id: Uuid, case_id: Uuid) -> Vec<String> {
    let paging = ReportPage { after: None, direction: Direction::Descending, limit: 20 };
    let day = Interval::Day;
    let on = |cases: CaseScope, actor_id| CaseChangesCriteria { cases, change_types: Vec::new(), actor_id };
    let one = CaseScope { case_id: Some(case_id), ..CaseScope::default() };
    let workshop = CaseScope { workshop_code: Some("WS001".to_owned()), ..CaseScope::default() };
    let mut activity = user_activity(db, period, day, user_id, &paging).await.unwrap();
    activity.entries = unsealed(activity.entries);
    let mut read = vec![
        format!("{:#?}", activity_summary(db, period, day).await.unwrap()),
        format!("{activity:#?}"),
        format!("{:#?}", user_list(db, period, &UserListCriteria::default(), &paging).await.unwrap()),
    ];
    for filters in
        [on(CaseScope::default(), None), on(CaseScope::default(), Some(user_id)), on(one, Some(user_id)), on(workshop, None)]
    {
        let mut changes = case_changes(db, period, day, &filters, &paging).await.unwrap();
        changes.entries = unsealed(changes.entries);
        read.push(format!("{changes:#?}"));
        read.push(report::count(db, period, &filters.list()).await.unwrap().to_string());
    }
    let filters = SystemEventsCriteria::default();
    let events = system_events(db, period, day, period.as_of, &filters, &paging).await.unwrap();
    read.push(format!(
        "{:#?}",
        (events.total_events, events.by_action_type, events.access, events.access_total, events.timeseries)
    ));
    read
}

/// What the cursors of a first page that is read now pin: with how much of the log was sealed, and without it, so that later
/// pages are read from the log alone.
async fn pinned<C: ConnectionTrait>(app: &TestApp, db: &C) -> [Option<Seen>; 2] {
    let seen = Seen::read(db, app.clock.now()).await.unwrap();
    assert!(seen.ledger().is_some());
    [seen.ledger(), None].map(|ledger| Seen::from_numbers(&seen.numbers(), ledger))
}

/// Compares all reports of all periods with those that are read from the log alone.
async fn expect_agreement(app: &TestApp, user_id: Uuid, case_id: Uuid) {
    expect_agreement_in(app, periods(), user_id, case_id).await;
}

async fn expect_agreement_in(app: &TestApp, periods: Vec<PeriodQuery>, user_id: Uuid, case_id: Uuid) {
    let db = app.app.snapshot().await.unwrap();
    let now = app.clock.now();
    let [_, seen] = pinned(app, &db).await;
    let first = report::first_entry_at(&db).await.unwrap();
    for asked in periods {
        let period = Period::new(asked, first, now, Chicago).unwrap();
        let from_log = read(&db, &Period { seen, ..period }, user_id, case_id).await;
        app.statements();
        let counted = read(&db, &period, user_id, case_id).await;
        for (counted, from_log) in counted.iter().zip(&from_log) {
            assert_eq!(counted, from_log, "{period:?}");
        }
        assert_eq!(counted.len(), from_log.len());
    }
}

/// Holds and resumes a case in turn, and returns how often. A write that finds no place in time changes nothing.
async fn hold_and_resume(by: &Client<'_>, case: &Scene, is_over: &AtomicBool) -> u64 {
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        let action = if count % 2 == 0 { "hold" } else { "resume" };
        let answer = by.post(&case.url(action), json!({"reason": "waiting"})).await;
        count += u64::from(answer.status() == 200);
        assert!([200, 503].contains(&answer.status()), "{}", answer.text);
    }
    count
}

/// Seals small batches, half of which may be killed at any point; how many entries were sealed, and how many sealers were killed.
async fn seal_and_be_killed(app: &TestApp, is_over: &AtomicBool) -> (u64, u64) {
    let (mut sealed, mut killed) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        let is_short = rand::random_range(0..2) == 0;
        let lives = Duration::from_micros(if is_short { rand::random_range(200..30_000) } else { 5_000_000 });
        match timeout(lives, ledger::seal(app.app.db(), 20)).await {
            Ok(Ok(batch)) => sealed += batch.entries,
            _ => killed += 1,
        }
    }
    (sealed, killed)
}

/// Compares the reports of a random period with the log, again and again, until the time is over.
async fn compare_at_random_instants(app: &TestApp, user_id: Uuid, case_id: Uuid, is_over: &AtomicBool) {
    let (until, mut instants) = (Instant::now() + LASTS, 0);
    while Instant::now() < until || instants < INSTANTS_MIN {
        let mut periods = periods();
        let period = periods.swap_remove(rand::random_range(0..periods.len()));
        expect_agreement_in(app, vec![period], user_id, case_id).await;
        let db = app.app.snapshot().await.unwrap();
        let period = Period::new(PeriodQuery::default(), None, app.clock.now(), Chicago).unwrap();
        let paging = ReportPage { after: None, direction: Direction::Descending, limit: 1 };
        let filters = SystemEventsCriteria::default();
        let events = system_events(&db, &period, Interval::Day, period.as_of, &filters, &paging).await.unwrap();
        let entries = audit_entry::Entity::find().count(&db).await.unwrap();
        assert_eq!(u64::try_from(events.health.audit_entries_total), Ok(entries));
        db.commit().await.unwrap();
        instants += 1;
        sleep(Duration::from_millis(rand::random_range(0..40))).await;
    }
    is_over.store(true, Ordering::Relaxed);
}

fn read_rollups(app: &TestApp) -> bool {
    let sent = app.statements();
    let by_actor = ["ledger_actor_days", "ledger_actor_months", "ledger_actor_totals"];
    ["ledger_type_days", "ledger_case_days"].into_iter().chain(by_actor).all(|table| sent.iter().any(|sql| sql.contains(table)))
}

/// The total of a range by the rollups.
async fn total(app: &TestApp, ids: IdRange, actions: Option<Vec<Action>>, actor_id: Option<Uuid>) -> Option<u64> {
    let db = app.app.snapshot().await.unwrap();
    ledger::counted_total(&db, ids, actions, vec![Outcome::Success], actor_id).await.unwrap()
}

/// As if the entries up to one were from before the ledger, and sealing them had not ended.
#[expect(clippy::disallowed_methods, reason = "the ledger's state is the sealer's alone")]
async fn go_back_to_history(app: &TestApp, last: Uuid) {
    let sql = "UPDATE ledger_state SET history_done = false, history_after = $1";
    let update = Statement::from_sql_and_values(app.outside.get_database_backend(), sql, [last.into()]);
    app.outside.execute_raw(update).await.unwrap();
}

on_each_database! {
    async fn reports_agree_with_the_log_at_every_moment_of_sealing(app) {
        live_through_the_days(app).await;
        let (tech, case) = (app.tech(1).await.id, app.a_case().held().create().await.case.id);
        // Nothing is sealed.
        expect_agreement(app, tech, case).await;
        assert!(!read_rollups(app));
        // Everything is sealed.
        app.seal().await;
        expect_agreement(app, tech, case).await;
        assert!(read_rollups(app));
        // Some is pending, of today and of days that the rollups have.
        app.a_case().held().create().await;
        app.clock.set(at("2027-03-14T12:00:00Z"));
        app.a_case().held().create().await;
        app.clock.set(at("2027-03-16T12:00:00Z"));
        expect_agreement(app, tech, case).await;
        assert!(read_rollups(app));
        app.seal().await;
        expect_agreement(app, tech, case).await;
    }

    async fn reports_are_read_from_the_log_until_the_rollups_have_the_days_of_a_new_time_zone(app) {
        live_through_the_days(app).await;
        app.seal().await;
        let (tech, case) = (app.tech(1).await.id, app.a_case().held().create().await.case.id);
        expect_agreement(app, tech, case).await;
        assert!(read_rollups(app));
        let by = app.as_manager().await;
        let path = "reports/activity-summary?since=2027-03-01&until=2027-03-15";
        let chicago = by.get(path).await.expect(200);

        app.as_admin().await.patch("settings", json!({"time_zone": "Asia/Tokyo"})).await.expect(200);

        app.statements();
        let tokyo = by.get(path).await.expect(200);
        assert!(app.statements().iter().all(|sql| !sql.contains("ledger_type_days AS rolled")));
        let zones = [&chicago, &tokyo].map(|report| report["period"]["time_zone"].as_str().unwrap());
        assert_eq!(zones, ["America/Chicago", "Asia/Tokyo"]);
        let entries = app.all_entries().await;
        let within = |entry: &&Json| {
            let occurred_at = entry["occurred_at"].as_str().unwrap();
            entry["outcome"] == "success" && ("2027-02-28T15:00"..="2027-03-15T14:59:59.999Z").contains(&occurred_at)
        };
        assert_eq!(tokyo["summary"]["total_activities"], entries.iter().filter(within).count());
    }

    async fn a_total_of_whole_days_comes_from_the_rollups(app) {
        live_through_the_days(app).await;
        let tech = app.tech(1).await.id;
        let all = PeriodQuery::default().ids(Chicago).unwrap();
        assert_eq!(total(app, all, None, None).await, None, "there are no rollups yet");
        app.seal().await;
        // This one is pending.
        app.a_case().held().create().await;
        let entries = app.all_entries().await;
        let done = |keep: &dyn Fn(&Json) -> bool| {
            Some(entries.iter().filter(|entry| entry["outcome"] == "success" && keep(entry)).count() as u64)
        };
        assert_eq!(total(app, all, None, None).await, done(&|_| true));
        let held = Some(vec![Action::CaseHeld]);
        assert_eq!(total(app, all, held.clone(), None).await, done(&|entry| entry["action_type"] == "case_held"));
        assert_eq!(total(app, all, held, Some(tech)).await, done(&|entry| {
            entry["action_type"] == "case_held" && entry["actor"]["id"] == tech.to_string()
        }));
        assert_eq!(total(app, all, Some(Vec::new()), None).await, Some(0));
        let day = PeriodQuery { since: Some(Bound::Day("2027-03-14".parse().unwrap())), ..PeriodQuery::default() };
        let from = "2027-03-14T06:00:00.000Z";
        let since = day.ids(Chicago).unwrap();
        assert_eq!(total(app, since, None, None).await, done(&|entry| entry["occurred_at"].as_str().unwrap() >= from));
        // A part of a day with entries before and behind it.
        let part = PeriodQuery { since: Some(Bound::Instant(at("2027-03-14T06:00:00.001Z"))), ..PeriodQuery::default() };
        assert_eq!(total(app, part.ids(Chicago).unwrap(), None, None).await, None);
        // A later page, by its cursor and by one of a version that did not pin the ledger.
        let [seen, older] = pinned(app, &app.app.snapshot().await.unwrap()).await;
        app.a_case().held().create().await;
        for seals in 0..2 {
            assert_eq!(total(app, IdRange { seen, ..all }, None, None).await, done(&|_| true), "{seals}");
            assert_eq!(total(app, IdRange { seen: older, ..all }, None, None).await, None);
            app.seal().await;
        }
    }

    async fn later_pages_have_the_figures_of_the_first_whatever_is_sealed_since(app) {
        live_through_the_days(app).await;
        let tech = app.tech(1).await;
        let case = app.a_case().assigned_to(&tech).held().create().await;
        let (by, reader) = (app.as_user(&tech).await, app.as_manager().await);
        reader.get("reports/case-changes").await.expect(200);
        app.seal().await;
        app.seal().await;
        by.post(&case.url("resume"), json!({"reason": "it came"})).await.expect(200);

        let db = app.app.snapshot().await.unwrap();
        let (now, [seen, from_log]) = (app.clock.now(), pinned(app, &db).await);
        let oldest = report::first_entry_at(&db).await.unwrap();
        let mut first = Vec::new();
        for asked in periods() {
            let period = Period::new(asked, oldest, now, Chicago).unwrap();
            first.push((period, read(&db, &period, tech.id, case.case.id).await));
        }
        db.commit().await.unwrap();

        for step in 0..4 {
            match step {
                // Hardly anything more is written, but what was pending is sealed.
                0 => {}
                // By the same actor on the same case, by others on others, and what reads the log.
                1 => {
                    by.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
                    reader.get("reports/case-changes?limit=3").await.expect(200);
                    reader.get("reports/system-events").await.expect(200);
                    app.a_case().held().create().await;
                }
                // On the next day, and by a replica whose clock is late.
                2 => {
                    app.pass(TimeDelta::days(1));
                    app.a_case().held().create().await;
                    app.as_manager().await.get("reports/case-changes?limit=4").await.expect(200);
                }
                _ => {
                    app.clock.set(now - TimeDelta::minutes(30));
                    app.a_case().held().create().await;
                    let by = app.as_user(&tech).await;
                    by.post(&case.url("resume"), json!({"reason": "it came"})).await.expect(200);
                }
            }
            for is_sealed in [false, true] {
                if is_sealed {
                    app.seal().await;
                }
                let db = app.app.snapshot().await.unwrap();
                for (period, first) in &first {
                    let by_log = read(&db, &Period { seen: from_log, ..*period }, tech.id, case.case.id).await;
                    app.statements();
                    let by_ledger = read(&db, &Period { seen, ..*period }, tech.id, case.case.id).await;
                    // The activity summary, which is the first of them, has no pages.
                    for ((first, by_log), by_ledger) in first.iter().zip(&by_log).zip(&by_ledger).skip(1) {
                        assert_eq!(first, by_log, "{step} {is_sealed} {period:?}");
                        assert_eq!(first, by_ledger, "{step} {is_sealed} {period:?}");
                    }
                }
                db.commit().await.unwrap();
            }
        }
        assert!(read_rollups(app), "the last period has whole days");
    }

    async fn figures_are_exact_at_random_instants_while_sixteen_write_and_sealers_are_killed(app) {
        live_through_the_days(app).await;
        app.seal().await;
        app.seal().await;
        let (tech, mut cases) = (app.tech(1).await, Vec::new());
        for _ in 0..WRITERS {
            cases.push(app.a_case().assigned_to(&tech).accepted().create().await);
        }
        let (by, is_over) = (app.as_user(&tech).await, AtomicBool::new(false));
        let writers = join_all(cases.iter().map(|case| hold_and_resume(&by, case, &is_over)));
        let sealer = seal_and_be_killed(app, &is_over);
        let reader = compare_at_random_instants(app, tech.id, cases[0].case.id, &is_over);
        let (written, (sealed, killed), ()) = join!(writers, sealer, reader);
        assert!(written.iter().sum::<u64>() > 0 && sealed > 0 && killed > 0, "{written:?} {sealed} {killed}");
        app.statements();
        app.seal().await;
        expect_agreement(app, tech.id, cases[0].case.id).await;
        assert!(read_rollups(app));
    }

    async fn who_read_what_is_bounded_and_has_its_true_total(app) {
        let reader = Person::new(&app.user("reader", Role::Manager, None).await);
        for _ in 0..2 {
            let context = Context { actor: Actor::Person(reader.clone()), ..Context::job(Uuid::now_v7()) };
            let tx = AuditTx::begin(app.app.db(), context).await.unwrap();
            for number in 0..system_events::ACCESS_MAX + 20 {
                tx.record(Event::report_generated(&format!("report_{number:03}"), json!({}), 0)).await.unwrap();
            }
            tx.record(Event::report_generated("report_119", json!({}), 0)).await.unwrap();
            tx.commit().await.unwrap();
            app.seal().await;
        }
        let by = app.as_manager().await;
        let report = by.get("reports/system-events").await.expect(200);
        let access = report["access"].as_array().unwrap();
        assert_eq!((access.len(), &report["access_total"]), (system_events::ACCESS_MAX, &json!(120)));
        assert_eq!((&access[0]["view_type"], &access[0]["count"]), (&json!("report_119"), &json!(4)));
        assert_eq!((&access[1]["view_type"], &access[1]["count"]), (&json!("report_000"), &json!(2)));
        assert_eq!((&access[1]["username"], &access[1]["user_id"]), (&json!("reader"), &json!(reader.id)));
        let entries = app.all_entries().await.len() - 1;
        assert_eq!(report["health"]["audit_entries_total"], entries, "all but the entry about this reading");
    }

    async fn the_number_of_all_entries_is_exact_while_the_history_is_sealed(app) {
        app.a_case().held().create().await;
        app.seal().await;
        let last = app.all_entries().await.pop().unwrap();
        let last: Uuid = last["id"].as_str().unwrap().parse().unwrap();
        go_back_to_history(app, last).await;
        app.pass(TimeDelta::hours(1));
        app.a_case().held().create().await;
        // Of a replica whose clock is late.
        app.clock.set(at("2026-12-01T14:00:00Z"));
        app.a_case().held().create().await;

        let db = app.app.snapshot().await.unwrap();
        let period = Period::new(PeriodQuery::default(), None, app.clock.now(), Chicago).unwrap();
        let paging = ReportPage { after: None, direction: Direction::Descending, limit: 1 };
        let filters = SystemEventsCriteria::default();
        let events = system_events(&db, &period, Interval::Day, period.as_of, &filters, &paging).await.unwrap();
        assert_eq!(events.health.audit_entries_total, app.all_entries().await.len() as i64);
        assert_eq!(events.health.oldest_entry_at, Some(at("2026-12-01T14:00:00Z")));
        assert!(app.statements().iter().all(|sql| !sql.contains("AS rolled")));
    }
}
