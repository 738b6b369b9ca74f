//! What sealing does to entries, in what order, and how often.

use super::{a_run, ids, sealed, write_entries};
use crate::app::TestApp;
use entity::ledger;

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
    app.seal().await;
    let late = app.write().await;
    late.record(a_run()).await.unwrap();
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
