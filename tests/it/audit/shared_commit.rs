//! Writers at once: on SQLite, those that wait for each other share one COMMIT, and on both databases each is answered and
//! recorded as if it had been alone.

#![expect(clippy::disallowed_methods, reason = "a schema in which a COMMIT fails")]

use crate::app::{Kind, TestApp, actions};
use entity::audit::Event;
use futures_util::future::{join, join_all};
use sea_orm::ConnectionTrait;
use serde_json::{Map, json};
use std::time::Duration;

/// A COMMIT that fails by itself: the database checks this reference at its end.
const FAILING: [&str; 2] = [
    "CREATE TABLE late (n INTEGER REFERENCES audit_never (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER late AFTER INSERT ON audit_entries WHEN NEW.action_type = 'case_held' \
     BEGIN INSERT INTO late (n) VALUES (1); END",
];

/// The first hold is never committed, so none of the others may be told that the case is on hold.
#[tokio::test]
async fn a_refusal_is_not_answered_if_the_commit_that_it_is_based_on_fails() {
    let Some(app) = TestApp::start(Kind::Sqlite).await else { return };
    let case = app.a_case().accepted().create().await;
    for sql in FAILING {
        app.outside.execute_unprepared(sql).await.unwrap();
    }
    let (by, first) = (app.as_manager().await, app.write().await);
    let mark = app.mark().await;
    let holds = join_all((0..8).map(async |_| by.clone().post(&case.url("hold"), json!({"reason": "a"})).await.status()));
    let end = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(first);
    };

    let (statuses, ()) = join(holds, end).await;

    assert!(statuses.iter().all(|status| *status >= 500), "{statuses:?}");
    assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new());
    for sql in ["DROP TRIGGER late", "DROP TABLE late"] {
        app.outside.execute_unprepared(sql).await.unwrap();
    }
    by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    app.finish().await;
}

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
