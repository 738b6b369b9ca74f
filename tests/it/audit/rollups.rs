//! The rollups equal a naive recount of the sealed entries at any time: while entries are written and sealed, on days with other
//! than 24 hours, and while they are counted again in another time zone.
#![expect(clippy::disallowed_methods, reason = "one of these tests plays a newer version")]

use crate::app::{TestApp, at, rollups_equal_a_recount};
use chrono::TimeDelta;
use entity::audit::Event;
use entity::job::JobRun;
use entity::ledger;
use entity::ledger::rollup::{Generation, rebuild_step, start_rebuild, type_day};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

/// What happens between two comparisons.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write(Kind),
    /// So many minutes pass.
    Pass(i64),
    /// The settings' time zone changes.
    Move(&'static str),
    Seal,
    Rebuild,
    /// An operator requests that all entries are counted again.
    Request,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// By a manager, about a case.
    Hold,
    /// By an anonymous caller, failed.
    SignIn,
    /// With a topic.
    Read,
    /// Denied.
    Refused,
    /// By the system.
    Job,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Kind as K;
    let zones = ["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "UTC"];
    let step = prop_oneof![
        6 => select(vec![K::Hold, K::SignIn, K::Read, K::Refused, K::Job]).prop_map(Step::Write),
        3 => (1..900_i64).prop_map(Step::Pass),
        1 => select(zones.to_vec()).prop_map(Step::Move),
        4 => Just(Step::Seal),
        3 => Just(Step::Rebuild),
        1 => Just(Step::Request),
    ];
    proptest::collection::vec(step, 60)
}

async fn take(app: &TestApp, step: Step) {
    match step {
        Step::Write(kind) => write(app, kind).await,
        Step::Pass(minutes) => app.pass(TimeDelta::minutes(minutes)),
        Step::Move(zone) => drop(app.as_admin().await.patch("settings", json!({"time_zone": zone})).await.expect(200)),
        Step::Seal => {
            app.seal().await;
        }
        Step::Rebuild => drop(rebuild_step(app.app.db()).await.unwrap()),
        Step::Request => drop(start_rebuild(app.app.db()).await.unwrap()),
    }
}

async fn write(app: &TestApp, kind: Kind) {
    match kind {
        Kind::Hold => {
            let case = app.a_case().accepted().create().await;
            app.as_manager().await.post(&case.url("hold"), json!({"reason": "pay stub missing"})).await.expect(200);
        }
        Kind::SignIn => {
            let wrong = json!({"username": "ada", "password": "wrong horse battery"});
            // After many failures it has to wait, which leaves an entry too.
            app.as_anonymous().post("auth/login", wrong).await;
        }
        Kind::Read => drop(app.as_manager().await.get("reports/activity-summary").await.expect(200)),
        Kind::Refused => {
            app.as_manager().await.post("jobs/check_expired_holds/run", json!({})).await.expect_problem(403, "forbidden");
        }
        Kind::Job => runs(app, 1).await,
    }
}

/// So many runs of a job, each with an entry.
async fn runs(app: &TestApp, count: usize) {
    let tx = app.write().await;
    for _ in 0..count {
        tx.record(Event::cron_job_executed("check_expired_holds", &JobRun::scheduled(1, 0, None, 5))).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn rebuilt(app: &TestApp) {
    while rebuild_step(app.app.db()).await.unwrap() {}
}

on_each_database! {
    async fn rollups_equal_a_recount_whatever_happens_in_between(app) {
        // Daylight saving time begins in Chicago and Havana on the next day, and two weeks later in Berlin.
        app.clock.set(at("2027-03-13T20:00:00Z"));
        let steps = steps().new_tree(&mut TestRunner::default()).unwrap().current();
        println!("{steps:?}");
        for step in steps {
            take(app, step).await;
            rollups_equal_a_recount(app).await;
        }
        app.seal().await;
        rebuilt(app).await;
        rollups_equal_a_recount(app).await;
        let state = ledger::state(&app.outside).await.unwrap();
        assert!(state.is_ready(&state.settings_zone), "{} {}", state.zone, state.settings_zone);
    }

    async fn after_a_change_of_the_time_zone_all_entries_are_counted_again_beside_the_rows_that_are_read(app) {
        app.clock.set(at("2026-12-02T03:00:00Z"));
        runs(app, 1_100).await;
        app.seal().await;
        rebuilt(app).await;
        let before = ledger::state(&app.outside).await.unwrap();
        assert_eq!((before.generation, before.zone.as_str()), (1, "America/Chicago"));
        app.as_admin().await.patch("settings", json!({"time_zone": "Asia/Tokyo"})).await.expect(200);

        // A generation is begun, and entries are sealed meanwhile.
        assert!(rebuild_step(app.app.db()).await.unwrap());
        runs(app, 10).await;
        app.seal().await;
        let meanwhile = ledger::state(&app.outside).await.unwrap();
        assert_eq!((meanwhile.generation, meanwhile.building, meanwhile.zone.as_str()), (1, Some(2), "America/Chicago"));
        assert!(!meanwhile.is_ready("Asia/Tokyo"), "its days are not those of the settings");
        rollups_equal_a_recount(app).await;

        rebuilt(app).await;
        let after = ledger::state(&app.outside).await.unwrap();
        assert_eq!((after.generation, after.building, after.zone.as_str()), (2, None, "Asia/Tokyo"));
        assert!(after.is_ready("Asia/Tokyo"));
        rollups_equal_a_recount(app).await;
        let days = type_day::Entity::find().all(&app.outside).await.unwrap();
        let runs = days.iter().filter(|row| row.action_type == "cron_job_executed");
        let days: Vec<String> = runs.map(|row| row.day.to_string()).collect();
        assert_eq!(days, ["2026-12-02"], "noon in Tokyo, the evening before in Chicago");
        let old = type_day::Entity::find().filter(type_day::Column::Generation.lt(2)).count(&app.outside).await.unwrap();
        assert_eq!(old, 0, "rows that are not read any more are deleted");
        assert!(!rebuild_step(app.app.db()).await.unwrap());
    }

    async fn rows_that_a_newer_version_counts_are_left_to_it(app) {
        runs(app, 1).await;
        app.seal().await;
        let before = ledger::state(&app.outside).await.unwrap();
        app.outside.execute_unprepared("UPDATE ledger_state SET rules = rules + 1000").await.unwrap();

        assert!(!rebuild_step(app.app.db()).await.unwrap());
        assert!(!start_rebuild(app.app.db()).await.unwrap());
        let state = ledger::state(&app.outside).await.unwrap();
        assert_eq!((state.generation, state.building, state.rules), (before.generation, None, before.rules + 1_000));
        assert_eq!((Generation::active(&state).unwrap(), state.is_ready(&state.settings_zone)), (None, false));

        app.outside.execute_unprepared("UPDATE ledger_state SET rules = rules - 1000").await.unwrap();
        assert!(Generation::active(&before).unwrap().is_some());
    }

    async fn a_rebuild_begins_anew_if_the_time_zone_changes_once_more(app) {
        runs(app, 600).await;
        app.seal().await;
        for zone in ["Asia/Tokyo", "Europe/Berlin"] {
            app.as_admin().await.patch("settings", json!({"time_zone": zone})).await.expect(200);
            // It is begun, and counts its first entries.
            assert!(rebuild_step(app.app.db()).await.unwrap());
            assert!(rebuild_step(app.app.db()).await.unwrap());
        }
        app.seal().await;
        rebuilt(app).await;

        let state = ledger::state(&app.outside).await.unwrap();
        assert_eq!((state.generation, state.building, state.zone.as_str()), (3, None, "Europe/Berlin"));
        rollups_equal_a_recount(app).await;
        let old = type_day::Entity::find().filter(type_day::Column::Generation.lt(3)).count(&app.outside).await.unwrap();
        assert_eq!(old, 0);
    }
}
