//! What the database refuses to do with pending entries and leaves, to anyone who has the password but none of our code.
#![expect(clippy::disallowed_methods, reason = "these tests do what the program may not")]

use super::{ids, write_entries};
use crate::app::{Kind, TestApp};
use entity::ledger;
use entity::ledger::rollup::{Generation, compare, first_day};
use sea_orm::{ConnectionTrait, TransactionTrait};

on_each_database! {
    async fn pending_entries_stay_until_they_are_sealed(app) {
        app.a_case().accepted().create().await;
        let mut ways = vec!["DELETE FROM audit_pending", "UPDATE audit_pending SET entry_id = entry_id"];
        match app.kind {
            Kind::Sqlite => ways.push("INSERT INTO audit_pending (entry_id) VALUES (randomblob(16))"),
            Kind::Postgres => {
                ways.push("TRUNCATE audit_pending");
                ways.push("INSERT INTO audit_pending (entry_id, object_id) VALUES (gen_random_uuid(), 'x')");
            }
        }
        for way in ways {
            for (whose, db) in app.outsiders().await {
                let refused = db.execute_unprepared(way).await.expect_err(way).to_string();
                let is_known = ["append-only", "until it is sealed", "permission denied"].iter();
                assert!(is_known.clone().any(|said| refused.contains(said)), "{way}, as {whose}: {refused}");
            }
        }
    }

    async fn leaves_are_never_altered_and_have_no_gaps(app) {
        app.a_case().accepted().create().await;
        app.seal().await;
        app.a_case().accepted().create().await;
        let some = "entry_id, leaf_hash FROM ledger_leaves";
        let other = if app.kind == Kind::Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
        let replaced = match app.kind {
            Kind::Sqlite => format!("REPLACE INTO ledger_leaves SELECT 1, {some} WHERE sequence = 1"),
            Kind::Postgres => "TRUNCATE ledger_leaves".to_owned(),
        };
        for way in [
            replaced,
            "UPDATE ledger_leaves SET leaf_hash = leaf_hash WHERE sequence = 1".to_owned(),
            "UPDATE ledger_leaves SET sequence = sequence + 1".to_owned(),
            "DELETE FROM ledger_leaves".to_owned(),
            format!("INSERT INTO ledger_leaves SELECT 100000, {other}, leaf_hash FROM ledger_leaves LIMIT 1"),
            format!("INSERT INTO ledger_leaves SELECT 0, {other}, leaf_hash FROM ledger_leaves LIMIT 1"),
            format!("INSERT INTO ledger_leaves SELECT (SELECT MAX(sequence) + 1 FROM ledger_leaves), {some} LIMIT 1"),
        ] {
            for (whose, db) in app.outsiders().await {
                let refused = db.execute_unprepared(&way).await.expect_err(&way).to_string();
                let is_known = ["append-only", "no gaps", "permission denied", "duplicate key"].iter();
                assert!(is_known.clone().any(|said| refused.contains(said)), "{way}, as {whose}: {refused}");
            }
        }
    }
}

/// A trigger of another table gets past the refusal of rows that are written by hand; the net then looks for the entry itself.
#[tokio::test]
async fn a_pending_row_without_its_entry_does_not_permit_a_change() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let id = app.a_case().accepted().create().await.case.id;
    for row in [
        format!("gen_random_uuid(), '{id}'"),
        // Of an entry about this case, which an earlier transaction wrote.
        format!("(SELECT id FROM audit_entries WHERE object_id = '{id}' LIMIT 1), '{id}'"),
    ] {
        app.seal().await;
        let tx = app.outside.begin().await.unwrap();
        for sql in [
            "CREATE TEMP TABLE way (x int)".to_owned(),
            format!(
                "CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 INSERT INTO audit_pending (entry_id, object_id) VALUES ({row}); RETURN NULL; END $$"
            ),
            "CREATE TRIGGER forge AFTER INSERT ON way FOR EACH ROW EXECUTE FUNCTION pg_temp.forge()".to_owned(),
            "INSERT INTO way VALUES (1)".to_owned(),
            "UPDATE cases SET version = 9".to_owned(),
        ] {
            tx.execute_unprepared(&sql).await.expect(&sql);
        }
        let refused = tx.commit().await.expect_err(&row).to_string();
        assert!(refused.contains("unaudited UPDATE"), "{row}: {refused}");
    }
    app.finish().await;
}

/// What is written into these tables by hand gets past the database; this finds it. Without `finish`, which finds it, too.
#[tokio::test]
async fn a_forged_leaf_stops_the_sealer_and_is_missing_in_the_rollups() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = TestApp::start(kind).await else { continue };
        app.a_case().accepted().create().await;
        app.seal().await;
        write_entries(&app, 1).await;
        let forged = "INSERT INTO ledger_leaves SELECT (SELECT MAX(sequence) + 1 FROM ledger_leaves), entry_id, \
                      (SELECT leaf_hash FROM ledger_leaves WHERE sequence = 1) FROM audit_pending";
        app.outside.execute_unprepared(forged).await.unwrap();
        assert!(app.try_seal().await.is_err(), "{kind:?}");
        assert_eq!(ledger::progress(&app.outside).await.unwrap().pending, 1, "{kind:?}");

        // The entry has a leaf, so its row may go.
        app.outside.execute_unprepared("DELETE FROM audit_pending").await.unwrap();
        assert_eq!(app.seal().await, 0, "{kind:?}");
        let generation = Generation::active(&ledger::state(&app.outside).await.unwrap()).unwrap().unwrap();
        let day = first_day(&app.outside, generation).await.unwrap().unwrap();
        let differences = compare(&app.outside, generation, day).await.unwrap().differences;
        assert!(differences.iter().any(|found| found.key.contains(&"cron_job_executed".to_owned())), "{kind:?}: {differences:?}");
    }
}

#[tokio::test]
async fn a_state_that_was_set_back_by_hand_stops_the_sealer() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = TestApp::start(kind).await else { continue };
        app.a_case().accepted().create().await;
        app.seal().await;
        app.outside.execute_unprepared("UPDATE ledger_state SET history_done = false").await.unwrap();
        assert!(app.try_seal().await.is_err(), "{kind:?}: no entry is sealed twice");
        let progress = ledger::progress(&app.outside).await.unwrap();
        assert_eq!((progress.last_sequence, progress.history_done), (ids(&app).await.len() as i64, false), "{kind:?}");
    }
}
