//! What sealing does to entries, in what order, and how often.

use crate::app::TestApp;
use entity::audit::Event;
use entity::job::JobRun;
use entity::ledger;
use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

/// The sealed entries in the order of their sequences.
async fn sealed(app: &TestApp) -> Vec<Uuid> {
    let sql = "SELECT entry_id FROM ledger_leaves ORDER BY sequence";
    let rows = app.outside.query_all_raw(Statement::from_string(app.outside.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "entry_id").unwrap()).collect()
}

async fn ids(app: &TestApp) -> Vec<Uuid> {
    app.all_entries().await.iter().map(|entry| entry["id"].as_str().unwrap().parse().unwrap()).collect()
}

async fn write_entries(app: &TestApp, count: usize) {
    let tx = app.write().await;
    for _ in 0..count {
        tx.record(Event::cron_job_executed("check_expired_holds", &JobRun::scheduled(0, 0, None, 1))).await.unwrap();
    }
    tx.commit().await.unwrap();
}

on_each_database! {
    async fn entries_are_sealed_in_the_order_of_their_ids_and_only_once(app) {
        app.a_case().pending_review().create().await;
        let written = ids(app).await;
        let before = ledger::progress(&app.outside).await.unwrap();
        assert_eq!((before.pending, before.last_sequence), (i64::try_from(written.len()).unwrap(), 0));
        assert_eq!(before.oldest, written.first().copied());

        assert_eq!(app.seal().await, u64::try_from(written.len()).unwrap());

        assert_eq!(sealed(app).await, written);
        let after = ledger::progress(&app.outside).await.unwrap();
        assert_eq!((after.pending, after.oldest, after.last_sequence), (0, None, before.pending));
        assert_eq!(ledger::sequence_of(&app.outside, written[1]).await.unwrap(), Some(2));
        assert_eq!(app.seal().await, 0, "nothing is sealed twice");
        assert_eq!(sealed(app).await, written);
        assert_eq!(ids(app).await, written, "sealing leaves no entries");
    }

    async fn an_entry_shows_its_sequence_once_it_is_sealed_and_can_be_waited_for(app) {
        let by = app.as_manager().await;
        let written = ids(app).await;
        let path = format!("audit-log/{}", written[0]);
        assert_eq!(by.get(&path).await.expect(200)["sequence"], serde_json::Value::Null);
        assert_eq!(by.get(&format!("{path}?wait=sealed")).await.expect(200)["sequence"], 1);
        assert_eq!(by.get(&path).await.expect(200)["sequence"], 1);
        by.get(&format!("{path}?wait=forever")).await.expect_problem(400, "invalid_parameter");
    }

    async fn more_entries_than_a_batch_holds_are_sealed_in_several(app) {
        write_entries(app, 1_200).await;
        assert_eq!(app.seal().await, u64::try_from(ids(app).await.len()).unwrap());
        assert_eq!(sealed(app).await, ids(app).await);
    }

    async fn two_sealers_at_once_seal_each_entry_once(app) {
        write_entries(app, 700).await;
        let (one, other) = futures_util::join!(app.seal(), api::worker::sealing::seal_all(&app.app));
        assert_eq!(one + other.unwrap(), u64::try_from(ids(app).await.len()).unwrap());
        assert_eq!(sealed(app).await, ids(app).await);
    }
}

#[tokio::test]
async fn an_entry_that_is_committed_late_gets_a_later_sequence() {
    let Some(app) = TestApp::start(crate::app::Kind::Postgres).await else { return };
    let run = || Event::cron_job_executed("check_expired_holds", &JobRun::scheduled(0, 0, None, 1));
    app.seal().await;
    let late = app.write().await;
    late.record(run()).await.unwrap();
    write_entries(&app, 1).await;
    app.seal().await;
    late.commit().await.unwrap();
    app.seal().await;
    let (sealed, mut ids) = (sealed(&app).await, ids(&app).await);
    let last = ids.len() - 1;
    ids.swap(last - 1, last);
    assert_eq!(sealed, ids);
    app.finish().await;
}
