//! Writers at once: on SQLite, those that wait for each other share one COMMIT, and on both databases each is answered and
//! recorded as if it had been alone.

use crate::app::actions;
use entity::audit::Event;
use futures_util::future::{join, join_all};
use serde_json::{Map, json};
use std::time::Duration;

on_each_database! {
    async fn writers_that_waited_for_another_are_answered_and_recorded_one_after_the_other(app) {
        let case = app.a_case().accepted().create().await;
        let (by, mark) = (app.as_manager().await, app.mark().await);
        let first = app.write().await;
        first.record(Event::reported_activity("imported", "Imported from elsewhere", None, Map::new())).await.unwrap();

        let holds = join_all((0..8).map(async |_| by.clone().post(&case.url("hold"), json!({"reason": "a"})).await));
        let end = async {
            // Until they are waiting; if they are not yet, the test shows less, and holds as well.
            tokio::time::sleep(Duration::from_millis(100)).await;
            first.commit().await.unwrap();
        };
        let (answers, ()) = join(holds, end).await;

        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
        assert_eq!(actions(&app.since(&mark).await), ["other", "case_held"]);
        by.post(&case.url("resume"), json!({"reason": "a"})).await.expect(200);
    }

    async fn a_writer_that_gives_up_leaves_nothing_and_the_others_are_kept(app) {
        let (member, mark) = (app.as_member().await, app.mark().await);
        let first = app.write().await;
        first.record(Event::reported_activity("imported", "Imported from elsewhere", None, Map::new())).await.unwrap();
        let created = async || member.clone().post("cases", crate::audit::full_disk::a_case()).await.status();
        let given_up = async {
            let tx = app.write().await;
            tx.record(Event::reported_activity("dropped", "Never committed", None, Map::new())).await.unwrap();
        };
        let end = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            first.commit().await.unwrap();
        };
        let ((one, ()), (other, ())) = join(join(created(), given_up), join(created(), end)).await;
        assert_eq!((one, other), (201, 201));
        assert_eq!(actions(&app.since(&mark).await), ["other", "case_created", "case_created"]);
    }
}
